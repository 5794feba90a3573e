# SPDX-License-Identifier: Apache-2.0
"""The benchmark of large files finds every sample again, in little memory; here on files that are small."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import label_large


@pytest.mark.parametrize("case", label_large.CASES)
def test_a_case(case: str, tmp_path: Path) -> None:
    told = label_large.measure(case, 16 << 20, tmp_path)
    assert told["samples"] == (16 if case == "mkv" else 128)
    assert 0 < int(str(told["more"])) < 400
    held = int(str(told["peak_kb"])) - int(str(told["bare_kb"]))
    assert held < 8 << 10, "less than the file by half, whatever its size"
    assert not list(tmp_path.iterdir())
    assert case in label_large._shown(told)


def test_the_table_has_each_case_and_one_with_a_manifest(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"bytes": 9, "write_s": 1.0, "read_ms": 2.0, "peak_kb": 19_444, "bare_kb": 17_040, "more": 221, "samples": 7}
    monkeypatch.setattr(label_large, "measure", lambda case, size, folder, c2pa: told)
    rows = label_large.table(64).splitlines()[-len(label_large.CASES) - 1 :]
    assert rows[0] == "| mp4 | 9 | 1.0 | 2.00 | 19 (17) | 221 | 7 |"
    assert rows[-1].startswith("| mp4, with a C2PA manifest | 9 |")


def test_a_sample_that_is_elsewhere_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_large, "_sample", lambda number: b"sample" + bytes(8))
    told = label_large.measure("mp4", 1 << 20, tmp_path)
    assert told["samples"] == 8
    real = label_large.CASES["mp4"]
    monkeypatch.setitem(label_large.CASES, "mp4", (real[0], lambda data: (at + 1 for at in real[1](data))))
    with pytest.raises(AssertionError, match="sample 0 is not at"):
        label_large.measure("mp4", 1 << 20, tmp_path)
