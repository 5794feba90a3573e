# SPDX-License-Identifier: Apache-2.0
"""Space for stop orders on the server's disk."""

from __future__ import annotations

import pytest

from answerable.errors import Unavailable
from answerable.model.units import Unit
from answerable.stores.postgres.reserve import PAUSE_S, RESERVE_BYTES, Reserve
from answerable.stores.postgres.session import Session
from answerable.stores.postgres.store import PostgresStore
from tests.ledger import append, leaf

SIZE = "SELECT pg_total_relation_size('answerable.reserve')"


def test_it_is_there_is_spent_once_and_comes_back(store: PostgresStore, beside: Session) -> None:
    assert beside.row(SIZE)[0] > RESERVE_BYTES
    assert store.spend_reserve() is True
    assert beside.row(SIZE)[0] < 100_000
    assert store.spend_reserve() is False
    reserve = Reserve(beside)
    reserve.lay_in()
    reserve.lay_in()
    assert RESERVE_BYTES < beside.row(SIZE)[0] < 2 * RESERVE_BYTES
    assert reserve.spend() is True


def test_a_spent_reserve_is_laid_in_again_with_the_next_write(store: PostgresStore, beside: Session) -> None:
    """The disk may fill up a second time, and an order must find room then too."""
    assert store.spend_reserve()
    append(store, Unit(leaves=(leaf(),)))
    assert RESERVE_BYTES < beside.row(SIZE)[0] < 2 * RESERVE_BYTES
    assert beside.row("SELECT to_regclass('room')")[0] is None, "the look for room leaves nothing"
    assert store.spend_reserve()


def test_a_disk_without_room_is_looked_at_now_and_then_and_holds_nothing_up(
    store: PostgresStore, beside: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, looks = [0.0], []
    reserve = Reserve(beside, lambda: now[0])
    assert reserve.spend()

    def full(sql: str) -> None:
        looks.append(sql)
        raise Unavailable("store.full", path="disk")

    with monkeypatch.context() as patch:
        patch.setattr(beside, "script", full)
        for _ in range(3):
            reserve.again()
        now[0] = PAUSE_S
        reserve.again()
    assert len(looks) == 2
    assert all("TEMPORARY" in sql for sql in looks), "no write-ahead log is written before there is room"
    assert beside.row(SIZE)[0] < 100_000
    now[0] = 2 * PAUSE_S
    reserve.again()
    assert beside.row(SIZE)[0] > RESERVE_BYTES


def test_a_server_that_is_gone_has_none(store: PostgresStore) -> None:
    store._session.drop()
    assert store.spend_reserve() is False
