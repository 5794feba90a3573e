# SPDX-License-Identifier: Apache-2.0
"""RL7: nothing later than a stop and its bound. Exact to the millisecond, on both sides."""

from __future__ import annotations

import msgspec
import pytest

from answerable.admission.bound import ANYWHERE, SAME_HOST, Clocks, bound_of
from answerable.admission.ttl import life_class
from answerable.crypto.random import nonce
from answerable.log.leaf import encode
from answerable.model import events
from answerable.model.leaves import KeyLeaf
from answerable.model.records import OnSite
from answerable.model.units import Put, Space, Unit
from answerable.redlines.after_stop import AfterStop
from tests.small_redlines import Place


def bounds(place: Place, clocks: Clocks = SAME_HOST) -> tuple[int, int]:
    bound = bound_of(life_class(place.victim.tier, place.victim.worlds, place.victim.criticality), clocks)
    return bound.admission, bound.effects


@pytest.mark.parametrize("scope", ["lineage", "system"])
def test_an_action_is_admitted_until_the_bound_and_no_later(place: Place, scope: str) -> None:
    detector = AfterStop(place.book)
    assert detector.see(place.opened(at=place.now + 10**9)) is None, "nothing is stopped"
    order = place.registry.stop(place.victim, scope=scope)
    admission, effects = bounds(place)
    assert detector.see(place.opened(at=place.now + admission)) is None
    seen = detector.see(place.opened(at=place.now + admission + 1))
    assert seen is not None
    assert (seen.line, seen.level, seen.detail["order"], seen.detail["late_ms"]) == ("RL7", "red", order, 1)
    opened = place.opened()
    assert detector.see(place.closed(opened, at=place.now + effects)) is None
    assert detector.see(place.closed(opened, at=place.now + effects + 1)) is not None
    assert detector.see(place.closed(opened, st="stopped", at=place.now + 10**6)) is None, "it was cut"


def test_refusals_and_others_are_no_violations(place: Place) -> None:
    place.registry.stop(place.victim)
    detector, late = AfterStop(place.book), place.now + 10**6
    assert detector.see(place.opened(dec="refuse", err="stop.system", at=late)) is None
    assert detector.see(place.opened(at=late, system=place.agent.rid, copy=place.other.rid)) is None


def test_a_model_that_is_stopped_answers_nobody(place: Place) -> None:
    place.registry.stop(place.victim)
    late = place.now + 10**6
    seen = AfterStop(place.book).see(
        place.opened(at=late, system=place.agent.rid, copy=place.other.rid, via=place.victim.rid)
    )
    assert seen is not None


def test_effects_and_receipts_by_their_own_word(place: Place) -> None:
    place.registry.stop(place.victim)
    detector = AfterStop(place.book)
    effects = bounds(place, ANYWHERE)[1]  # told from anywhere: both clocks may be off by a second
    assert detector.see(place.tell(events.EffectSeen(sink="s"), at=place.now + effects)) is None
    assert detector.see(place.tell(events.EffectSeen(sink="s"), at=place.now + effects + 1)) is not None
    assert detector.see(place.received(last=place.now + effects + 1, received=place.now + 9**7)) is not None


def test_the_first_order_counts_though_a_later_one_took_its_place(place: Place) -> None:
    first = place.registry.stop(place.victim, kind="suspend")
    admission, _ = bounds(place)
    place.registry.now += admission + 5_000
    place.registry.stop(place.victim, escalates=first)
    seen = AfterStop(place.book).see(place.opened(at=place.now - 4_000))
    assert seen is not None
    assert seen.detail["order"] == first


def test_a_suspension_that_lapsed_or_was_released_stops_nobody(place: Place) -> None:
    place.registry.stop(place.victim, kind="suspend", until=place.now + 900_000)
    detector = AfterStop(place.book)
    assert detector.see(place.opened(at=place.now + 899_999)) is not None
    assert detector.see(place.opened(at=place.now + 900_000)) is None


def test_a_machine_under_an_envelope_was_promised_a_longer_bound(place: Place) -> None:
    ends = place.now + 600_000
    row = OnSite(rid="e" * 32, system=place.victim.rid, site="s", since=place.now, expires=ends, bound=700_000)
    filler = (encode(KeyLeaf(n=nonce(), own="o", pub="p", t=place.now, use="x")),)
    place.registry.write(Unit(filler, (Put(Space.ENVELOPES, row.rid, msgspec.json.encode(row)),)))
    order = place.registry.stop(place.victim)
    detector = AfterStop(place.book)
    assert detector.see(place.received(last=ends, received=ends)) is None
    seen = detector.see(place.received(last=ends + 3_001, received=ends + 3_001))
    assert seen is not None
    assert (seen.detail["order"], seen.detail["late_ms"]) == (order, 1)
    place.registry.now += 1
    later = msgspec.structs.replace(
        row, rid="f" * 32, since=place.now, expires=place.now + 3_600_000
    )  # after the order
    place.registry.write(Unit(filler, (Put(Space.ENVELOPES, later.rid, msgspec.json.encode(later)),)))
    assert detector.see(place.received(last=ends + 3_001, received=ends + 3_001)) is not None
