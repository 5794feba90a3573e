# SPDX-License-Identifier: Apache-2.0
"""A store over a database of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from answerable.stores.postgres.session import Session
from answerable.stores.postgres.store import PostgresStore
from tests.postgres import Server, address, postgres_store


@pytest.fixture
def database(postgres: Server) -> str:
    return postgres.database()


@pytest.fixture
def again(postgres: Server, database: str, tmp_path: Path) -> Callable[[], PostgresStore]:
    """Makes the store, then opens it."""
    make = postgres_store(postgres, database)
    return lambda: make(tmp_path)


@pytest.fixture
def store(again: Callable[[], PostgresStore]) -> Iterator[PostgresStore]:
    made = again()
    yield made
    made.close()


@pytest.fixture
def beside(postgres: Server, database: str, store: PostgresStore) -> Iterator[Session]:
    """A session that knows no rules."""
    session = Session(address(postgres, database))
    yield session
    session.close()
