# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import itertools

import pytest

from answerable.admission.ttl import CLASSES, SHORTEST, life_class, renew_after_ms
from answerable.model.terms import Criticality, World

INFO, MOVE, BIO = World.INFORMATION, World.PHYSICAL, World.BIOLOGICAL
ORDINARY, CRITICAL = Criticality.ORDINARY, Criticality.CRITICAL


@pytest.mark.parametrize(
    ("tier", "worlds", "criticality", "name", "default", "most"),
    [
        (0, (INFO,), ORDINARY, "ordinary", 60_000, 300_000),
        (1, (INFO,), Criticality.SENSITIVE, "ordinary", 60_000, 300_000),
        (2, (INFO,), ORDINARY, "systemic", 60_000, 60_000),
        (3, (INFO,), ORDINARY, "frontier", 15_000, 15_000),
        (4, (INFO,), ORDINARY, "frontier", 15_000, 15_000),
        (0, (INFO,), CRITICAL, "frontier", 15_000, 15_000),
        (4, (BIO,), ORDINARY, "biological", 5_000, 5_000),
        (3, (MOVE,), ORDINARY, "physical", 2_000, 2_000),
        (4, (INFO, BIO, MOVE), CRITICAL, "physical", 2_000, 2_000),
    ],
)
def test_the_shortest_row_that_matches_holds(
    tier: int, worlds: tuple[World, ...], criticality: Criticality, name: str, default: int, most: int
) -> None:
    row = life_class(tier, worlds, criticality)
    assert (row.name, row.default_ms, row.max_ms) == (name, default, most)


def test_more_reach_never_lives_longer() -> None:
    every = [w for n in (1, 2, 3) for w in itertools.combinations(World, n)]
    for tier, worlds, criticality in itertools.product(range(5), every, Criticality):
        here = life_class(tier, worlds, criticality).max_ms
        assert all(life_class(t, worlds, criticality).max_ms <= here for t in range(tier, 5))
        assert all(life_class(tier, w, criticality).max_ms <= here for w in every if set(w) >= set(worlds))


def test_the_unknown_gets_the_shortest() -> None:
    assert SHORTEST.max_ms == 2_000
    assert life_class(0, (), ORDINARY) is SHORTEST
    assert life_class(0, ("cyber",), ORDINARY) is SHORTEST  # type: ignore[arg-type]
    assert life_class(0, (INFO,), "grave") is SHORTEST  # type: ignore[arg-type]
    assert life_class(-1, (INFO,), ORDINARY) is SHORTEST


def test_every_default_is_within_its_bound_and_wet_lab_needs_two() -> None:
    assert all(0 < row.default_ms <= row.max_ms and row.zh for row in CLASSES)
    assert {row.name: row.people for row in CLASSES}["biological"] == 2


def test_renewed_at_a_third() -> None:
    assert renew_after_ms(60_000) == 20_000
