# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from dataclasses import replace as other
from typing import Any

import pytest

from answerable.control.routes import holds as routes
from answerable.crypto.b64 import unb64u
from answerable.errors import AnswerableError, Unavailable
from answerable.model.holds import Ballot, Need
from answerable.model.terms import AdminRole
from answerable.model.units import Space
from answerable.tools import exact
from answerable.tools.votes import Changed
from tests.unit.control.held import PAY, approvers, change, pose, spend, vote
from tests.unit.control.house import House
from tests.unit.control.privacy import erase

WRONG = {"amount": 99, "to": "DE99"}


@pytest.fixture(autouse=True)
def _people(house: House) -> None:
    approvers(house, "anna", "ben")


def refused(call: Any) -> str:
    with pytest.raises(AnswerableError) as error:
        call()
    return error.value.code


def listed(house: House, rid: str, **query: Any) -> dict[str, Any]:
    return next(each for each in house.get("/holds", **query) if each["rid"] == rid)


def test_what_waits_is_listed_without_what_is_asked(house: House) -> None:
    hold = pose(house)
    shown = listed(house, hold.rid)
    assert (shown["state"], shown["system"], shown["server"], shown["tool"]) == ("waiting", "helper 1", "bank", "pay")
    assert (shown["people"], shown["have"], shown["votes"], shown["planted"]) == (2, 0, [], False)
    assert "DE02" not in json.dumps(shown)


def test_only_who_may_decide_sees_exactly_what_would_run(house: House) -> None:
    hold = pose(house)
    for ref in (hold.rid, hold.open):
        found = house.get(f"/holds/{ref}", "anna")
        assert json.loads(found["call"])["arguments"] == PAY
        assert exact.digest(unb64u(found["salt"]), found["call"].encode()) == found["hold"]["digest"] == hold.dig
        assert found["asked"] == ""
    assert house.get(f"/holds/{hold.rid}", "admin")["call"]
    assert refused(lambda: house.get(f"/holds/{hold.rid}", "officer-1")) == "hold.signer"
    assert refused(lambda: house.get("/holds/none", "anna")) == "hold.unknown"


def test_people_decide_and_what_they_said_is_shown(house: House) -> None:
    hold = pose(house)
    assert vote(house, hold.rid, Ballot.APPROVE, "anna")["have"] == 1
    assert refused(lambda: vote(house, hold.rid, Ballot.APPROVE, "anna")) == "hold.twice"
    assert refused(lambda: vote(house, hold.rid, Ballot.APPROVE, "officer-1")) == "hold.signer"
    done = vote(house, hold.rid, Ballot.MODIFY, "ben", changed=change(house, hold.rid, WRONG))
    assert (done["modified"], done["have"], [each["counts"] for each in done["votes"]]) == (True, 1, [False, True])
    found = house.get(f"/holds/{hold.rid}", "anna")
    assert [json.loads(found[name])["arguments"] for name in ("call", "asked")] == [WRONG, PAY]
    done = vote(house, hold.rid, Ballot.APPROVE, "anna")
    assert (done["state"], done["have"]) == ("approved", 2)
    ran = spend(house, hold)
    shown = listed(house, hold.rid, all="1")
    assert (shown["state"], shown["spent"]) == ("spent", ran)
    assert hold.rid not in [each["rid"] for each in house.get("/holds")]


def test_a_refused_vote_is_on_record(house: House) -> None:
    hold = pose(house)
    for who, code in (("officer-1", "hold.signer"), ("anna", "")):
        if code:
            assert refused(lambda: vote(house, hold.rid, Ballot.APPROVE, who)) == code  # noqa: B023
        else:
            vote(house, hold.rid, Ballot.APPROVE, who)
    assert refused(lambda: vote(house, hold.rid, Ballot.APPROVE, "anna")) == "hold.twice"
    leaves = [each["leaf"] for each in house.get("/log/records", count=20) if each["kind"] == "refused"]
    assert [(leaf["of"], leaf["root"], leaf["err"]) for leaf in leaves[-2:]] == [
        ("approval", hold.rid, "hold.signer"),
        ("approval", hold.rid, "hold.twice"),
    ]
    assert [leaf["by"] for leaf in leaves[-2:]] == [house.person(name).kid for name in ("officer-1", "anna")]


