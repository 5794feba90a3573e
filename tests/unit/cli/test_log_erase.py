# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.errors import Unavailable
from tests.unit.cli.conftest import Run
from tests.unit.cli.test_saved import reply
from tests.unit.control.house import OPERATOR, House

BASIS = ("--basis", "she asked on 3 May", "--law", "gdpr-17")


def test_two_officers_erase_and_the_record_still_answers(house: House, run: Run) -> None:
    record = house.act("Erased over the command line.")
    done = run("log", "erase", record, *BASIS, "--as", "officer-1", "--as", "officer-2", "--json")
    assert done.status == 0
    assert (done.data["payloads"], done.data["erasure"]["basis"]) == (2, "gdpr-17")
    said = run("who", record)
    assert said.status == 0
    assert done.data["erasure"]["rid"] in said.out
    assert "she asked" not in said.out
    again = run("log", "erase", record, *BASIS, "--as", "officer-1", "--as", "officer-2")
    assert again.status == 5
    assert done.data["erasure"]["rid"] in again.err
    table = run("log", "erasures")
    assert record in table.out
    assert "yes" in table.out


def test_a_persons_name_is_erased_by_the_persons_id(house: House, run: Run) -> None:
    person = run("party", "register", "--id", "PERSON", "--name", "Rosalind Quillfeather", "--json").data["id"]
    assert "Rosalind Quillfeather" in run("party", "show", person).out
    done = run("log", "erase", person, *BASIS, "--as", "officer-1", "--as", "officer-2")
    assert (done.status, done.out.startswith("ERASED: 1 payloads of ")) == (0, True)
    shown = run("party", "show", person)
    assert shown.status == 0
    assert f"{person} ({person})" in shown.out
    nobody = run("log", "erase", "PERSON-nobody", *BASIS, "--as", "officer-1", "--as", "officer-2")
    assert (nobody.status, "party.unknown" in nobody.err) == (3, True)
    firm = house.core.book.party(OPERATOR)
    assert firm is not None
    refused = run("log", "erase", firm.rid, *BASIS, "--as", "officer-1", "--as", "officer-2")
    assert refused.status != 0
    assert house.core.book.party(OPERATOR) == firm


def test_one_officer_is_told_that_it_takes_two(house: House, run: Run, tmp_path: Path) -> None:
    record = house.act("Erased by a draft.")
    alone = run("log", "erase", record, *BASIS, "--as", "officer-1")
    assert alone.status == 1
    assert "privacy.officers" in alone.err
    draft = str(tmp_path / "e.json")
    assert run("log", "erase", record, *BASIS, "--as", "officer-1", "--draft", draft).status == 0
    said = run("log", "erase", "--from", draft, "--as", "officer-2")
    assert said.status == 0
    assert "ERASED: 2 payloads" in said.out


def test_why_is_not_optional_and_administrators_do_not_erase(house: House, run: Run) -> None:
    record = house.act("Stays.")
    assert run("log", "erase", record, "--as", "officer-1", "--as", "officer-2").status == 2
    assert run("log", "erase", *BASIS, "--as", "officer-1", "--as", "officer-2").status == 2
    assert run("log", "erase", record, *BASIS, "--as", "admin").status == 1
    assert run("log", "erase", "a" * 32, *BASIS, "--as", "officer-1", "--as", "officer-2").status == 3


def test_what_failed_is_ended(house: House, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    record = house.act("Erased at last.")

    async def full(leaves: object) -> int:
        raise Unavailable("store.full")

    with monkeypatch.context() as patch:
        patch.setattr(house.core.ledger, "erase", full)
        assert run("log", "erase", record, *BASIS, "--as", "officer-1", "--as", "officer-2").status == 4
    assert "not yet" in run("log", "erasures").out
    done = run("log", "erasures", "--finish", "--as", "officer-1")
    assert (done.status, "ERASED: 2 payloads" in done.out) == (0, True)
    assert "not yet" not in run("log", "erasures").out


def test_of_the_saved_reply_who_says_that_it_cannot_be_checked_any_more(house: House, run: Run, tmp_path: Path) -> None:
    record = house.act("Saved, then erased.")
    file = tmp_path / "reply.json"
    file.write_bytes(reply(record, "Saved, then erased."))
    assert run("who", str(file)).status == 0
    done = run("log", "erase", record, *BASIS, "--as", "officer-1", "--as", "officer-2", "--json")
    said = run("who", str(file), "--receipt", str(tmp_path / "r.tlog"))
    assert said.status == 4
    assert OPERATOR in said.out
    assert done.data["erasure"]["rid"] in said.out
    assert "it was erased" in said.err
    (tmp_path / "trust.txt").write_bytes(house.core.trust)
    checked = run("verify", str(tmp_path / "r.tlog"), "--trust", str(tmp_path / "trust.txt"))
    assert checked.status == 0
    assert done.data["erasure"]["rid"] in checked.out
