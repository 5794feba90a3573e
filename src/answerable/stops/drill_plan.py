# SPDX-License-Identifier: Apache-2.0
"""The quarterly plan: each tier in the information world, and each world that has a row of its own, practised once in
three months, by the row of lives that its warrants have."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from answerable.admission.ttl import LifeClass, life_class
from answerable.model.terms import Criticality, World

TIERS: Final = (0, 1, 2, 3, 4)
WORLDS: Final = (World.BIOLOGICAL, World.PHYSICAL)  # whose rows hold at every tier
NO_TIER: Final = -1
MONTHS: Final = 3


@dataclass(frozen=True, slots=True)
class Practised:
    """What one drill practises: a tier in the information world, or a world at whatever tier."""

    tier: int = NO_TIER
    world: World | None = None

    @property
    def name(self) -> str:
        """``0`` to ``4``, or the world's."""
        return str(self.tier) if self.world is None else self.world.value

    @property
    def row(self) -> LifeClass:
        """The row of lives of an ordinary system of that kind."""
        worlds = (World.INFORMATION,) if self.world is None else (World.INFORMATION, self.world)
        return life_class(max(0, self.tier), worlds, Criticality.ORDINARY)

    def reaches(self, tier: int, worlds: Iterable[World]) -> bool:
        """Whether this is the drill for a system of that tier and those worlds."""
        return tier == self.tier if self.world is None else self.world in worlds


PLAN: Final = (*(Practised(tier=tier) for tier in TIERS), *(Practised(world=world) for world in WORLDS))
BY_NAME: Final = {each.name: each for each in PLAN}


def next_due(last_ms: int) -> int:
    """Three calendar months later, ms UTC; the last day of a shorter month for a day that it lacks."""
    last = datetime.fromtimestamp(last_ms / 1000, UTC)
    months = last.month - 1 + MONTHS
    year, month = last.year + months // 12, months % 12 + 1
    day = min(last.day, monthrange(year, month)[1])
    return int(last.replace(year=year, month=month, day=day).timestamp() * 1000)
