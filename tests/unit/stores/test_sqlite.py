# SPDX-License-Identifier: Apache-2.0
"""What the conformance suite does not ask: files, opening, durability's settings, folding."""

from __future__ import annotations

import stat
import time
from pathlib import Path

import pytest

from answerable.errors import Refused
from answerable.model.units import Put, Space, Unit
from answerable.stores import sqlite
from answerable.stores.database import connect_reading
from answerable.stores.days import DAY_MS
from answerable.stores.payload_form import HEAD
from answerable.stores.sqlite import SqliteStore
from answerable.stores.unsynced import carried
from answerable.stores.view import SqliteView
from tests.ledger import PAYLOAD_KEY, append, closing, leaf, opening, recomputed, sqlite_store, unavailable


def test_create_and_open(tmp_path: Path) -> None:
    with unavailable("store.missing"):
        SqliteStore.open(tmp_path / "store", payload_key=PAYLOAD_KEY)
    assert not (tmp_path / "store").exists()
    store = sqlite_store(tmp_path)
    append(store, Unit(leaves=(leaf(),), effects=(Put(Space.MISC, "domain", b"d"),)))
    with unavailable("store.locked"):
        SqliteStore.open(tmp_path / "store", payload_key=PAYLOAD_KEY)
    store.close()
    with pytest.raises(Refused) as exists:
        SqliteStore.create(tmp_path / "store", payload_key=PAYLOAD_KEY)
    assert exists.value.code == "store.exists"
    store = sqlite_store(tmp_path)
    assert store.head() == recomputed(store)
    assert dict(store.rows(Space.MISC)) == {"domain": b"d"}
    store.close()


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    unit, _ = opening()
    append(store, unit)
    assert stat.S_IMODE((tmp_path / "store").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "store" / "log.db").stat().st_mode) == 0o600
    for path in (tmp_path / "store" / "payloads").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    store.close()


def test_a_half_made_store_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "store" / "payloads").mkdir(parents=True)
    (tmp_path / "store" / "log.db.new").write_bytes(b"half")
    with unavailable("store.missing"):
        SqliteStore.open(tmp_path / "store", payload_key=PAYLOAD_KEY)
    SqliteStore.create(tmp_path / "store", payload_key=PAYLOAD_KEY).close()


def test_a_key_of_another_length_lets_the_lock_go(tmp_path: Path) -> None:
    sqlite_store(tmp_path).close()
    with pytest.raises(ValueError, match="32"):
        SqliteStore.open(tmp_path / "store", payload_key=b"short")
    sqlite_store(tmp_path).close()


