# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from answerable.admission.reports import Read, accept, make
from answerable.crypto.ed25519 import Key
from answerable.errors import Refused
from answerable.log.commitment import check
from answerable.log.leaf import decode
from answerable.model import events
from answerable.model.leaves import IncidentLeaf
from answerable.model.records import EventSaid, Incident
from answerable.model.units import Lane, Space
from answerable.redlines import incidents
from answerable.registry import copies
from answerable.registry.requests import EndCopy
from tests.small_redlines import ORIGIN, Place, a_rid

EGRESS = events.WeightsEgress(bytes=1, sink="x.example")


def read(place: Place, fact: Any = EGRESS, *, by: str = "", key: Key | None = None, **more: Any) -> Read:
    given = {"system": place.victim.rid, "copy": ""} | more
    report = make(fact, by=by or place.copy.rid, key=key or place.key, origin=ORIGIN, at=place.now, **given)
    return accept(report, origin=ORIGIN, public=(key or place.key).public, now_ms=place.now)


def code(work: Any) -> str:
    with pytest.raises(Refused) as caught:
        work()
    return caught.value.code


def test_a_told_event_is_recorded_once(place: Place) -> None:
    told = read(place)
    planned = incidents.told(place.book, told, place.now)
    place.registry.commit(planned)
    leaf: Any = decode(place.registry.leaves[-1])
    assert (leaf.k, leaf.what, leaf.t) == ("event", "weights.egress", place.now)
    assert b"x.example" not in place.registry.leaves[-1], "what was seen stands behind the commitment"
    assert planned.unit.payloads[0].body == told.facts
    assert code(lambda: incidents.told(place.book, told, place.now)) == "redline.event_replayed"
    assert not place.registry.rows[Space.EVENTS]


def test_a_persons_word_is_kept_as_a_row(place: Place) -> None:
    key, kid = place.officer
    window = events.EvaluationWindow(until=place.now + 5, lines=("RL3",))
    planned = incidents.told(place.book, read(place, window, by=kid, key=key), place.now)
    place.registry.commit(planned)
    row = msgspec.json.decode(place.registry.rows[Space.EVENTS][planned.rid], type=EventSaid)
    assert (row.what, row.by, events.read(row.facts.encode())) == ("evaluation.window", kid, window)


def test_who_may_tell_what(place: Place) -> None:
    def may(fact: Any, by: str, key: Key) -> str:
        try:
            event = read(place, fact, by=by, key=key).event
            return incidents.teller(place.book, event, officer=by == place.officer[1])
        except Refused as error:
            return error.code

    no = "redline.event_teller"
    window = events.EvaluationWindow(until=1, lines=())
    declared = events.IncidentDeclared(red_line="RL6", level="red")
    assert may(EGRESS, place.copy.rid, place.key) == place.copy.key
    assert may(EGRESS, place.officer[1], place.officer[0]) != no
    assert may(window, place.officer[1], place.officer[0]) != no
    assert may(window, place.operator[1], place.operator[0]) == no, "what excuses is an officer's word"
    assert may(declared, place.operator[1], place.operator[0]) != no
    assert may(declared, place.copy.rid, place.key) == no, "no copy declares an incident"
    assert may(window, place.copy.rid, place.key) == no, "and none excuses itself"
    assert may(EGRESS, a_rid("nobody"), place.key) == no
    place.registry.commit(copies.end(place.book, EndCopy(copy=place.copy.rid), place.now))
    assert may(EGRESS, place.copy.rid, place.key) == no, "it ended"


def test_a_consent_is_the_persons_own(place: Place) -> None:
    person = place.registry.person("Singer")
    key, kid = place.registry.key(person)
    consent = events.ConsentGiven(person=person.id, until=place.now + 5)
    told = read(place, consent, by=kid, key=key)
    assert incidents.teller(place.book, told.event, officer=False)
    place.registry.commit(incidents.told(place.book, told, place.now))
    other = place.registry.person("Other")
    stolen = read(place, events.ConsentGiven(person=other.id, until=place.now + 5), by=kid, key=key)
    assert code(lambda: incidents.told(place.book, stolen, place.now)) == "redline.event_teller"


