# SPDX-License-Identifier: Apache-2.0
"""What an order would do, before anyone signs it: whom it reaches, by when it holds, how many people it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from answerable.admission.bound import SAME_HOST, Bound, Clocks, bound_of
from answerable.admission.ttl import LifeClass, life_class
from answerable.model.records import Copy, Party, System
from answerable.model.terms import Criticality, Scope, World
from answerable.ports import Directory
from answerable.stops.closure import Reached, reached

# Above so many copies an order needs a third officer and the count typed in.
MANY_COPIES: Final = 1_000
OFFICERS: Final = 2
OFFICERS_GRAVE: Final = 3
GRAVE_TIER: Final = 4
# Up to this tier, and in the information world alone, one officer's suspension lapses by itself.
MILD_TIER: Final = 1
LONE_SUSPENSION_MS: Final = 15 * 60_000


@dataclass(frozen=True, slots=True)
class Holds:
    """By when a stop holds for the systems of one class. `bound` counts ms from the order's commit."""

    row: LifeClass
    systems: int
    copies: int
    bound: Bound


@dataclass(frozen=True, slots=True)
class Preview:
    """dependents: they lose a model, and are not stopped. officers: distinct people that a termination needs;
    count: whether the number of copies must be typed in. lapses_ms: the life of a suspension signed by one officer;
    0 where it stays until two release it. at: when this was so, ms UTC. bounds: one for each class among the systems,
    the longest first."""

    scope: Scope
    root: str
    systems: tuple[System, ...]
    copies: tuple[Copy, ...]
    parties: tuple[Party, ...]
    dependents: tuple[System, ...]
    digests: tuple[str, ...]
    bounds: tuple[Holds, ...]
    officers: int
    count: bool
    lapses_ms: int
    at: int

    @property
    def bound(self) -> Bound | None:
        """The longest of the bounds: by when all of it holds."""
        return self.bounds[0].bound if self.bounds else None


def preview(
    directory: Directory, root: str, scope: Scope = Scope.LINEAGE, now_ms: int = 0, *, clocks: Clocks = SAME_HOST
) -> Preview:
    """What an order would reach. root: rid, public id or name; now_ms: stands in the preview as when that was.

    Raises Refused ``stop.root_unknown``."""
    return preview_of(directory, reached(directory, root, scope), clocks, at=now_ms)


def preview_of(directory: Directory, hit: Reached, clocks: Clocks = SAME_HOST, *, at: int = 0) -> Preview:
    """The preview of what was found to be reached at `at`, ms UTC."""
    parties = {entry.party: None for system in hit.systems for entry in system.parties}
    grave = len(hit.copies) > MANY_COPIES or any(_grave(system) for system in hit.systems)
    return Preview(
        scope=hit.scope,
        root=hit.root,
        systems=hit.systems,
        copies=hit.copies,
        parties=tuple(party for rid in parties if (party := directory.party(rid)) is not None),
        dependents=hit.dependents,
        digests=hit.digests,
        bounds=_bounds(hit, clocks),
        officers=OFFICERS_GRAVE if grave else OFFICERS,
        count=grave,
        lapses_ms=LONE_SUSPENSION_MS if _mild(hit) else 0,
        at=at,
    )


def _grave(system: System) -> bool:
    return (
        system.tier >= GRAVE_TIER
        or system.criticality is Criticality.CRITICAL
        or not set(system.worlds) <= {World.INFORMATION}
    )


def _mild(hit: Reached) -> bool:
    if hit.scope is Scope.ALL or (hit.scope is Scope.WORLD and hit.root != World.INFORMATION):
        return False
    return all(system.tier <= MILD_TIER and set(system.worlds) <= {World.INFORMATION} for system in hit.systems)


def _bounds(hit: Reached, clocks: Clocks) -> tuple[Holds, ...]:
    rows: dict[LifeClass, list[System]] = {}
    for system in hit.systems:
        rows.setdefault(life_class(system.tier, system.worlds, system.criticality), []).append(system)
    holds = []
    for row, systems in rows.items():
        rids = {system.rid for system in systems}
        copies = sum(copy.system in rids for copy in hit.copies)
        holds.append(Holds(row, len(systems), copies, bound_of(row, clocks)))
    return tuple(sorted(holds, key=lambda held: held.bound.admission, reverse=True))
