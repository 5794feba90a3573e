# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.model.units import Unit
from answerable.sequencer.guard import Guard
from answerable.sequencer.scrub import scrub
from answerable.sequencer.writer import Retention, Writer
from answerable.stores.sqlite import SqliteStore
from tests.ledger import ORIGIN, SIGNER, TestClock, append, guard_at, leaf, sqlite_store, unavailable


def filled(folder: Path, size: int) -> SqliteStore:
    store = sqlite_store(folder)
    for at in range(0, size, 1000):
        append(store, Unit(leaves=tuple(leaf() for _ in range(min(1000, size - at)))))
    return store


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 3000])
def test_a_sound_tree_from_anywhere(tmp_path: Path, size: int) -> None:
    store = filled(tmp_path, size)
    for since in (0, size // 2, size, size + 1000):
        scrub(store, since, size)
    store.close()


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE segment SET data = CAST(replace(data, 'x.invalid', 'y.invalid') AS BLOB) WHERE first = 1000",
        "DELETE FROM segment WHERE first = 1000",
        "UPDATE tile SET data = zeroblob(length(data)) WHERE id = 5",
        "UPDATE tile SET data = zeroblob(length(data)) WHERE id = 1 << 48",
    ],
)
def test_what_is_spoiled_is_found_from_before_it(tmp_path: Path, spoil: str) -> None:
    store = filled(tmp_path, 3000)
    store._database.execute(spoil)
    with unavailable("store.damaged"):
        scrub(store, 0, 3000)
    with unavailable("store.damaged"):
        scrub(store, 1400, 3000)
    with unavailable("store.damaged"):
        scrub(store, 9000, 3000)
    if "1 << 48" not in spoil:
        scrub(store, 2600, 3000)
    store.close()


def test_a_start_looks_at_what_came_since_the_last(tmp_path: Path) -> None:
    def start() -> None:
        store, guard = sqlite_store(tmp_path), guard_at(tmp_path)
        try:
            Writer(store, SIGNER, ORIGIN, TestClock(), guard, Retention()).open()
        finally:
            store.close()
            guard.close()

    filled(tmp_path, 5000).close()
    guard_at(tmp_path).close()
    start()
    guard = Guard.open(tmp_path / "guard", ORIGIN)
    assert guard.audited == 5000
    guard.close()
    store = filled(tmp_path, 3000)  # 5000 to 8000
    store._database.execute("DELETE FROM segment WHERE first = 2000")
    store.close()
    start()  # that one was looked at: `log fsck` finds it
    store = sqlite_store(tmp_path)
    store._database.execute("DELETE FROM segment WHERE first = 6000")
    store.close()
    with unavailable("store.damaged"):
        start()
    (tmp_path / "guard" / "audited").write_text("what?")
    with unavailable("store.damaged"):
        start()
