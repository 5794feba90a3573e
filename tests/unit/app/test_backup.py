# SPDX-License-Identifier: Apache-2.0
"""A copy that is taken while the log grows is a store of one instant; what was let go of goes from it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from answerable.app import backup
from answerable.app.backup import back_up
from answerable.app.repair import fsck
from answerable.config import Config, StoreConfig
from answerable.errors import AnswerableError
from answerable.model.units import Unit
from answerable.sequencer.guard import Guard
from answerable.stores.database import connect, connect_reading
from answerable.stores.sqlite import SqliteStore
from answerable.stores.unsynced import carried
from answerable.stores.view import SqliteView
from tests.damaged import Place
from tests.ledger import leaf, opening
from tests.small_registry import ORIGIN
from tests.whole_life import whole_life


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    made.grow(whole_life().units)
    return made


def at(folder: Path, guard: Path) -> Config:
    return Config(store=StoreConfig(path=str(folder), guard=str(guard)))


def test_a_copy_is_a_store_again(place: Place, tmp_path: Path) -> None:
    done = back_up(place.config, tmp_path / "copy", keys=True)
    assert (done.size, done.keys) == (len(whole_life().leaves), True)
    found = fsck(at(tmp_path / "copy", place.guard))
    assert found.sound, found.findings
    assert found.counts["payloads"] > 25
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "copy").rglob("*")} == {0}
    assert not list((tmp_path / "copy").rglob("guard*"))
    without = back_up(place.config, tmp_path / "without")
    assert not without.keys
    assert not (tmp_path / "without" / "keys").exists()


def test_beside_a_writer_it_is_of_one_instant(place: Place, tmp_path: Path) -> None:
    writer = place.writer()
    store = writer._store
    ended = threading.Event()
    sizes = []

    def copy() -> None:
        for number in range(4):
            sizes.append(back_up(place.config, tmp_path / f"copy-{number}", keys=True).size)
        ended.set()

    thread = threading.Thread(target=copy)
    thread.start()
    import asyncio

    from answerable.sequencer.lanes import Entry

    loop = asyncio.new_event_loop()
    while not ended.is_set():
        writer.write([Entry(Unit(leaves=(leaf(),)), loop.create_future(), 1)])
    thread.join()
    loop.close()
    assert isinstance(store, SqliteStore)
    writer.close()
    assert sizes == sorted(sizes)
    for number, size in enumerate(sizes):
        found = fsck(at(tmp_path / f"copy-{number}", place.guard))
        assert set(found.found) <= {"store.rolled_back"}, "older than the store, and nothing else"
        assert found.size == size


def test_a_writer_that_never_rests_does_not_keep_it_from_ending(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing = connect(place.path / "log.db")
    writing.execute("CREATE TABLE filler (data)")
    writing.executemany("INSERT INTO filler VALUES (zeroblob(1000000))", [()] * 20)
    steps = 0

    class Beside(sqlite3.Connection):
        def backup(self, target: sqlite3.Connection, **options: Any) -> None:
            def between(*_: object) -> None:
                nonlocal steps
                steps += 1
                writing.execute("INSERT INTO filler VALUES (1)")
                if steps > 20:
                    raise TimeoutError("it begins again and again")

            super().backup(target, progress=between, **options)

    monkeypatch.setattr(backup, "connect_reading", lambda path: sqlite3.connect(path, factory=Beside))
    back_up(place.config, tmp_path / "copy")
    assert steps == 1
    writing.close()


def test_a_copied_key_is_never_wider_than_its_owner(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: set[int] = set()
    copy = shutil.copyfileobj

    def look(source: Any, target: Any, *rest: Any) -> None:
        copy(source, target, *rest)
        modes.add(os.fstat(target.fileno()).st_mode & 0o777)

    monkeypatch.setattr(shutil, "copyfileobj", look)
    before = os.umask(0)
    try:
        back_up(place.config, tmp_path / "copy", keys=True)
    finally:
        os.umask(before)
    assert modes == {0o600}


def test_what_is_gone_goes_from_the_copy(place: Place, tmp_path: Path) -> None:
    back_up(place.config, tmp_path / "copy")
    before = {path.name for path in (tmp_path / "copy" / "payloads").iterdir()}
    store = SqliteStore.open(place.path, payload_key=place.keys.payload)
    while store.sweep(1 << 50):
        pass
    store.close()
    back_up(place.config, tmp_path / "copy")
    after = {path.name for path in (tmp_path / "copy" / "payloads").iterdir()}
    assert after < before
    assert after == {path.name for path in (place.path / "payloads").iterdir()}


def test_what_is_erased_while_it_copies_is_not_in_the_copys_log(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit, its = opening()
    place.grow([unit], publish=False)
    record = _carried(place)
    copy = backup._copy_files

    def erased_before(source: Path, target: Path) -> int:
        store = SqliteStore.open(place.path, payload_key=place.keys.payload)
        assert store.erase([(store.head()[0] - 1, its)]) == 1
        store.close()
        return copy(source, target)

    monkeypatch.setattr(backup, "_copy_files", erased_before)
    back_up(place.config, tmp_path / "copy")
    pieces = [record[at : at + 16] for at in range(40, len(record) - 16, 16)]
    for path in (tmp_path / "copy").rglob("*"):
        assert not path.is_file() or not any(piece in path.read_bytes() for piece in pieces), path


def test_what_the_log_alone_has_after_a_power_cut_is_in_the_copys_files(place: Place, tmp_path: Path) -> None:
    unit, its = opening()
    place.grow([unit], publish=False)
    record = _carried(place)
    for path in (place.path / "payloads").iterdir():
        path.write_bytes(path.read_bytes().replace(record, bytes(len(record))))
    back_up(place.config, tmp_path / "copy")
    view = SqliteView(tmp_path / "copy", place.keys.payload)
    assert view.payload(its, "in") == (unit.payloads[0].salt, b"what is asked")
    view.close()
    assert record not in (tmp_path / "copy" / "log.db").read_bytes()


def _carried(place: Place) -> bytes:
    """The newest record that the log has besides its file."""
    log = connect_reading(place.path / "log.db")
    *_, (_, record) = carried(log)
    log.close()
    return record


def test_what_is_not_copied(place: Place, tmp_path: Path) -> None:
    def code(config: Config, folder: Path) -> str:
        with pytest.raises(AnswerableError) as raised:
            back_up(config, folder)
        return raised.value.code

    assert code(at(tmp_path / "none", place.guard), tmp_path / "x") == "store.missing"
    assert code(place.config, place.path / "inside") == "config.value"
    database = Config(store=StoreConfig(path=str(place.path), url="postgresql:///x"))
    assert code(database, tmp_path / "x") == "config.value"
    back_up(place.config, tmp_path / "copy")
    whole = (tmp_path / "copy" / "log.db").read_bytes()
    (place.path / "log.db").write_bytes(b"x" * 9000)
    shutil.rmtree(place.path / "payloads")
    assert code(place.config, tmp_path / "copy") in ("store.damaged", "store.failed")
    assert (tmp_path / "copy" / "log.db").read_bytes() == whole, "a copy is replaced whole or not at all"
    Guard.open(place.guard, ORIGIN).close()
