# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

from tests.unit.cli.conftest import Run
from tests.unit.control.house import DIGEST, MAKER, OPERATOR, House


def test_other_officers_let_a_new_id_stand_beside_what_was_stopped(house: House, run: Run, tmp_path: Path) -> None:
    done = run("stop", "base", "--reason", "leak", "--as", "officer-1", "--as", "officer-2", "--json")
    assert done.data["order"]["kind"] == "terminate"
    order = done.data["order"]["rid"]
    same = run("reauthorise", order, "--digest", DIGEST, "--as", "officer-1", "--as", "officer-2")
    assert same.status == 1
    assert "stop.same_officer" in same.err
    for name in ("clara", "david"):
        assert run("admin", "enrol", name, "--role", "officer").status == 0
    draft = str(tmp_path / "re.json")
    assert run("reauthorise", order, "--digest", DIGEST, "--as", "clara", "--draft", draft).status == 0
    allowed = run("reauthorise", "--from", draft, "--as", "david", "--json")
    assert allowed.status == 0
    words = (
        "register", "--name", "small-2", "--version", "1", "--kind", "model", "--party", f"{MAKER}:provider",
        "--party", f"{OPERATOR}:deployer", "--digest", DIGEST, "--licence", "MIT",
    )  # fmt: skip
    dead = run(*words)
    assert (dead.status, "system.born_dead" in dead.err) == (1, True)
    born = run(*words, "--reauthorises", allowed.data["id"], "--json")
    assert (born.status, born.data["stopped"]) == (0, "")
    assert house.get("/systems/small")["stopped"] == order
    assert run("reauthorise", "--as", "clara").status == 2