def test_more_people_can_be_asked(house: House) -> None:
    hold = pose(house, people=1)
    need = Need(2, (AdminRole.APPROVER, AdminRole.OFFICER))
    done = vote(house, hold.rid, Ballot.ESCALATE, "anna", need=need)
    assert (done["people"], done["roles"]) == (2, ["approver", "officer"])
    assert vote(house, hold.rid, Ballot.APPROVE, "anna", "officer-1")["state"] == "approved"


def test_other_arguments_must_be_what_was_signed(house: House) -> None:
    hold = pose(house)
    changed = change(house, hold.rid, WRONG)
    short = Changed(changed.salt[:31] + b"", changed.body)
    with pytest.raises(AnswerableError):
        vote(house, hold.rid, Ballot.MODIFY, "anna", changed=short)
    assert vote(house, hold.rid, Ballot.REJECT, "anna")["state"] == "rejected"


def test_what_cannot_be_shown_is_not_agreed_to_but_can_be_rejected(house: House) -> None:
    hold = pose(house)
    done = vote(house, hold.rid, Ballot.MODIFY, "anna", changed=change(house, hold.rid, WRONG))
    assert done["modified"]
    erase(house, hold.open, "officer-1", "officer-2")
    # What an approver put in its place is gone too.
    found = house.services.holds.get(hold.rid)  # type: ignore[union-attr]
    assert found is not None
    for leaf in (hold.open, found.call):
        assert house.run(house.core.reader.payload(leaf, exact.GROUP)) is None
    assert refused(lambda: house.get(f"/holds/{hold.rid}", "anna")) == "hold.unreadable"
    assert refused(lambda: vote(house, hold.rid, Ballot.APPROVE, "ben")) == "hold.unreadable"
    assert vote(house, hold.rid, Ballot.REJECT, "ben")["state"] == "rejected"


def test_a_planted_one_is_told_when_it_is_decided(house: House) -> None:
    hold = pose(house)
    given = {"like": hold.rid, "arguments": WRONG, "why": "not our account"}
    assert refused(lambda: house.post("/holds/planted", given, "anna")) == "admin.role"
    made = house.post("/holds/planted", given)
    assert (made["planted"], made["why"], made["state"]) == (False, "", "waiting")
    real = listed(house, hold.rid)
    own = dict.fromkeys(("rid", "record", "digest", "at", "expires"))
    assert listed(house, made["rid"]) | own == real | own
    before = next((row for row in house.get("/holds/approvers") if row["name"] == "anna"), {"planted": 0, "caught": 0})
    done = vote(house, made["rid"], Ballot.REJECT, "anna")
    assert (done["planted"], done["why"], done["state"]) == (True, "not our account", "rejected")
    after = next(row for row in house.get("/holds/approvers") if row["name"] == "anna")
    assert (after["planted"], after["caught"]) == (before["planted"] + 1, before["caught"] + 1)
    assert after["low"] < after["share"] <= after["high"]
    raw = house.core.book.raw(Space.HELD, made["rid"])
    assert raw is not None
    assert house.person("admin").kid.encode() in house.run(house.core.reader.payload(made["rid"], "kind"))[1]  # type: ignore[index]
    for bad in ({**given, "like": made["rid"]}, {**given, "like": "none"}, {**given, "arguments": PAY}):
        with pytest.raises(AnswerableError):
            house.post("/holds/planted", bad)


def test_a_node_holds_nothing(house: House) -> None:
    with pytest.raises(Unavailable) as error:
        routes.desk(other(house.services, holds=None))
    assert error.value.code == "hold.elsewhere"
