# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.test_saved import reply
from tests.unit.control.house import House


@pytest.fixture
def receipt(house: House, run: Run, tmp_path: Path) -> tuple[Path, Path]:
    """(receipt, reply)."""
    record = house.act("Kept.")
    saved, file = tmp_path / "reply.json", tmp_path / "r.tlog"
    saved.write_bytes(reply(record, "Kept."))
    said = run("who", str(saved), "--receipt", str(file))
    assert said.status == 0, said.err
    return file, saved


def test_a_receipt_verifies_with_the_trust_file_alone(
    receipt: tuple[Path, Path], house: House, run: Run, tmp_path: Path
) -> None:
    trust = tmp_path / "trust.txt"
    trust.write_bytes((house.store / "trust.txt").read_bytes())
    done = subprocess.run(
        [sys.executable, "-m", "answerable.cli", "verify", str(receipt[0]), "--trust", str(trust), "--json"],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "ANSWERABLE_LANG": "en"},
    )
    assert json.loads(done.stdout)["verified"] is True
    assert run("verify", str(receipt[0])).status == 0


def test_without_a_trust_file_and_without_a_store_nothing_is_verified(
    receipt: tuple[Path, Path], house: House, run: Run, tmp_path: Path
) -> None:
    for words in ([], ["--content", str(receipt[1])], ["--since", str(receipt[1])]):
        said = run("verify", str(receipt[0]), *words, "--store", str(tmp_path / "nowhere"))
        assert (said.status, said.out) == (4, "")
        assert said.err.startswith("receipt.trust: ")
        assert "--trust" in said.err
    # A store's own trust file that is there and says nothing is no reason to believe anybody.
    (house.store / "trust.txt").rename(tmp_path / "kept")
    (house.store / "trust.txt").write_text("")
    try:
        said = run("verify", str(receipt[0]))
    finally:
        (tmp_path / "kept").rename(house.store / "trust.txt")
    assert (said.status, said.out) == (4, "")
    assert said.err.startswith("log.trust: ")


def test_content_is_compared(receipt: tuple[Path, Path], house: House, run: Run) -> None:
    assert run("verify", str(receipt[0]), "--content", str(receipt[1]), "--json").data["content"] == "same"
    receipt[1].write_bytes(receipt[1].read_bytes().replace(b"Kept", b"Lost"))
    assert run("verify", str(receipt[0]), "--content", str(receipt[1])).status == 1


def test_flipped_bytes_are_a_no(receipt: tuple[Path, Path], house: House, run: Run) -> None:
    data = receipt[0].read_bytes()
    for at in range(0, len(data), len(data) // 40):
        receipt[0].write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert run("verify", str(receipt[0])).status == 1, at
    receipt[0].write_bytes(data[:-1])
    assert run("verify", str(receipt[0])).status == 1


def test_what_cannot_be_read_could_not_be_checked(house: House, run: Run, tmp_path: Path) -> None:
    assert run("verify", str(tmp_path / "none")).status == 4
    (tmp_path / "r").write_bytes(b"x")
    assert run("verify", str(tmp_path / "r")).status == 1
    assert run("verify", str(tmp_path / "r"), "--trust", str(tmp_path / "none")).status == 4
    assert run("verify", "-", "--content", "-").status == 4
