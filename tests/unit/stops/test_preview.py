# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec
import pytest

from answerable.admission.bound import ANYWHERE, Clocks
from answerable.admission.envelope import bound_ms
from answerable.model.records import OnSite
from answerable.model.terms import Criticality, Relation, Scope, World
from answerable.model.units import Space
from answerable.stops import preview as module
from answerable.stops.preview import LONE_SUSPENSION_MS, preview
from tests.fleet import Fleet, a_rid


def test_says_whom_it_hits_by_when_and_what_it_needs() -> None:
    fleet = Fleet()
    seen = preview(fleet.book, "base", now_ms=fleet.clock.now)
    assert seen.at == fleet.clock.now
    assert [s.name for s in seen.systems] == ["base", "quant", "tuned"]
    assert [p.name for p in seen.parties] == ["maker"]
    assert [s.name for s in seen.dependents] == ["app"]
    assert (seen.officers, seen.count, seen.lapses_ms) == (2, False, LONE_SUSPENSION_MS)
    assert [(held.row.name, held.systems, held.copies) for held in seen.bounds] == [("ordinary", 3, 3)]
    held = seen.bounds[0]
    assert (held.bound.synced, held.elsewhere.synced) == (60_250, 62_250)
    assert seen.bound == held.elsewhere.admission  # holders may run anywhere


def test_envelopes_that_live_are_longer_than_any_class() -> None:
    fleet = Fleet()
    other = fleet.book.system("other")
    assert other is not None

    def envelope(name: str, system: str, left: int) -> None:
        now = fleet.clock.now
        row = OnSite(rid=a_rid(name), system=system, site=name, since=now - 1, expires=now + left, bound=9)
        fleet.put(Space.ENVELOPES, row.rid, msgspec.json.encode(row))

    envelope("tunnel", fleet.base.rid, 3_600_000)
    envelope("mine", fleet.base.rid, 1_800_000)
    envelope("over", fleet.base.rid, 0)
    envelope("elsewhere", other.rid, 3_600_000)
    seen = preview(fleet.book, "base", now_ms=fleet.clock.now)
    assert [(site.row.site, site.system.name) for site in seen.sites] == [("tunnel", "base"), ("mine", "base")]
    assert [site.admission for site in seen.sites] == [bound_ms(left, ANYWHERE) for left in (3_600_000, 1_800_000)]
    assert seen.bound == seen.sites[0].admission


def test_each_class_has_its_bound_the_longest_first() -> None:
    fleet = Fleet()
    fleet.system("grown", parents=((fleet.base, Relation.FINETUNE),), tier=3)
    seen = preview(fleet.book, "base", clocks=Clocks(view_ms=0, drift_ppm=0))
    assert [(held.row.name, held.bound.admission) for held in seen.bounds] == [
        ("ordinary", 60_000),
        ("frontier", 15_000),
    ]
    assert seen.lapses_ms == 0


@pytest.mark.parametrize(
    ("tier", "worlds", "criticality", "officers", "lapses"),
    [
        (1, World.INFORMATION, Criticality.SENSITIVE, 2, True),
        (2, World.INFORMATION, Criticality.ORDINARY, 2, False),
        (3, World.INFORMATION, Criticality.ORDINARY, 2, False),
        (4, World.INFORMATION, Criticality.ORDINARY, 3, False),
        (1, World.INFORMATION, Criticality.CRITICAL, 3, True),
        (1, World.PHYSICAL, Criticality.ORDINARY, 3, False),
        (1, World.BIOLOGICAL, Criticality.ORDINARY, 3, False),
    ],
)
def test_what_is_grave_needs_three_and_what_is_not_mild_stays(
    tier: int, worlds: World, criticality: Criticality, officers: int, lapses: bool
) -> None:
    fleet = Fleet()
    fleet.system("one", tier=tier, worlds=(worlds,), criticality=criticality)
    seen = preview(fleet.book, "one", Scope.SYSTEM)
    assert (seen.officers, seen.count, seen.lapses_ms > 0) == (officers, officers == 3, lapses)


def test_very_many_copies_need_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MANY_COPIES", 2)
    seen = preview(Fleet().book, "base")
    assert (seen.officers, seen.count) == (3, True)


def test_stops_of_everything_never_lapse() -> None:
    fleet = Fleet()
    assert preview(fleet.book, "", Scope.ALL).lapses_ms == 0
    empty = preview(fleet.book, "physical", Scope.WORLD)
    assert (empty.systems, empty.bound, empty.lapses_ms) == ((), 0, 0)
