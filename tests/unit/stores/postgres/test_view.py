# SPDX-License-Identifier: Apache-2.0
"""Reading beside the writer; `tests/conformance` has what every view keeps to."""

from __future__ import annotations

from answerable.stores.postgres.session import Session
from answerable.stores.postgres.store import PostgresStore
from tests.ledger import append, closing, opening, unavailable


def test_it_comes_back_after_the_server_was_away(store: PostgresStore, beside: Session) -> None:
    unit, its = opening()
    append(store, unit)
    view = store.view()
    assert view.find(its) == 0
    beside.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid()"
    )
    with unavailable("store.unreachable"):
        view.head()
    assert view.payload(its, "in") is not None
    view.close()


def test_index_and_tags_are_built_anew_where_they_are_missing(store: PostgresStore) -> None:
    unit, its = opening()
    append(store, unit)
    append(store, closing(its, tag=b"T" * 16))
    view = store.view()
    found = (view.find(its), view.close_of(its), view.by_tag(b"T" * 16))
    assert None not in found
    view.close()
    for name in ("index.db", "tags.db"):
        (store.path / name).unlink()
    view = store.view()
    assert (view.find(its), view.close_of(its), view.by_tag(b"T" * 16)) == found
    view.close()
