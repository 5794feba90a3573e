# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cbor2
import pytest

from answerable.crypto.ed25519 import Key
from answerable.log import proof, trust
from answerable.log.note import VerifierKey
from answerable.log.trust import Trust
from answerable.verify import cose, leaf
from tests.unit.cli.conftest import Run
from tests.unit.control.house import House


def test_a_record_is_proven_and_checked_here(house: House, run: Run) -> None:
    record = house.act("Logged.")
    proven = run("log", "prove", f"chatcmpl-{record}")
    assert proven.status == 0
    assert "the proof of" in proven.out
    assert run("log", "prove", record, "--json").data["verified"] is True
    assert run("log", "prove", "a" * 32).status == 3


def test_a_service_of_another_log_is_not_believed(house: House, run: Run) -> None:
    record = house.act("Whose?")
    file = house.store / "trust.txt"
    right = file.read_bytes()
    try:
        file.write_bytes(trust.format(Trust((VerifierKey.of("demo.invalid", Key.generate().public),))))
        for form in ("text", "tlog-proof", "cose"):
            assert run("log", "prove", record, "--format", form).status == 1
    finally:
        file.write_bytes(right)


def test_a_tlog_proof_for_other_tools(house: House, run: Run, tmp_path: Path) -> None:
    record, file = house.act("For others."), tmp_path / "p.tlog-proof"
    assert run("log", "prove", record, "--format", "tlog-proof", "--out", str(file)).status == 0
    read = proof.parse(file.read_bytes())
    assert read.extra == house.run(house.core.reader.find(record))
    assert leaf.verify(file.read_bytes(), trust.parse(house.core.trust)).rid == record
    said = run("verify", str(file))
    assert (said.status, record in said.out) == (0, True)
    bare, text = tmp_path / "bare", tmp_path / "leaf.json"
    bare.write_bytes(proof.write(proof.Proof(b"", read.index, read.path, read.checkpoint)))
    text.write_bytes(read.extra)
    assert run("verify", str(bare)).status == 4
    assert run("verify", str(bare), "--leaf", str(text), "--json").data["record"] == record
    text.write_bytes(read.extra + b" ")
    assert run("verify", str(bare), "--leaf", str(text)).status == 1
    assert run("verify", str(file), "--content", str(text)).status == 4


def test_a_cose_receipt_of_any_record(house: House, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "p.cbor"
    rid = house.system("helper").rid
    assert run("log", "prove", rid, "--format", "cose", "--out", str(file)).status == 0
    assert cbor2.loads(file.read_bytes()).tag == 18
    assert cose.verify_leaf(file.read_bytes(), trust.parse(house.core.trust)).rid == rid
    assert run("verify", str(file), "--json").data["kind"] == "system"


def test_files_go_to_standard_output_unless_told(house: House, run: Run) -> None:
    record = house.act("Piped.")
    done = subprocess.run(
        [sys.executable, "-m", "answerable.cli", "--store", str(house.store), "log", "prove", record,
         "--format", "cose"],
        capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    assert cose.verify_leaf(done.stdout, trust.parse(house.core.trust)).rid == record


def test_that_the_log_only_grew(house: House, run: Run, tmp_path: Path) -> None:
    kept, file = tmp_path / "kept.txt", tmp_path / "grown.cbor"
    kept.write_text(run("log", "checkpoint").out, encoding="utf-8")
    house.act("More.")
    said = run("log", "prove", "--since", str(kept))
    assert (said.status, "only grew" in said.out) == (0, True)
    assert run("log", "prove", "--since", str(kept), "--json").data["verified"] is True
    assert run("log", "prove", "--since", str(kept), "--format", "cose", "--out", str(file)).status == 0
    assert run("verify", str(file), "--since", str(kept)).status == 0
    assert run("verify", str(file)).status == 1  # it is no receipt of inclusion
    later = tmp_path / "later.txt"
    later.write_text(run("log", "checkpoint").out, encoding="utf-8")
    assert run("verify", str(file), "--since", str(later)).status == 1
    kept.write_text(kept.read_text(encoding="utf-8").replace("demo.invalid\n", "demo.invalid\n1"), encoding="utf-8")
    assert run("log", "prove", "--since", str(kept)).status == 1


@pytest.mark.parametrize("words", [[], ["a" * 32, "--since", "f"], ["--since", "f", "--format", "tlog-proof"]])
def test_usage(house: House, run: Run, words: list[str]) -> None:
    assert run("log", "prove", *words).status == 2


def test_a_file_is_not_left_out_unsaid(house: House, run: Run, tmp_path: Path) -> None:
    record, file = house.act("To a file."), tmp_path / "p.txt"
    refused = run("log", "prove", record, "--out", str(file))
    assert refused.status == 2
    assert "--format tlog-proof" in refused.err
    assert not file.exists()
