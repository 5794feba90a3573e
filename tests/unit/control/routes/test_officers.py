# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec
import pytest

from answerable.crypto.b64 import b64u
from answerable.errors import AnswerableError
from answerable.log.roster import key_id
from answerable.log.statement import sign
from answerable.model.leaves import AuthorityRef, RootsRef, RosterLeaf
from answerable.model.terms import OrderKind
from answerable.stops import orders, rosters
from answerable.stops.planned import Reason
from tests.small_log import key
from tests.unit.control.house import House

ORIGIN = "demo.invalid"


def a_roster(house: House, *roots: str, authorities: tuple[AuthorityRef, ...] = ()) -> dict[str, Any]:
    leaf: RosterLeaf = rosters.draft(
        None,
        rosters.enrolled(house.core.book),
        RootsRef(keys=[b64u(key(name).public) for name in ("root a", "root b")], need=2),
        authorities,
    )
    sigs = [sign(leaf, ORIGIN, key(name), key_id(key(name).public)) for name in roots]
    return {"roster": msgspec.to_builtins(msgspec.structs.replace(leaf, sigs=sigs))}


def test_without_a_roster_whoever_is_enrolled_counts(house: House) -> None:
    found = house.get("/officers")
    assert (found["seq"], found["roots"], found["authorities"]) == (0, [], [])
    assert [each["name"] for each in found["officers"]] == ["officer-1", "officer-2"]
    assert all(each["in_office"] and not each["listed"] for each in found["officers"])
    with pytest.raises(AnswerableError, match=r"officer\.none"):
        house.get("/officers/roster")


def test_what_waits_is_shown_with_what_it_waits_for(house: House) -> None:
    assert house.get("/officers/waiting") == []
    reason = Reason.of("noise")
    leaf = orders.statement(house.core.book, kind=OrderKind.SUSPEND, root="other", reason=reason)
    person = house.person("officer-1")
    signed = msgspec.structs.replace(leaf, sigs=[sign(leaf, ORIGIN, person.key, person.kid)])
    body = {"order": msgspec.to_builtins(signed), "reason": "noise", "salt": b64u(reason.salt)}
    order = house.post("/stops", body, "officer-1")["order"]
    (one,) = house.get("/officers/waiting")
    assert (one["order"], one["have"], one["need"], one["level"], one["reason"]) == (
        order["rid"],
        1,
        2,
        "told",
        "noise",
    )
    assert (one["until"], one["next"], one["staged"]) == (order["until"], order["at"] + 300_000, 0)
    assert one["what"].startswith("other")


def test_root_keys_and_an_administrator_place_a_roster(house: House) -> None:
    theirs = (AuthorityRef(keys=[b64u(key("theirs").public)], name="Surveillance", need=1),)
    with pytest.raises(AnswerableError, match=r"officer\.quorum"):
        house.post("/officers/roster", a_roster(house, "root a"))
    whole = a_roster(house, "root a", "root b", authorities=theirs)
    with pytest.raises(AnswerableError, match=r"admin\.role"):
        house.post("/officers/roster", whole, "officer-1")
    assert house.post("/officers/roster", whole)["seq"] == 1
    found = house.get("/officers")
    assert (found["seq"], found["need"], len(found["roots"])) == (1, 2, 2)
    assert found["authorities"] == [{"name": "Surveillance", "keys": [key_id(key("theirs").public)], "need": 1}]
    assert all(each["listed"] for each in found["officers"])
    assert house.get("/officers/roster")["seq"] == 1
    pins = house.get("/pins")
    assert pins["authorities"] == {key_id(key("theirs").public): b64u(key("theirs").public)}
    assert pins["named"] == {key_id(key("theirs").public): "Surveillance"}
    assert set(pins["officers"]) == {each["key"] for each in found["officers"]}
