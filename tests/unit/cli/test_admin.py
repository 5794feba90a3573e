# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

from answerable.app.people import read
from tests.unit.cli.conftest import Run
from tests.unit.control.house import House


def test_a_person_is_enrolled_signs_and_is_withdrawn(house: House, run: Run, tmp_path: Path) -> None:
    said = run("admin", "enrol", "eva", "--role", "viewer", "--out", str(tmp_path), "--json")
    assert said.status == 0
    card = Path(said.data["card"])
    assert read(card).kid == said.data["rid"]
    assert "eva" in run("admin", "self", "--as", str(card)).out
    assert run("ls", "--as", str(card)).status == 0
    assert run("party", "register", "--id", "VATDE-9", "--name", "x", "--as", str(card)).status == 1
    assert "eva" in run("admin", "ls").out
    assert run("admin", "withdraw", said.data["rid"]).status == 0
    gone = run("ls", "--as", str(card))
    assert (gone.status, "admin.unknown_key" in gone.err) == (1, True)


def test_roles_that_check_each_other_do_not_go_together(house: House, run: Run, tmp_path: Path) -> None:
    said = run("admin", "enrol", "max", "--role", "approver", "--role", "operator", "--out", str(tmp_path))
    assert (said.status, "party.roles" in said.err) == (1, True)
    assert not list(tmp_path.glob("*.key")), "no key is left that nobody enrolled"
    assert run("admin", "enrol", "../x", "--role", "viewer").status == 2


def test_who_may_not_enrol_leaves_nobody_behind(house: House, run: Run, tmp_path: Path) -> None:
    operator = run("admin", "enrol", "olga", "--role", "operator", "--out", str(tmp_path), "--json").data["card"]
    before = run("party", "ls", "--json").data
    said = run("admin", "enrol", "friend", "--role", "officer", "--out", str(tmp_path), "--as", operator)
    assert (said.status, "admin.role" in said.err) == (1, True)
    assert run("party", "ls", "--json").data == before