def test_what_it_is_about_is_registered(place: Place) -> None:
    unknown = read(place, system=a_rid("nothing"))
    assert code(lambda: incidents.told(place.book, unknown, place.now)) == "redline.event_malformed"
    mixed = read(place, copy=place.other.rid)
    assert code(lambda: incidents.told(place.book, mixed, place.now)) == "redline.event_malformed"


def test_an_incident_is_a_leaf_with_its_row(place: Place) -> None:
    (judged,) = place.desk(record=("RL1d",)).judge(place.tell(EGRESS))
    planned = incidents.incident(judged, place.now)
    place.registry.commit(planned)
    leaf = decode(place.registry.leaves[-1])
    assert isinstance(leaf, IncidentLeaf)
    assert (leaf.rl, leaf.lvl, leaf.sys, leaf.evl, leaf.open) == ("RL1d", "red", place.victim.rid, False, UNSET)
    row = msgspec.json.decode(place.registry.rows[Space.INCIDENTS][planned.rid], type=Incident)
    assert row == planned.row == incidents.row_of(leaf, planned.rid), "the row is told by the leaf"
    assert (row.measure, row.withheld, row.order, row.copy) == ("record", "redline.by_officers", "", place.copy.rid)
    payload = planned.unit.payloads[0]
    assert isinstance(leaf.c, object)
    check(str(leaf.c.evidence), "evidence", payload.salt, payload.body)  # type: ignore[union-attr]
    assert msgspec.json.decode(payload.body)["seen"] == {"bytes": 1, "sink": "x.example"}
    assert b"x.example" not in place.registry.leaves[-1]


def test_incident_and_order_are_one_unit(place: Place) -> None:
    (judged,) = place.desk().judge(place.tell(EGRESS))

    class Order:
        rid = a_rid("order")
        unit = incidents.incident(judged, place.now).unit

    planned = incidents.incident(judged, place.now, order=Order())
    assert planned.unit.lane is Lane.STOP
    assert len(planned.unit.leaves) == 2
    assert planned.row.order == Order.rid
    assert planned.row.measure == "suspend"
    held = incidents.incident(judged, place.now, withheld="stop.cap")
    assert (held.row.measure, held.row.withheld) == ("record", "stop.cap")


def test_a_flood_of_evidence_fits_a_leaf(place: Place) -> None:
    (judged,) = place.desk().judge(place.tell(EGRESS))
    many = replace(judged, crossing=replace(judged.crossing, evidence=tuple(a_rid() for _ in range(500))))
    assert len(incidents.incident(many, place.now).row.evidence) == incidents.MAX_EVIDENCE


def test_an_incident_of_another_writer_has_no_row() -> None:
    leaf = IncidentLeaf(evl=False, lvl="red", n="n", rl="RL5", sys=a_rid(), t=1, x={"answerable.incident": {"cpy": ""}})
    with pytest.raises(ValueError, match="by"):
        incidents.row_of(leaf, a_rid())


@pytest.mark.parametrize(
    "fact",
    [
        events.EvaluationWindow(until=0, lines=("RL7",)),
        events.EvaluationWindow(until=0, lines=()),
        events.EvaluationWindow(until=2**50, lines=("RL3",)),
        events.IncidentDeclared(red_line="RL66", level="red"),
        events.IncidentDeclared(red_line="RL6", level="red", harms=("mood",)),
        events.IncidentClassified(incident=a_rid("i"), harms=("mood",), aware=1),
    ],
)
def test_a_word_that_cannot_stand(place: Place, fact: Any) -> None:
    key, kid = place.officer
    told = read(place, fact, by=kid, key=key)
    assert code(lambda: incidents.told(place.book, told, place.now)) == "redline.event_malformed"
