# SPDX-License-Identifier: Apache-2.0
"""Suspensions that wait for people: one officer, or a detector, suspended, and nobody has decided since.

The longer one waits, the louder: a reminder, then everybody who can decide, then it is overdue. A suspension that
lapses by itself reminds before it does; one that never lapses must not be forgotten either.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from answerable.admission.stopset import in_force
from answerable.errors import Refused
from answerable.model.records import Stop
from answerable.model.terms import OrderKind, Scope
from answerable.ports import Directory
from answerable.stops.closure import alone, reached
from answerable.stops.officers import authorities_behind, by_owners, detector, people
from answerable.stops.orders import staged_from
from answerable.stops.preview import OFFICERS, preview_of


class Level(IntEnum):
    """How loud it is."""

    TOLD = 0
    REMINDED = 1  # the officers who can complete or release it
    ESCALATED = 2  # whoever administers, and the operator
    OVERDUE = 3


# From which age, ms, each level holds.
AGES_MS: Final = ((Level.REMINDED, 5 * 60_000), (Level.ESCALATED, 10 * 60_000), (Level.OVERDUE, 60 * 60_000))


@dataclass(frozen=True, slots=True)
class Waiting:
    """need: people that a termination asks for; have: those who signed. until: when it lapses, 0: never. staged: from
    when two may terminate under its plan, 0: it has none. next: when it grows louder, 0: never."""

    order: Stop
    need: int
    have: int
    until: int
    staged: int
    level: Level
    next: int


def waiting(directory: Directory, now_ms: int, *, tried: str = "") -> tuple[Waiting, ...]:
    """The suspensions in force that one officer or a detector gave, or that a plan has not ended, the oldest first.
    tried: rid of the system on which detectors are tested: what they order there is for nobody to decide."""
    completed = {stop.escalates for stop in directory.stops() if stop.escalates}
    found = []
    for stop in directory.stops():
        if stop.kind != OrderKind.SUSPEND or stop.rid in completed or not in_force(stop, now_ms):
            continue
        if authorities_behind(directory, stop) or by_owners(directory, stop.officers):
            continue
        have = len(people(directory, stop.officers))
        if have >= OFFICERS and not stop.pause:
            continue
        if not have and tried and _is_test(directory, stop, tried):
            continue
        age = now_ms - stop.at
        level = max((level for level, least in AGES_MS if age >= least), default=Level.TOLD)
        later = (stop.at + least for _, least in AGES_MS if age < least)
        found.append(
            Waiting(
                order=stop,
                need=_need(directory, stop),
                have=have,
                until=stop.until,
                staged=staged_from(stop),
                level=level,
                next=min(later, default=0),
            )
        )
    return tuple(sorted(found, key=lambda each: each.order.at))


def _is_test(directory: Directory, stop: Stop, tried: str) -> bool:
    copy = directory.copy(stop.root) if stop.scope == Scope.COPY else None
    return detector(directory) in stop.officers and copy is not None and copy.system == tried


def _need(directory: Directory, stop: Stop) -> int:
    try:
        hit = reached(directory, stop.root, Scope(stop.scope))
    except (Refused, ValueError):
        return OFFICERS
    return preview_of(directory, alone(hit) if detector(directory) in stop.officers else hit).officers
