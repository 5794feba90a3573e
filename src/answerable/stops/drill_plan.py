# SPDX-License-Identifier: Apache-2.0
"""The quarterly plan: each tier practised once in three months, by the row of lives that its warrants have."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime
from typing import Final

from answerable.admission.ttl import LifeClass, life_class
from answerable.model.terms import Criticality, World

TIERS: Final = (0, 1, 2, 3, 4)
MONTHS: Final = 3


def row_of(tier: int) -> LifeClass:
    """The row of lives of an ordinary system of that tier in the information world."""
    return life_class(tier, (World.INFORMATION,), Criticality.ORDINARY)


def next_due(last_ms: int) -> int:
    """Three calendar months later, ms UTC; the last day of a shorter month for a day that it lacks."""
    last = datetime.fromtimestamp(last_ms / 1000, UTC)
    months = last.month - 1 + MONTHS
    year, month = last.year + months // 12, months % 12 + 1
    day = min(last.day, monthrange(year, month)[1])
    return int(last.replace(year=year, month=month, day=day).timestamp() * 1000)
