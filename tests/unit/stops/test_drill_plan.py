# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from datetime import UTC, datetime

import pytest

from answerable.admission.ttl import CLASSES
from answerable.model.terms import World
from answerable.stops.drill_plan import BY_NAME, PLAN, next_due


def ms(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc,arg-type]


def test_each_tier_and_each_world_has_its_row() -> None:
    assert {each.name: (each.row.name, each.row.default_ms) for each in PLAN} == {
        "0": ("ordinary", 60_000),
        "1": ("ordinary", 60_000),
        "2": ("systemic", 60_000),
        "3": ("frontier", 15_000),
        "4": ("frontier", 15_000),
        "biological": ("biological", 5_000),
        "physical": ("physical", 2_000),
    }
    assert {each.row.name for each in PLAN} == {row.name for row in CLASSES}, "no row of lives is left out"


def test_whom_a_drill_is_for() -> None:
    moves = (World.INFORMATION, World.PHYSICAL)
    assert BY_NAME["3"].reaches(3, moves)
    assert not BY_NAME["2"].reaches(3, moves)
    assert BY_NAME["physical"].reaches(0, moves)
    assert not BY_NAME["biological"].reaches(0, moves)


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
