# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sqlite3
from pathlib import Path

from answerable.app.remains import Kept, Remains
from answerable.log.bundle import pack
from answerable.log.tiles import CHECKPOINT, ENTRIES, path
from answerable.model.units import Space, Unit
from tests.ledger import PAYLOAD_KEY, append, leaf, sqlite_store

ENDLESS = 1 << 30


def test_tiles_are_made_from_leaves_and_kept_ones_are_another_source(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    leaves = [leaf() for _ in range(300)]
    append(store, Unit(leaves=tuple(leaves[:280])))
    append(store, Unit(leaves=tuple(leaves[280:])))
    tile, note = store.tile(0, 0), store.checkpoint()
    store.close()
    with sqlite3.connect(tmp_path / "store" / "log.db") as log:
        log.execute("UPDATE tile SET data = zeroblob(length(data)) WHERE id = 0")
    left = Remains.of(tmp_path / "store", PAYLOAD_KEY)
    assert left is not None
    kept = Kept(left)
    assert left.get(CHECKPOINT, ENDLESS) == note
    assert kept.get(CHECKPOINT, ENDLESS) is None
    assert left.get(path(0, 0), ENDLESS) == tile
    assert kept.get(path(0, 0), ENDLESS) == bytes(8192)
    assert left.get(path(0, 1, 44), ENDLESS) == kept.get(path(0, 1, 44), ENDLESS)
    assert left.get(path(0, 1, 45), ENDLESS) is None
    assert left.get(path(ENTRIES, 0), ENDLESS) == pack(leaves[:256])
    assert left.get("no/path", ENDLESS) is None
    assert left.rows()[Space.MISC] == {}
    left.close()


def test_what_cannot_be_read_is_not_there(tmp_path: Path) -> None:
    assert Remains.of(tmp_path, PAYLOAD_KEY) is None
    store = sqlite_store(tmp_path)
    leaves = [leaf() for _ in range(3)]
    for data in leaves:
        append(store, Unit(leaves=(data,)))
    tile = store.tile(0, 0)
    store.close()
    with sqlite3.connect(tmp_path / "store" / "log.db") as log:
        log.execute("DELETE FROM segment WHERE first = 1")
    left = Remains.of(tmp_path / "store", PAYLOAD_KEY)
    assert left is not None
    assert list(left.leaves(0, 4)) == [leaves[0], None, leaves[2], None]
    assert left.get(path(ENTRIES, 0, 3), ENDLESS) is None
    assert left.get(path(ENTRIES, 0, 1), ENDLESS) == pack(leaves[:1])
    assert left.get(path(0, 0, 3), ENDLESS) == tile, "the hash of what cannot be read is remembered"
    left.close()
    (tmp_path / "store" / "log.db").write_bytes(b"x" * 9000)
    left = Remains.of(tmp_path / "store", PAYLOAD_KEY)
    assert left is not None
    assert (left.size, left.rows(), left.get(CHECKPOINT, ENDLESS)) == (-1, {}, None)
    left.close()
