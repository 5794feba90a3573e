# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.control.house import OPERATOR, House


@pytest.fixture
def owned(house: House, run: Run) -> House:
    """The operator has a key in the store."""
    if not (house.store / "party-keys").exists():
        assert run("party", "key", OPERATOR).status == 0
    return house


def granted(run: Run, record: str, *more: str) -> str:
    done = run("data", "grant", record, "--to", "officer-1", "--purpose", "complaint", "--json", *more)
    assert done.status == 0, done.err
    return str(done.data["rid"])


def test_the_party_grants_the_person_reads_the_party_sees_it(owned: House, run: Run) -> None:
    record = owned.act("What was said to them.")
    rid = granted(run, record, "--as", "admin")
    said = run("data", "read", rid, "--as", "officer-1")
    assert said.status == 0
    assert "in: asked" in said.out
    assert "What was said to them." in said.out
    assert "Recorded: officer-1 read this for complaint" in said.err
    other = run("data", "read", rid, "--as", "officer-2")
    assert (other.status, "privacy.grant" in other.err) == (1, True)
    mine = run("data", "mine", "--party", OPERATOR, "--as", "admin")
    assert mine.status == 0
    assert f"grant {rid}: officer-1, complaint, until" in mine.out
    assert "officer-1, in, out, complaint" in mine.out
    assert "What was said" not in mine.out
    reads = [line for line in run("log", "tail", "--as", "admin").out.splitlines() if " read " in line]
    assert reads


def test_a_grant_ends(owned: House, run: Run) -> None:
    rid = granted(run, owned.act("First."), "--as", "admin")
    assert run("data", "revoke", rid, "--as", "officer-2").status == 0
    said = run("data", "read", rid, "--as", "officer-1")
    assert (said.status, "revoked" in said.err) == (1, True)
    assert run("data", "revoke", "a" * 32).status == 3


def test_a_law_takes_two_officers_who_do_not_read(owned: House, run: Run, tmp_path: Path) -> None:
    record = owned.act("Asked for under Art. 15.")
    words = ("data", "grant", record, "--purpose", "access_request", "--basis", "Art. 15")
    assert run(*words, "--to", "admin", "--as", "officer-1").status == 1
    assert run(*words, "--to", "officer-1", "--as", "officer-1", "--as", "officer-2").status == 1
    draft = str(tmp_path / "g.json")
    assert run(*words, "--to", "admin", "--as", "officer-1", "--draft", draft).status == 0
    done = run("data", "grant", "--from", draft, "--as", "officer-2", "--json")
    assert done.status == 0
    assert done.data["lawful"]
    assert "Asked for under" in run("data", "read", done.data["rid"], "--group", "out", "--as", "admin").out


def test_a_principal_finds_itself_by_its_own_name(owned: House, run: Run, tmp_path: Path) -> None:
    record = owned.act("Said to a person.", principal="token-of-a-person")
    (tmp_path / "token.txt").write_text("token-of-a-person\n")
    for words in (("--principal", "token-of-a-person"), ("--principal-file", str(tmp_path / "token.txt"))):
        said = run("data", "mine", *words, "--as", "admin")
        assert said.status == 0
        assert record in said.out
        assert "held: in, pri, out" in said.out
        assert "Said to" not in said.out
    assert run("data", "mine", "--principal", "token-of-another").status == 3


def test_what_is_missing_is_usage(owned: House, run: Run) -> None:
    assert run("data", "mine").status == 2
    assert run("data", "mine", "--party", OPERATOR, "--principal", "x").status == 2
    assert run("data", "grant", "--to", "admin", "--purpose", "audit").status == 2
    assert run("data", "grant", owned.act("x"), "--to", "nobody", "--purpose", "audit").status == 3
    assert run("data", "grant", owned.act("x"), "--to", OPERATOR, "--purpose", "audit", "--as", "admin").status == 1
