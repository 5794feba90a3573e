# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from answerable.model.units import Space, Unit
from answerable.stores.database import connect_reading
from answerable.stores.reads import LogReads, tile_id
from answerable.stores.sqlite import SqliteStore
from tests.ledger import append, leaf, opening, sqlite_store, unavailable


def test_tiles_of_a_level_stand_together() -> None:
    assert tile_id(0, 0) == 0
    assert tile_id(0, 2**40) < tile_id(1, 0) < tile_id(1, 1) < tile_id(2, 0)


def test_reading_by_segment(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    batches = [[leaf() for _ in range(count)] for count in (3, 1, 5)]
    for batch in batches:
        append(store, Unit(leaves=tuple(batch)))
    unit, _ = opening()
    append(store, unit)
    reads = LogReads(connect_reading(store.path / "log.db"))
    every = [data for batch in batches for data in batch]
    assert [reads.leaf(at) for at in (8, 0, 3, 4, 2)] == [every[at] for at in (8, 0, 3, 4, 2)]
    assert [reads.segment_of(at) for at in range(10)] == [0, 0, 0, 3, 4, 4, 4, 4, 4, 9]
    assert reads.leaves(2, 5) == every[2:5]
    assert [first for first, _ in reads.places(3, 9)] == [3, 4]
    assert [bool(places) for _, places in reads.places(0, 10)] == [False, False, False, True]
    with unavailable("store.absent"):
        reads.leaf(10)
    store.close()


def test_a_broken_segment_is_said_to_be_one(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    append(store, Unit(leaves=(leaf(),)))
    store._database.execute("UPDATE segment SET data = x'00'")
    with unavailable("store.damaged"):
        store.leaf(0)
    store._database.execute("DELETE FROM recent")
    with unavailable("store.damaged"):
        store.checkpoint()
    store.close()


@pytest.mark.parametrize(
    ("change", "ask"),
    [
        ("UPDATE recent SET root = 'text'", lambda store: store.head()),
        ("UPDATE recent SET effects = 'text'", lambda store: store.view().state()),
        ("UPDATE segment SET data = 7", lambda store: store.leaf(0)),
        ("UPDATE tile SET data = 7", lambda store: store.tile(0, 0)),
        ("INSERT INTO state VALUES ('misc', 'key', 'text')", lambda store: store.rows(Space.MISC)),
        ("UPDATE recent SET effects = 7", lambda store: store.reopen()),
    ],
)
def test_a_row_that_could_not_have_been_written_is_damage(
    tmp_path: Path, change: str, ask: Callable[[SqliteStore], object]
) -> None:
    store = sqlite_store(tmp_path)
    append(store, Unit(leaves=(leaf(),)))
    store._database.execute(change)
    with unavailable("store.damaged"):
        ask(store)
    store.close()
