# SPDX-License-Identifier: Apache-2.0
"""What stands in a report, gathered over real records: last actions after an order, receipts, rings, violations."""

from __future__ import annotations

from typing import Any

import pytest

from answerable.control import incident_facts
from answerable.crypto.random import nonce
from answerable.errors import Refused
from answerable.log.leaf import encode, rid
from answerable.log.statement import sign
from answerable.model import events
from answerable.model.leaves import ReceiptLeaf
from answerable.model.terms import OrderKind
from answerable.model.units import Unit
from tests.redlined import incident, tell, told_by
from tests.unit.control.house import House
from tests.unit.control.routes.test_stops import order


def report(house: House, name: str) -> Any:
    return house.run(incident_facts.report(house.services, name))


def test_the_actions_around_it_are_shown_with_their_ends(house: House) -> None:
    copy, key = house.start_copy("helper")
    house.act("before", caller="helper", maker="small")
    fact = events.ControlTamper(part="policy", place="p", done=True)
    found = incident(house, tell(house, fact, "helper", copy, key)["rid"])
    shown = report(house, found["rid"])
    assert [act.ended for act in shown.around] == ["done"]
    house.act("after", caller="helper", maker="small")
    assert len(report(house, found["rid"]).around) == 2
    assert shown.last_action.copies == 1, "the one copy that was suspended"


def test_receipts_of_holders_and_what_was_in_flight(house: House) -> None:
    copy, key = house.start_copy("other")
    found = incident(house, tell(house, events.WeightsEgress(bytes=1, sink="x"), "other", copy, key)["rid"])
    now = house.core.now
    leaf = ReceiptLeaf(
        fly=3, last=now - 5, n=nonce(), order=found["order"], own=copy, rcv=now, sig="", st="stopped", t=now
    )
    signed = ReceiptLeaf(**{f: getattr(leaf, f) for f in leaf.__struct_fields__} | {
        "sig": sign(leaf, house.core.origin, key, copy).sig
    })  # fmt: skip
    house.run(house.core.ledger.commit(Unit(leaves=(encode(signed),))))
    shown = report(house, found["rid"])
    assert [(r.rid, r.in_flight, r.state) for r in shown.receipts] == [(rid(encode(signed)), 3, "stopped")]
    assert shown.in_flight == 3


def test_copies_outside_ones_hands_stand_in_their_own_ring(house: House) -> None:
    officer = house.person("officer-1")
    fact = events.WeightsServed(digest=house.system("small").digests[0], endpoint="http://elsewhere.example/")
    done = tell(house, fact, "small", officer.kid, officer.key)
    found = incident(house, done["rid"])
    assert (found["line"], found["measure"]) == ("RL1a", "suspend")
    shown = report(house, found["rid"])
    assert (shown.rings.uncontrolled, shown.rings.cooperating) == (1, 0)
    assert shown.rings.open_weights == 1, "its licence lets others hold the weights"


def test_what_people_said_about_it_changes_its_harms(house: House) -> None:
    done = told_by(house, events.IncidentDeclared(red_line="RL6", level="red", harms=("health",)), "other", "officer-1")
    found = incident(house, done["rid"])
    assert (found["measure"], found["withheld"]) == ("record", "redline.by_officers")
    assert report(house, found["rid"]).harms == ["health"]
    told_by(
        house,
        events.IncidentClassified(incident=found["rid"], harms=("death",), aware=found["at"]),
        "other",
        "officer-2",
    )
    shown = report(house, found["rid"])
    assert (shown.harms, shown.judged) == (["death"], True)


def test_by_its_first_letters_if_they_are_its_own(house: House) -> None:
    row = incident_facts.incidents(house.services)[0]
    assert incident_facts.find(house.services, row.rid[:8])[0] == row
    with pytest.raises(Refused, match=r"incident\.unknown"):
        incident_facts.find(house.services, row.rid[:3])


def test_a_termination_is_shown_with_the_suspension_that_it_completed(house: House) -> None:
    """T_stop is the first of the two, and both officers gave it."""
    first = house.post("/stops", order(house, "base", OrderKind.SUSPEND, "officer-1"), "officer-1")["order"]
    second = house.post(
        "/stops", order(house, "base", OrderKind.TERMINATE, "officer-2", prev=first["rid"]), "officer-2"
    )
    for name in (first["rid"], second["order"]["rid"]):
        shown = report(house, name)
        assert [(each.kind, each.by) for each in shown.orders] == [
            ("suspend", ["officer-1"]), ("terminate", ["officer-2"]),
        ]  # fmt: skip
        assert shown.at == first["at"]
