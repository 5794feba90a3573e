# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.labels.chain import Chain
from tests.unit.cli.conftest import Run
from tests.unit.control.house import House


@pytest.mark.parametrize("algorithm", ["ed25519", "es256"])
def test_a_chain_is_made_and_never_replaced(run: Run, tmp_path: Path, algorithm: str) -> None:
    folder = tmp_path / "c2pa"
    words = ("keys", "c2pa-chain", "--party", "示例 Ltd", "--out", str(folder), "--algorithm", algorithm, "--days", "9")
    said = run("--json", *words)
    assert said.status == 0
    assert (said.data["party"], said.data["algorithm"]) == ("示例 Ltd", algorithm)
    chain = Chain.load(folder)
    assert (chain.organisation, chain.algorithm, chain.until_ms) == ("示例 Ltd", algorithm, said.data["until"])
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    again = run(*words)
    assert again.status == 4
    assert "label.chain" in again.err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_name_that_cannot_stand_in_a_certificate(run: Run, tmp_path: Path) -> None:
    said = run("keys", "c2pa-chain", "--party", "a" * 65, "--out", str(tmp_path / "x"))
    assert (said.status, (tmp_path / "x").exists()) == (4, False)


def test_the_operators_name_is_taken_from_the_service(house: House, run: Run, tmp_path: Path) -> None:
    registered = run("--json", "party", "ls").data[0]
    settings = tmp_path / "a.toml"
    settings.write_text(f'[labels]\noperator = "{registered["id"]}"\n')
    said = run("--config", str(settings), "--json", "keys", "c2pa-chain", "--out", str(tmp_path / "chain"))
    assert (said.status, said.data["party"]) == (0, registered["name"]), said.err
    nobody = run("keys", "c2pa-chain", "--out", str(tmp_path / "other"))
    assert (nobody.status, (tmp_path / "other").exists()) == (4, False)
    assert "--party" in nobody.err
