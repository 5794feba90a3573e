# SPDX-License-Identifier: Apache-2.0
"""Letting payloads go: interrupted at each step, and what is left of them on any disk."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from answerable.errors import Unavailable
from answerable.stores.postgres.keyring import Keyring
from answerable.stores.postgres.payloads import PayloadReads, Row, opened
from answerable.stores.postgres.session import Session
from answerable.stores.postgres.store import PostgresStore
from tests.ledger import DAY_MS, PAYLOAD_KEY, append, opening, unavailable
from tests.postgres import Server


class Stop(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("step", ["rows", "shred", "settle"])
def test_one_that_failed_and_may_have_been_written_is_ended_by_the_same_process(
    again: Callable[[], PostgresStore], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The rows are replaced, and the answer says that they may not be: at the next try there is nothing to replace, and
    the old key must go all the same."""
    store = again()
    units, rids = zip(*(opening(body=b"body %d" % number) for number in range(2)), strict=True)
    append(store, *units)
    (before,) = [Row(*row) for row in store._session.rows("SELECT * FROM payload")]
    real = Session.row_for_sure

    def fail(*arguments: Any) -> Any:
        if step == "rows":
            real(*arguments)
        raise Unavailable("store.failed", detail="the server warned")

    with monkeypatch.context() as patch:
        owner, name = (Session, "row_for_sure") if step == "rows" else (Keyring, step)
        patch.setattr(owner, name, fail)
        with unavailable("store.failed"):
            store.erase([(1, rids[1])])
    assert store.erase([(1, rids[1])]) == 0
    ring = Keyring(store.path / "payload-keys", PAYLOAD_KEY)
    assert opened(ring, before) is None
    assert ring.intended() == []
    view = store.view()
    assert [view.payload(rid, "in") is None for rid in rids] == [False, True]
    view.close()
    store.close()


