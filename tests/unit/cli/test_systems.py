# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import json
from pathlib import Path

from answerable.cli.command import tree
from answerable.cli.systems import request
from tests.unit.cli.conftest import Run
from tests.unit.control.house import MAKER, OPERATOR, House


def test_a_system_is_announced_and_registered_from_its_weights(house: House, run: Run, tmp_path: Path) -> None:
    weights = tmp_path / "w"
    weights.write_bytes(b"weights")
    told = run(
        "announce", "--name", "tuned", "--kind", "model", "--party", MAKER, "--parent", "base:finetune", "--json"
    )
    assert told.status == 0
    said = run(
        "register", "--name", "tuned", "--version", "1", "--kind", "model", "--party", f"{MAKER}:provider",
        "--parent", "base:finetune", "--weights", str(weights), "--licence", "MIT", "--capability", "text",
        "--parameters", "1000", "--tokens", "1000", "--announced", told.data["rid"], "--json",
    )  # fmt: skip
    assert said.status == 0, said.err
    assert said.data["digests"] == ["sha256:" + hashlib.sha256(b"weights").hexdigest()]
    assert said.data["lineage"]["parents"][0]["system"]["name"] == "base"


def test_without_a_party_the_registry_refuses(house: House, run: Run) -> None:
    said = run("register", "--name", "x", "--version", "1", "--kind", "model")
    assert (said.status, "system.no_party" in said.err) == (1, True)
    assert run("register", "--name", "x", "--version", "1", "--kind", "model", "--party", "PARTY").status == 2
    wrong = run("register", "--name", "x", "--version", "1", "--kind", "model", "--party", "LEIXG-1:provider")
    assert wrong.status == 3


def test_flags_stand_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    file.write_text(json.dumps({"name": "a", "version": "1", "users": 5}))
    args = tree(("register",)).parse_args(
        ["register", "--file", str(file), "--version", "2", "--party", f"{OPERATOR}:deployer", "--uses", "m",
         "--opaque", "provider=P", "--world", "information"]
    )  # fmt: skip
    body = request(args)
    assert (body["name"], body["version"], body["users"]) == ("a", "2", 5)
    assert body["parties"] == [{"party": OPERATOR, "role": "deployer"}]
    assert body["edges"] == [{"parent": "m", "relation": "uses"}]
    assert body["opaque"] == {"provider": "P"}
    assert "compute" not in body


def test_files_that_are_not_there_could_not_be_read(house: House, run: Run, tmp_path: Path) -> None:
    assert run("register", "--weights", str(tmp_path / "none")).status == 4
    (tmp_path / "bad").write_text("[1]")
    assert run("register", "--file", str(tmp_path / "bad")).status == 2
