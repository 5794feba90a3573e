# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from answerable.stores.found import INDEX_FILE
from answerable.stores.view import SqliteView
from tests.ledger import PAYLOAD_KEY, append, opening, sqlite_store, unavailable


def test_it_reads_beside_the_writer_and_cannot_write(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    view = store.view()
    unit, its = opening(body=b"body")
    append(store, unit)
    assert view.payload(its, "in") == (unit.payloads[0].salt, b"body")
    with pytest.raises(sqlite3.OperationalError):
        view._log.execute("DELETE FROM segment")
    view.close()
    store.close()


def test_the_index_may_be_deleted(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    unit, its = opening()
    append(store, unit)
    view = store.view()
    assert view.find(its) == 0
    view.close()
    (store.path / INDEX_FILE).unlink()
    view = store.view()
    assert view.find(its) == 0
    view.close()
    store.close()


def test_two_views_at_once(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    one, two = store.view(), store.view()
    for _ in range(3):
        unit, its = opening()
        append(store, unit)
        assert one.find(its) == two.find(its)
    one.close()
    two.close()
    store.close()


def test_no_store_no_view(tmp_path: Path) -> None:
    with unavailable("store.failed"):
        SqliteView(tmp_path, PAYLOAD_KEY)


def test_another_payload_key_reads_records_and_no_payload(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    unit, its = opening()
    append(store, unit)
    view = SqliteView(store.path, b"k" * 32)
    with unavailable("store.damaged"):
        view.payload(its, "in")
    view.close()
    store.close()
