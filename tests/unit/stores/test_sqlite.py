# SPDX-License-Identifier: Apache-2.0
"""What the conformance suite does not ask: files, opening, durability's settings, folding."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from answerable.errors import Refused
from answerable.model.units import Put, Space, Unit
from answerable.stores import sqlite
from answerable.stores.sqlite import SqliteStore
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
