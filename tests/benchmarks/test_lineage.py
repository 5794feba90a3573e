# SPDX-License-Identifier: Apache-2.0
"""The benchmark of a large registry in a real store does what it says: every record is its leaf's, the order stands."""

from __future__ import annotations

from itertools import islice

import pytest

from answerable.log import leaf
from answerable.model.units import Put, Space
from benchmarks import lineage_store
from benchmarks.lineage_store import Recorded

COUNT = 1_500


def test_each_row_has_a_leaf_of_its_own() -> None:
    made = Recorded(40)
    units = list(made.units())
    rows = {effect.key: effect for unit in units for effect in unit.effects if isinstance(effect, Put)}
    for unit in units:
        (data,) = unit.leaves
        assert leaf.rid(data) in rows
        assert unit.effects[0].key == leaf.rid(data)
    (first,) = islice((e.value for u in units for e in u.effects if e.space is Space.COUNTERS), 39, 40)
    assert first == b"40"


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_written_opened_stopped_and_opened_again(store: str) -> None:
    found = lineage_store.measure(store, COUNT)
    assert found["write"]["leaves"] > COUNT
    first, second = found["first start and stop"], found["second start"]
    assert (first["systems"], second["systems"]) == (COUNT, COUNT + 1)
    assert first["reached"] > COUNT // 2
    assert first["reached_now"] == second["reached"] == second["reached_now"] == first["reached"] + 1
    assert first["derivative"] == second["derivative"] == [{"num": COUNT + 1, "dead": True}]
    assert first["orders"] == second["orders"] == 1
    assert min(first["previews_cpu_ms"]) > 0
