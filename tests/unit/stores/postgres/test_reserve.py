# SPDX-License-Identifier: Apache-2.0
"""Space for stop orders on the server's disk."""

from __future__ import annotations

from answerable.stores.postgres.reserve import RESERVE_BYTES, lay_in, spend
from answerable.stores.postgres.session import Session
from answerable.stores.postgres.store import PostgresStore

SIZE = "SELECT pg_total_relation_size('answerable.reserve')"


def test_it_is_there_is_spent_once_and_comes_back(store: PostgresStore, beside: Session) -> None:
    assert beside.row(SIZE)[0] > RESERVE_BYTES
    assert store.spend_reserve() is True
    assert beside.row(SIZE)[0] < 100_000
    assert store.spend_reserve() is False
    lay_in(beside)
    lay_in(beside)
    assert RESERVE_BYTES < beside.row(SIZE)[0] < 2 * RESERVE_BYTES
    assert spend(beside) is True


def test_a_server_that_is_gone_has_none(store: PostgresStore) -> None:
    store._session.drop()
    assert store.spend_reserve() is False
