# SPDX-License-Identifier: Apache-2.0
"""What an order would do, before anyone signs it: whom it reaches, by when it holds, how many people it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from answerable.admission.bound import ANYWHERE, SAME_HOST, Bound, Clocks, bound_of
from answerable.admission.envelope import bound_ms
from answerable.admission.ttl import LifeClass, life_class
from answerable.model.records import Copy, OnSite, Party, System
from answerable.model.rows import Rows
from answerable.model.terms import Criticality, Scope, World
from answerable.model.units import Space
from answerable.ports import Directory, Group
from answerable.stops.closure import Reached, reached

# Above so many copies an order needs a third officer and the count typed in.
MANY_COPIES: Final = 1_000
OFFICERS: Final = 2
OFFICERS_GRAVE: Final = 3
GRAVE_TIER: Final = 4
# Up to this tier, and in the information world alone, one officer's suspension lapses by itself.
MILD_TIER: Final = 1
# A staged plan: everything is suspended, nothing is final, and whoever objects has this long to do so. Shorter than a
# lone suspension lasts.
PAUSE_MS: Final = 10 * 60_000
LONE_SUSPENSION_MS: Final = 15 * 60_000

_on_site: Final = msgspec.json.Decoder(OnSite).decode


@dataclass(frozen=True, slots=True)
class Holds:
    """By when a stop holds for the systems of one class, ms from the order's commit: `bound` for holders on this host,
    `elsewhere` for those on any other."""

    row: LifeClass
    systems: int
    copies: int
    bound: Bound
    elsewhere: Bound


@dataclass(frozen=True, slots=True)
class Site:
    """An on-site issuer under whose envelope a system that is reached may go on where no word of the order comes.
    admission: ms from the order's commit, if that is now."""

    row: OnSite
    system: System
    admission: int


@dataclass(frozen=True, slots=True)
class Preview:
    """dependents: they lose a model, and are not stopped; losing: their running copies. digests: how many. officers:
    distinct people that a termination needs; count: whether the number of copies must be typed in. pause_ms: where a
    third officer may be replaced by a staged plan: how long everything reached must have stood suspended under it
    before two terminate; else 0. lapses_ms: the life of a suspension signed by one officer; 0 where it stays until two
    release it. at: when this was so, ms UTC. bounds: one for each class among the systems, the longest first; sites:
    live envelopes."""

    scope: Scope
    root: str
    systems: Sequence[System]
    copies: Sequence[Copy]
    parties: Sequence[Party]
    dependents: Sequence[System]
    losing: Sequence[Copy]
    digests: int
    bounds: tuple[Holds, ...]
    sites: tuple[Site, ...]
    officers: int
    count: bool
    pause_ms: int
    lapses_ms: int
    at: int

    @property
    def bound(self) -> int:
        """ms by when all of it holds, wherever its holders run; 0 where nothing is reached."""
        classes = [held.elsewhere.admission for held in self.bounds]
        return max((*classes, *(site.admission for site in self.sites)), default=0)


def preview(
    directory: Directory, root: str, scope: Scope = Scope.LINEAGE, now_ms: int = 0, *, clocks: Clocks = SAME_HOST
) -> Preview:
    """What an order would reach. root: rid, public id or name; now_ms: stands in the preview as when that was.

    Raises Refused ``stop.root_unknown``."""
    return preview_of(directory, reached(directory, root, scope), clocks, at=now_ms)


def preview_of(directory: Directory, hit: Reached, clocks: Clocks = SAME_HOST, *, at: int = 0) -> Preview:
    """The preview of what was found to be reached at `at`, ms UTC; 0: without the envelopes that live then."""
    groups, copies, parties = hit.reach.groups(), hit.copies, hit.reach.parties()
    grave = len(copies) > MANY_COPIES or any(_grave(group) for group in groups)
    return Preview(
        scope=hit.scope,
        root=hit.root,
        systems=hit.systems,
        copies=copies,
        parties=Rows(len(parties), lambda: (row for rid in parties if (row := directory.party(rid)) is not None)),
        dependents=hit.dependents,
        losing=hit.losing,
        digests=hit.digest_count,
        bounds=_bounds(hit, groups, clocks),
        sites=_sites(directory, hit, at),
        officers=OFFICERS_GRAVE if grave else OFFICERS,
        count=grave,
        pause_ms=PAUSE_MS if grave else 0,
        lapses_ms=LONE_SUSPENSION_MS if _mild(hit, groups) else 0,
        at=at,
    )


def _grave(group: Group) -> bool:
    return (
        group.tier >= GRAVE_TIER
        or group.criticality is Criticality.CRITICAL
        or not set(group.worlds) <= {World.INFORMATION}
    )


def _mild(hit: Reached, groups: Sequence[Group]) -> bool:
    if hit.scope is Scope.ALL or (hit.scope is Scope.WORLD and hit.root != World.INFORMATION):
        return False
    return all(group.tier <= MILD_TIER and set(group.worlds) <= {World.INFORMATION} for group in groups)


def _bounds(hit: Reached, groups: Sequence[Group], clocks: Clocks) -> tuple[Holds, ...]:
    rows: dict[LifeClass, list[int]] = {}
    for group in groups:
        counts = rows.setdefault(life_class(group.tier, group.worlds, group.criticality), [0, 0])
        counts[0] += group.systems
        counts[1] += group.copies if hit.copy is None else 1
    holds = [
        Holds(row, systems, copies, bound_of(row, clocks), bound_of(row, ANYWHERE))
        for row, (systems, copies) in rows.items()
    ]
    return tuple(sorted(holds, key=lambda held: held.bound.admission, reverse=True))


def _sites(directory: Directory, hit: Reached, at: int) -> tuple[Site, ...]:
    found: list[Site] = []
    for _, data in directory.rows(Space.ENVELOPES) if at else ():
        row = _on_site(data)
        system = directory.system(row.system) if row.expires > at else None
        if system is not None and system.num in hit.reach:
            found.append(Site(row, system, bound_ms(row.expires - at, ANYWHERE)))
    return tuple(sorted(found, key=lambda site: site.admission, reverse=True))
