# SPDX-License-Identifier: Apache-2.0
"""How long a warrant may live, by class. The shortest row that matches holds.

The bound of a stop is a warrant's life plus what clocks may differ by (`admission.bound`), so this table is what a
stop promises. Verifiers hold warrants to it too: an issuer cannot lengthen the bound by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from answerable.model.terms import Criticality, World


@dataclass(frozen=True, slots=True)
class LifeClass:
    """One row. A row without `worlds` holds in every world; it matches from `tier` up, or from `criticality` up.

    default_ms: what the issuer gives; max_ms: what a verifier accepts; people: who must approve each action.
    """

    name: str
    worlds: frozenset[World] | None
    tier: int
    criticality: Criticality | None
    default_ms: int
    max_ms: int
    people: int
    zh: str


CLASSES: Final[tuple[LifeClass, ...]] = (
    LifeClass("ordinary", None, 0, None, 60_000, 300_000, 0, "普通（0–1 级，信息界）"),
    LifeClass("systemic", None, 2, None, 60_000, 60_000, 0, "系统性（2 级）"),
    LifeClass("frontier", None, 3, Criticality.CRITICAL, 15_000, 15_000, 0, "前沿或任务关键（3–4 级）"),
    LifeClass("biological", frozenset({World.BIOLOGICAL}), 0, None, 5_000, 5_000, 2, "湿实验生物"),
    LifeClass("physical", frozenset({World.PHYSICAL}), 0, None, 2_000, 2_000, 0, "物理界"),
)

SHORTEST: Final = min(CLASSES, key=lambda row: row.max_ms)


def life_class(tier: int, worlds: Iterable[World], criticality: Criticality) -> LifeClass:
    """The class of a warrant with this tier, these worlds and this highest criticality.

    A world or criticality outside the vocabulary, or no world at all, gets the shortest life.
    """
    reach = frozenset(worlds)
    if not reach or not reach <= frozenset(World) or criticality not in Criticality.__members__.values():
        return SHORTEST
    rank = Criticality(criticality).rank
    rows = [
        row
        for row in CLASSES
        if (row.worlds is None or row.worlds & reach)
        and (tier >= row.tier or (row.criticality is not None and rank >= row.criticality.rank))
    ]
    return min(rows, key=lambda row: (row.max_ms, row.default_ms), default=SHORTEST)


def renew_after_ms(life_ms: int) -> int:
    """When to ask for the next warrant: after a third of its life, so that an outage of two thirds is survived."""
    return life_ms // 3