@pytest.mark.parametrize("step", ["intend", "rows", "shred", "settle"])
def test_interrupted_anywhere_it_is_whole_and_ends_at_the_next_try(
    again: Callable[[], PostgresStore], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    store = again()
    units, rids = zip(*(opening(body=b"body %d" % number) for number in range(3)), strict=True)
    append(store, *units)
    (before,) = [Row(*row) for row in store._session.rows("SELECT * FROM payload")]

    def stop(*_: object) -> Any:
        raise Stop

    with monkeypatch.context() as patch:
        if step != "rows":
            patch.setattr(Keyring, step, stop)
        else:
            patch.setattr(Session, "row_for_sure", stop)
        with pytest.raises(Stop):
            store.erase([(1, rids[1])])
    store.close()
    store = again()
    done = step in ("shred", "settle")
    ring = Keyring(store.path / "payload-keys", PAYLOAD_KEY)
    assert (opened(ring, before) is None) == (step == "settle"), "nothing is let go before the guard was asked"
    store.sweep(0)
    assert (opened(ring, before) is None) == done, "the old slot goes with the old row"
    view = store.view()
    assert (view.payload(rids[1], "in") is None) == done
    assert store.erase([(1, rids[1])]) == int(not done)
    assert opened(ring, before) is None
    assert [view.payload(rid, "in") is None for rid in rids] == [False, True, False]
    assert ring.intended() == []
    view.close()
    store.close()


def test_a_process_that_lost_its_turn_erases_nothing(store: PostgresStore, beside: Session) -> None:
    unit, its = opening()
    append(store, unit)
    beside.rows("UPDATE head SET term = term + 1")
    with unavailable("store.taken"):
        store.erase([(0, its)])
    ring = Keyring(store.path / "payload-keys", PAYLOAD_KEY)
    assert PayloadReads(beside, ring).get(0, its, "in") is not None


def test_many_rows_go_in_steps(store: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("answerable.stores.postgres.erasure.STEP_ROWS", 3)
    rids = []
    for _ in range(10):
        unit, its = opening()
        append(store, unit, expires=5 * DAY_MS)
        rids.append(its)
    calls = 0
    while store.sweep(8 * DAY_MS, {rids[4], rids[5]}.__contains__):
        calls += 1
    view = store.view()
    assert [view.payload(rid, "in") is not None for rid in rids] == [at in (4, 5) for at in range(10)]
    calls = 0
    while store.sweep(8 * DAY_MS):
        calls += 1
    assert calls >= 1
    assert store._session.row("SELECT count(*) FROM payload")[0] == 0
    assert (store.path / "payload-keys" / "5").exists() is False
    view.close()


def test_of_a_day_that_is_over_each_slot_is_let_go_of_apart(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("answerable.stores.postgres.keyring.SLOT_PAYLOADS", 2)
    rids = []
    for _ in range(6):  # three slots: of the first one stays, of the second none, of the third both
        unit, its = opening()
        append(store, unit, expires=5 * DAY_MS)
        rids.append(its)
    rows = [Row(*row) for row in store._session.rows("SELECT * FROM payload ORDER BY first")]
    assert [row.slot for row in rows] == [0, 0, 1, 1, 2, 2]
    while store.sweep(8 * DAY_MS, {rids[0], rids[4], rids[5]}.__contains__):
        pass
    view, ring = store.view(), Keyring(store.path / "payload-keys", PAYLOAD_KEY)
    assert [view.payload(rid, "in") is not None for rid in rids] == [True, False, False, False, True, True]
    assert [opened(ring, row) is None for row in rows] == [True, True, True, True, False, False]
    assert store._session.row("SELECT count(*) FROM payload")[0] == 3
    assert ring.intended() == []
    view.close()


def test_what_asks_whether_it_is_held_may_fail(store: PostgresStore) -> None:
    unit, its = opening()
    append(store, unit, expires=5 * DAY_MS)

    def held(rid: str) -> bool:
        raise Unavailable("store.failed", detail="cannot tell")

    with unavailable("store.failed"):
        store.sweep(8 * DAY_MS, held)
    view = store.view()
    assert view.payload(its, "in") is not None
    view.close()


def test_rows_whose_keys_are_missing_stay_for_as_long_as_a_hold_stands(again: Callable[[], PostgresStore]) -> None:
    store = again()
    unit, its = opening()
    append(store, unit, expires=5 * DAY_MS)
    keys, away = store.path / "payload-keys" / "5", store.path / "5.away"
    keys.rename(away)
    while store.sweep(8 * DAY_MS, lambda rid: True):
        pass
    store.close()
    store = again()  # nothing that was learnt by the first opening counts
    while store.sweep(8 * DAY_MS, lambda rid: rid != its):
        pass
    assert store._session.row("SELECT count(*) FROM payload")[0] == 1, "nobody can tell whose it is"
    away.rename(keys)
    view = store.view()
    assert view.payload(its, "in") is not None, "the folder was brought back"
    while store.sweep(8 * DAY_MS, lambda rid: rid == its):
        pass
    assert view.payload(its, "in") is not None
    keys.rename(away)
    while store.sweep(8 * DAY_MS):
        pass
    assert store._session.row("SELECT count(*) FROM payload")[0] == 0, "no hold stands any more"
    view.close()
    store.close()


def test_rows_whose_slot_is_missing_stay_with_what_is_held(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("answerable.stores.postgres.keyring.SLOT_PAYLOADS", 1)
    rids = []
    for _ in range(3):  # a slot each
        unit, its = opening()
        append(store, unit, expires=5 * DAY_MS)
        rids.append(its)
    keys = store.path / "payload-keys" / "5"
    whole = keys.read_bytes()
    keys.write_bytes(whole[:-32])
    while store.sweep(8 * DAY_MS, {rids[0]}.__contains__):
        pass
    assert [row[0] for row in store._session.rows("SELECT first FROM payload ORDER BY first")] == [0, 2]
    assert Keyring(store.path / "payload-keys", PAYLOAD_KEY).erased(5, 1)
    while store.sweep(8 * DAY_MS):
        pass
    assert store._session.row("SELECT count(*) FROM payload")[0] == 0
    assert not keys.exists()


@pytest.mark.parametrize("step", ["intend", "shred_day", "rows"])
def test_a_day_that_was_let_go_of_ends_whatever_else_is_held(
    again: Callable[[], PostgresStore], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Interrupted anywhere between its keys and its rows, under a hold over something else."""
    store = again()
    unit, _ = opening()
    append(store, unit, expires=5 * DAY_MS)

    def stop(*_: object) -> Any:
        raise Stop

    with monkeypatch.context() as patch:
        if step == "rows":
            patch.setattr("answerable.stores.postgres.erasure.Erasure._rows_of_days", stop)
        else:
            patch.setattr(Keyring, step, stop)
        with pytest.raises(Stop):
            store.sweep(8 * DAY_MS, lambda rid: False)
    store.close()
    store = again()
    calls = 0
    while store.sweep(8 * DAY_MS, lambda rid: False):
        calls += 1
        assert calls < 10
    assert store._session.row("SELECT count(*) FROM payload")[0] == 0
    ring = Keyring(store.path / "payload-keys", PAYLOAD_KEY)
    assert ring.intended() == []
    assert ring.days() == []
    store.close()


def test_a_hold_that_came_between_the_note_and_the_keys_keeps_the_day(
    again: Callable[[], PostgresStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = again()
    unit, its = opening()
    append(store, unit, expires=5 * DAY_MS)

    def stop(*_: object) -> Any:
        raise Stop

    with monkeypatch.context() as patch:
        patch.setattr(Keyring, "shred_day", stop)
        with pytest.raises(Stop):
            store.sweep(8 * DAY_MS)
    store.close()
    store = again()
    while store.sweep(8 * DAY_MS, {its}.__contains__):
        pass
    view = store.view()
    assert view.payload(its, "in") is not None
    assert Keyring(store.path / "payload-keys", PAYLOAD_KEY).intended() == []
    view.close()
    store.close()


def test_what_a_server_keeps_of_an_erased_payload_opens_for_nobody(
    postgres: Server, store: PostgresStore, beside: Session
) -> None:
    """Every file of the server and of the store is searched. What the server has of it, in its write-ahead log at
    least, is sealed bytes; every key that is left is tried on them."""
    body = b"the words of a person, unlike any others: 7f3a"
    units, rids = zip(*(opening(body=body if number == 1 else b"else %d" % number) for number in range(3)), strict=True)
    append(store, *units)
    (before,) = [Row(*row) for row in beside.rows("SELECT * FROM payload")]
    ring = Keyring(store.path / "payload-keys", PAYLOAD_KEY)
    names = opened(ring, before) or []
    record_key = next(name[2] for name in names if name[0] == rids[1])
    drawn = (store.path / "payload-keys" / str(before.day)).read_bytes()[32 * before.slot : 32 * before.slot + 32]
    secrets = (body, units[1].payloads[0].salt, record_key)
    for secret in secrets:
        assert _files_with(secret, postgres.data, store.path) == []
    assert store.erase([(1, rids[1])]) == 1
    postgres.sql("CHECKPOINT")
    for secret in (*secrets, drawn):
        assert _files_with(secret, postgres.data, store.path) == []
    left = _files_with(before.names[:64], postgres.data, store.path)
    assert any("pg_wal" in path.parts for path in left), "the server does keep what it was told"
    for day in ring.days():
        for slot in range((store.path / "payload-keys" / str(day)).stat().st_size // 32):
            try:
                found = opened(ring, Row(before.first, day, slot, before.names, before.body))
            except Unavailable:
                found = None
            assert found is None


def _files_with(secret: bytes, *folders: Path) -> list[Path]:
    found = []
    for path in (path for folder in folders for path in folder.rglob("*")):
        with contextlib.suppress(OSError):  # a server makes and removes files
            if secret in path.read_bytes():
                found.append(path)
    return found
