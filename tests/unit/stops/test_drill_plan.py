# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from datetime import UTC, datetime

import pytest

from answerable.stops.drill_plan import TIERS, next_due, row_of


def ms(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc,arg-type]


def test_each_tier_has_its_row() -> None:
    assert [row_of(tier).name for tier in TIERS] == ["ordinary", "ordinary", "systemic", "frontier", "frontier"]


@pytest.mark.parametrize(
    ("last", "due"),
    [
        ((2026, 1, 15, 8, 30), (2026, 4, 15, 8, 30)),
        ((2026, 11, 30), (2027, 2, 28)),
        ((2027, 11, 30), (2028, 2, 29)),
        ((2026, 12, 31), (2027, 3, 31)),
        ((2026, 3, 31), (2026, 6, 30)),
    ],
)
def test_the_next_one_is_three_months_later(last: tuple[int, ...], due: tuple[int, ...]) -> None:
    assert next_due(ms(*last)) == ms(*due)
