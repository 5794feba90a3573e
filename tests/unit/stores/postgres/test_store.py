# SPDX-License-Identifier: Apache-2.0
"""What this store does besides the contract: one writer, whatever becomes of its session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from answerable.errors import Refused
from answerable.model.units import Put, Space, Unit
from answerable.stores.postgres.session import Session
from answerable.stores.postgres.store import PAYLOAD_KEYS, PostgresStore, made
from tests.ledger import EMPTY, PAYLOAD_KEY, append, leaf, opening, recomputed, unavailable
from tests.postgres import Server, address


def test_it_is_made_once_and_opened(
    again: Callable[[], PostgresStore], postgres: Server, database: str, tmp_path: Path
) -> None:
    with unavailable("store.missing"):
        PostgresStore.open(tmp_path / "none", address(postgres, database), payload_key=PAYLOAD_KEY)
    store = again()
    append(store, Unit(leaves=(leaf(),)))
    assert made(store.path)
    assert not made(tmp_path)
    with pytest.raises(Refused) as refused:
        PostgresStore.create(tmp_path / "other", address(postgres, database), payload_key=PAYLOAD_KEY)
    assert refused.value.code == "store.exists"
    assert not (tmp_path / "other").exists()
    store.close()
    store = again()
    assert store.head()[0] == 1
    store.close()


def test_keys_without_tables_are_no_store(postgres: Server, database: str, tmp_path: Path) -> None:
    (tmp_path / PAYLOAD_KEYS).mkdir()
    with unavailable("store.missing"):
        PostgresStore.open(tmp_path, address(postgres, database), payload_key=PAYLOAD_KEY)


def test_a_second_process_of_this_machine_and_of_another(
    store: PostgresStore, postgres: Server, database: str, tmp_path: Path
) -> None:
    with unavailable("store.locked"):  # the folder
        PostgresStore.open(store.path, address(postgres, database), payload_key=PAYLOAD_KEY)
    (tmp_path / "elsewhere" / PAYLOAD_KEYS).mkdir(parents=True)
    with unavailable("store.locked"):  # the database
        PostgresStore.open(tmp_path / "elsewhere", address(postgres, database), payload_key=PAYLOAD_KEY)
    append(store, Unit(leaves=(leaf(),)))


def test_who_lost_the_session_cannot_write_beside_a_successor(
    store: PostgresStore, beside: Session, postgres: Server, database: str, tmp_path: Path
) -> None:
    """Even one whose connection still works: its turn is over."""
    append(store, Unit(leaves=(leaf(),)))
    beside.rows("SELECT pg_advisory_unlock_all()")
    store._session.rows("SELECT pg_advisory_unlock_all()")
    (tmp_path / "elsewhere" / PAYLOAD_KEYS).mkdir(parents=True)
    successor = PostgresStore.open(tmp_path / "elsewhere", address(postgres, database), payload_key=PAYLOAD_KEY)
    head = store.head()
    with unavailable("store.taken"):
        append(store, Unit(leaves=(leaf(),)))
    with unavailable("store.failed"):
        append(store, Unit(leaves=(leaf(),)))
    assert successor.head() == head
    append(successor, Unit(leaves=(leaf(),)))
    successor.close()
    with unavailable("store.taken"):
        store.reopen()
    store._session.connect()


def test_a_session_that_is_cut_needs_opening_anew(store: PostgresStore, beside: Session) -> None:
    append(store, Unit(leaves=(leaf(),)))
    beside.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        " AND datname = current_database()"
    )
    with unavailable("store.unreachable"):
        append(store, Unit(leaves=(leaf(),)))
    store.reopen()
    append(store, Unit(leaves=(leaf(),)))
    assert store.head() == recomputed(store)
    assert store.head()[0] == 2


def test_a_statement_that_is_still_running_is_decided_before_the_next_turn(
    store: PostgresStore, beside: Session
) -> None:
    """The old session holds the head's row in a transaction without end: it is ended, and what it did is not there."""
    append(store, Unit(leaves=(leaf(),)))
    store._session.script("BEGIN; UPDATE head SET size = 99")
    store.reopen()
    assert store.head()[0] == 1
    append(store, Unit(leaves=(leaf(),)))
    assert store.head() == recomputed(store)


def test_leaves_and_payloads_stand_or_fall_together(store: PostgresStore, beside: Session) -> None:
    unit, its = opening()
    beside.script(
        "CREATE FUNCTION answerable.no() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$;"
        "CREATE TRIGGER no BEFORE INSERT ON payload FOR EACH ROW EXECUTE FUNCTION answerable.no()"
    )
    with unavailable("store.full"):
        append(store, replace(unit, effects=(Put(Space.MISC, "a", b"1"),)))
    store.reopen()
    assert store.head() == (0, EMPTY)
    assert list(store.rows(Space.MISC)) == []
    beside.script("DROP TRIGGER no ON payload")
    append(store, unit)
    view = store.view()
    assert view.payload(its, "in") is not None
    view.close()


def test_a_fold_that_fails_writes_nothing_of_the_batch(
    store: PostgresStore, beside: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("answerable.stores.postgres.store.FOLD_EVERY", 3)
    for number in range(3):
        append(store, Unit(leaves=(leaf(),), effects=(Put(Space.MISC, f"{number}", b"x"),)))
    beside.script("ALTER TABLE state ADD CONSTRAINT no CHECK (key <> '1') NOT VALID")
    with unavailable("store.failed"):
        append(store, Unit(leaves=(leaf(),)))
    store.reopen()
    assert store.head()[0] == 3
    assert len(list(store.rows(Space.MISC))) == 3
    beside.script("ALTER TABLE state DROP CONSTRAINT no")
    for _ in range(4):
        append(store, Unit(leaves=(leaf(),)))
    assert beside.row("SELECT count(*) FROM state")[0] == 3
    assert beside.row("SELECT count(*) FROM recent")[0] <= 3
    assert len(list(store.rows(Space.MISC))) == 3


def test_a_batch_is_one_row_and_its_head_another(store: PostgresStore, beside: Session) -> None:
    append(store, Unit(leaves=tuple(leaf() for _ in range(50))))
    append(store, *(opening()[0] for _ in range(20)))
    assert beside.row("SELECT count(*) FROM segment")[0] == 2
    assert beside.row("SELECT count(*) FROM payload")[0] == 1
    assert beside.row("SELECT count(*) FROM head")[0] == 1