def test_short_lived_actions_never_reach_the_state_table(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    unit, left = opening()
    append(store, unit)
    for _ in range(sqlite.FOLD_EVERY):
        unit, its = opening()
        append(store, unit)
        append(store, closing(its))
    table = store._database.execute("SELECT key FROM state WHERE space = 'opens'").fetchall()
    assert (left,) in table
    assert len(table) <= 2
    (kept,) = store._database.execute("SELECT count(*) FROM recent").fetchone()
    assert kept <= sqlite.FOLD_EVERY
    store.close()


def test_after_a_failure_it_must_be_reopened(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    append(store, Unit(leaves=(leaf(),)))
    head = store.head()
    store._database.execute("CREATE TRIGGER no BEFORE INSERT ON tile BEGIN SELECT RAISE(ABORT, 'no'); END")
    with unavailable("store.failed"):
        append(store, Unit(leaves=(leaf(),), effects=(Put(Space.MISC, "a", b"1"),)))
    with unavailable("store.failed"):
        append(store, Unit(leaves=(leaf(),)))
    store.reopen()
    assert store.head() == head
    assert list(store.rows(Space.MISC)) == []
    store._database.execute("DROP TRIGGER no")
    append(store, Unit(leaves=(leaf(),)))
    assert store.head() == recomputed(store)
    store.close()


def test_reopening_makes_what_is_seen_durable(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    append(store, Unit(leaves=(leaf(),)))
    store.reopen()
    assert (tmp_path / "store" / "log.db-wal").stat().st_size == 0
    assert store.head()[0] == 1
    store.close()


def test_the_reserve_is_spent_once(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    assert store.spend_reserve()
    assert not store.spend_reserve()
    store.close()
    store = sqlite_store(tmp_path)
    assert store.spend_reserve()  # laid in again
    store.close()


def test_a_spent_reserve_is_laid_in_again_with_the_next_write(tmp_path: Path) -> None:
    """The disk may fill up a second time, and an order must find room then too."""
    store = sqlite_store(tmp_path)
    assert store.spend_reserve()
    assert not store.spend_reserve()
    append(store, Unit(leaves=(leaf(),)))
    assert store.spend_reserve()
    store.close()


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _carried(store: SqliteStore) -> list[bytes]:
    return [record for _, record in carried(store._database)]


def test_a_short_batch_waits_for_one_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log's own: what else it has is in its transaction."""
    store = sqlite_store(tmp_path)
    append(store, opening()[0])  # the file of the day is made
    monkeypatch.setattr("os.fdatasync", None)
    monkeypatch.setattr("os.fsync", None)
    unit, its = opening()
    append(store, unit)
    assert len(_carried(store)) == 2
    view = store.view()
    assert view.payload(its, "in") == (unit.payloads[0].salt, b"what is asked")
    view.close()
    monkeypatch.undo()
    store.close()


def test_what_was_carried_goes_with_the_next_fold(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    for _ in range(sqlite.FOLD_EVERY - 1):
        append(store, opening()[0])
    assert len(_carried(store)) == sqlite.FOLD_EVERY - 1
    append(store, opening()[0])
    assert _carried(store) == []
    store.close()


def test_payload_files_that_were_lost_come_back_from_the_log(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    units = [opening() for _ in range(3)]
    for unit, _ in units:
        append(store, unit)
    store.close()
    for path in (tmp_path / "store" / "payloads").iterdir():
        path.write_bytes(b"")
    store = sqlite_store(tmp_path)
    view = store.view()
    for unit, its in units:
        assert view.payload(its, "in") == (unit.payloads[0].salt, b"what is asked")
    view.close()
    store.close()


def test_before_it_is_opened_again_readers_find_them_in_the_log(tmp_path: Path) -> None:
    """`log fsck` looks at what a power cut left before the service has started."""
    store = sqlite_store(tmp_path)
    unit, its = opening()
    append(store, unit)
    store.close()
    (path,) = (tmp_path / "store" / "payloads").iterdir()
    for spoiled in (b"", path.read_bytes()[:-20] + bytes(20)):
        path.write_bytes(spoiled)
        view = SqliteView(tmp_path / "store", PAYLOAD_KEY)
        assert view.payload(its, "in") == (unit.payloads[0].salt, b"what is asked")
        view.close()


def test_what_is_erased_is_in_no_file_not_even_sealed(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    unit, its = opening()
    append(store, unit)
    (record,) = _carried(store)
    append(store, opening()[0])
    pieces = [record[at : at + 16] for at in range(HEAD.size, len(record) - 16, 16)]
    before = _files(tmp_path / "store")
    assert sum(pieces[0] in data for data in before.values()) == 2, "the payload file, and the log"
    assert store.erase([(0, its)]) == 1
    for name, data in _files(tmp_path / "store").items():
        assert not any(piece in data for piece in pieces), name
    store.reopen()
    view = store.view()
    assert view.payload(its, "in") is None
    view.close()
    store.close()


def test_what_expired_is_in_no_file_not_even_sealed(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    append(store, opening()[0], expires=5 * DAY_MS)
    (record,) = _carried(store)
    pieces = [record[at : at + 16] for at in range(HEAD.size, len(record) - 16, 16)]
    while store.sweep(6 * DAY_MS):
        pass
    for name, data in _files(tmp_path / "store").items():
        assert not any(piece in data for piece in pieces), name
    store.close()


def test_a_sync_that_failed_before_an_erasure_is_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system tells of it once. Were it tried again, and the rows deleted, nobody had the payloads any more."""
    store = sqlite_store(tmp_path)
    unit, its = opening()
    append(store, unit)
    (kept,) = _carried(store)

    def fails(file: int) -> None:
        raise OSError(5, "input/output error")

    with monkeypatch.context() as broken:
        broken.setattr("os.fdatasync", fails)
        with unavailable("store.failed"):
            store.erase([(0, "a" * 32)])
    with unavailable("store.failed"):
        store.erase([(0, its)])
    with unavailable("store.failed"):
        store.sweep(1 << 50)
    with unavailable("store.failed"):
        append(store, opening()[0])
    assert _carried(store) == [kept]
    store.reopen()
    append(store, opening()[0])
    assert store.erase([(0, its)]) == 1
    store.close()


def test_a_reader_that_stays_keeps_nobody_from_writing(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    unit, its = opening()
    append(store, unit)
    reader = connect_reading(tmp_path / "store" / "log.db")
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM recent").fetchone() == (2,)
    began = time.monotonic()
    with unavailable("store.busy"):
        store.erase([(0, its)])
    assert time.monotonic() - began < 3, "no stop order is written meanwhile"
    append(store, opening()[0])
    reader.execute("COMMIT")
    reader.close()
    assert store.erase([(0, its)]) == 1
    store.close()


def test_rows_that_were_spoiled_are_never_written_to_the_payload_files(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    for _ in range(2):
        append(store, opening()[0])
    # As if a bit of the second one's place had flipped: it would be written over the first.
    store._database.execute("UPDATE unsynced SET place = (SELECT min(place) FROM unsynced)")
    store.close()
    before = _files(tmp_path / "store" / "payloads")
    with unavailable("store.damaged"):
        sqlite_store(tmp_path)
    assert _files(tmp_path / "store" / "payloads") == before
