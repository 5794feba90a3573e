# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.stores.memory import MemoryStore
from tests.ledger import append, opening, recomputed


def test_views_share_one_memory() -> None:
    store = MemoryStore()
    view = store.view()
    unit, its = opening()
    append(store, unit)
    assert view.find(its) == 0
    assert store.head() == recomputed(store) == view.head()


def test_there_is_no_space_to_keep() -> None:
    assert not MemoryStore().spend_reserve()
