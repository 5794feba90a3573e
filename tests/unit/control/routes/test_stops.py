# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec
import pytest

from answerable.crypto.b64 import b64u
from answerable.errors import AnswerableError
from answerable.log.statement import sign
from answerable.model.leaves import OrderLeaf, ReauthorisationLeaf
from answerable.model.terms import OrderKind
from answerable.stops import orders, reauthorise
from answerable.stops.planned import Reason
from tests.unit.control.house import DIGEST, House


def order(house: House, root: str, kind: OrderKind, *people: str, prev: str = "") -> dict[str, Any]:
    reason = Reason.of("it must")
    leaf: OrderLeaf = orders.statement(house.core.book, kind=kind, root=root, reason=reason, prev=prev)
    return {"order": msgspec.to_builtins(signed(house, leaf, *people)), "reason": "it must", "salt": b64u(reason.salt)}


def signed(house: House, leaf: Any, *people: str) -> Any:
    sigs = [sign(leaf, "demo.invalid", house.person(name).key, house.person(name).kid) for name in people]
    return msgspec.structs.replace(leaf, sigs=sigs)


def test_a_preview_keeps_dependents_apart_and_says_the_bound(house: House) -> None:
    seen = house.get("/stops/preview", root="base")
    assert {s["name"] for s in seen["systems"]} == {"base", "small"}
    assert [s["name"] for s in seen["dependents"]] == ["helper"]
    assert (seen["officers"], seen["digest_count"]) == (2, 1)
    assert seen["bound"] > 60_000
    assert seen["lapses"] == 900_000
    with pytest.raises(AnswerableError, match=r"stop\.root_unknown"):
        house.get("/stops/preview", root="nobody")
    with pytest.raises(AnswerableError, match=r"stop\.malformed"):
        house.get("/stops/preview", root="base", scope="everything")


def test_two_officers_release_what_one_suspended(house: House) -> None:
    done = house.post("/stops", order(house, "other", OrderKind.SUSPEND, "officer-1"), "officer-1")
    assert done["order"]["until"] == done["order"]["at"] + 900_000
    assert house.get("/systems/other")["stopped"] == done["order"]["rid"]
    leaf = orders.release_statement(done["order"]["rid"])
    with pytest.raises(AnswerableError, match=r"stop\.officers"):
        house.post("/stops/release", {"release": msgspec.to_builtins(signed(house, leaf, "officer-1"))}, "officer-1")
    both = signed(house, leaf, "officer-1", "officer-2")
    assert house.post("/stops/release", {"release": msgspec.to_builtins(both)}, "officer-1")["holds"] is False
    assert house.get("/systems/other")["stopped"] == ""


def test_a_second_officer_terminates_and_nothing_brings_it_back(house: House) -> None:
    first = house.post("/stops", order(house, "base", OrderKind.SUSPEND, "officer-1"), "officer-1")["order"]["rid"]
    assert [s["order"]["rid"] for s in house.get("/stops/preview", root="base")["standing"]] == [first]
    with pytest.raises(AnswerableError, match=r"stop\.officers"):
        house.post("/stops", order(house, "base", OrderKind.TERMINATE, "officer-1", prev=first), "officer-1")
    done = house.post("/stops", order(house, "base", OrderKind.TERMINATE, "officer-2", prev=first), "officer-2")
    assert done["order"]["escalates"] == first
    assert house.get("/systems/small")["stopped"]
    shown = {row["order"]["rid"]: row for row in house.get("/stops")}
    assert shown[done["order"]["rid"]]["holds"] is True
    leaf = orders.release_statement(done["order"]["rid"])
    both = {"release": msgspec.to_builtins(signed(house, leaf, "officer-1", "officer-2"))}
    with pytest.raises(AnswerableError, match=r"stop\.not_suspension"):
        house.post("/stops/release", both, "officer-1")
    again: ReauthorisationLeaf = reauthorise.statement(house.core.book, order=done["order"]["rid"], digests=(DIGEST,))
    same = {"reauthorisation": msgspec.to_builtins(signed(house, again, "officer-1", "officer-2"))}
    with pytest.raises(AnswerableError, match=r"stop\.same_officer"):
        house.post("/reauthorisations", same, "officer-1")
    assert house.get("/reauthorisations") == []


def test_an_administrator_orders_nothing(house: House) -> None:
    with pytest.raises(AnswerableError, match=r"admin\.role"):
        house.post("/stops", order(house, "other", OrderKind.SUSPEND, "officer-1"))
    forged = order(house, "other", OrderKind.SUSPEND, "officer-1")
    with pytest.raises(AnswerableError, match=r"stop\."):
        house.post("/stops", {**forged, "reason": "another reason"}, "officer-1")
    with pytest.raises(AnswerableError, match=r"stop\.malformed"):
        house.post("/stops", {**forged, "salt": "AAAA"}, "officer-1")
