# SPDX-License-Identifier: Apache-2.0
"""Changed files and texts: the same by number, near what each target reads, and a finding is kept."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from fuzz import mutated, targets


def test_the_number_of_an_input_makes_it_again() -> None:
    seeds = mutated.near("format_png")
    made = [mutated.mutated(seeds, random.Random(f"1 format_png {number}")) for number in range(50)]
    assert made == [mutated.mutated(seeds, random.Random(f"1 format_png {number}")) for number in range(50)]
    assert len(set(made)) > 40
    assert not set(made) <= set(seeds)


def test_inputs_begin_with_what_the_target_reads() -> None:
    assert all(seed.startswith(b"\x89PNG") for seed in mutated.near("format_png"))
    assert {seed[:4] for seed in mutated.near("explicit_picture")} >= {b"\x89PNG", b"%PDF"}
    texts = mutated.near("mcp_message")
    assert any(b'"jsonrpc"' in text for text in texts)
    assert not any(text.startswith(b"\x89PNG") for text in texts)


def test_a_finding_is_kept_and_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[bytes] = []

    def broken(data: bytes) -> None:
        seen.append(data)
        if len(seen) == 3:
            raise KeyError("found")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(targets.TARGETS, "mcp_strict", broken)
    monkeypatch.setattr(sys, "argv", ["mutated", "mcp_strict", "--inputs", "9"])
    with pytest.raises(KeyError):
        mutated.main()
    assert (tmp_path / "finding-mcp_strict").read_bytes() == seen[2]
    assert "input 2 of seed 1" in capsys.readouterr().err
    assert mutated.main() == 0
    assert "mcp_strict: 9 inputs, no finding" in capsys.readouterr().out
