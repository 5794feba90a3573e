# SPDX-License-Identifier: Apache-2.0
"""Orders of officers, of an authority and of owners, the roster and what was refused, in each store: what is read back
after a start is what was decided, and what the leaves alone tell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from answerable.errors import Refused
from answerable.log.leaf import decode, rid
from answerable.model.leaves import RefusedLeaf, RosterLeaf
from answerable.model.units import Space
from answerable.ports import Store
from answerable.registry.book import Book
from answerable.sequencer.replay import Replay
from answerable.stops.officers import authorities_behind, by_owners, current, in_office
from answerable.stops.orders import release, release_statement
from tests.ledger import append, store_of
from tests.small_registry import ORIGIN
from tests.whole_life import Life, whole_life


@pytest.fixture(params=["sqlite", "memory", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made = store_of(request, tmp_path)
    yield made
    made.close()


def test_what_was_decided_stands_after_a_start(store: Store) -> None:
    life: Life = whole_life()
    for unit in life.units:
        append(store, unit)
    book = Book.load(ORIGIN, store.rows)
    for space in (Space.STOPS, Space.MISC, Space.SYSTEMS, Space.PARTY_KEYS, Space.ADMINS):
        assert dict(book.rows(space)) == dict(life.book.rows(space))
    listed = current(book)
    assert isinstance(listed, RosterLeaf)
    assert all(in_office(book, each.key) is not None for each in listed.off)
    stops = list(book.stops())
    owned = [stop for stop in stops if by_owners(book, stop.officers)]
    lawful = [stop for stop in stops if authorities_behind(book, stop)]
    staged = [stop for stop in stops if stop.pause]
    assert (len(owned), len(lawful), len(staged)) == (1, 1, 1)
    assert (owned[0].twins, len(lawful[0].twins)) == ((), 1)
    for stop in (*owned, *lawful):
        with pytest.raises(Refused, match=r"stop\.lapsed"):
            release(book, release_statement(stop.rid), life.now)


def test_the_leaves_alone_tell_the_same(store: Store) -> None:
    life: Life = whole_life()
    for unit in life.units:
        append(store, unit)
    leaves = store.leaves(0, 1 << 20)
    replay = Replay(ORIGIN, lambda its, group: None, lambda its: None)  # type: ignore[arg-type, return-value]
    told = [decode(data) for data in leaves]
    for leaf, data in zip(told, leaves, strict=True):
        if leaf.k not in ("grant", "revoke", "read", "erase", "preserve"):
            replay.take(leaf, rid(data))
    kept = dict(life.book.rows(Space.STOPS))
    again = {stop.rid: stop for stop in replay.book.stops()}
    assert again.keys() == kept.keys()
    for stop in life.book.stops():
        mine = again[stop.rid]
        assert (mine.officers, mine.twins, mine.digests, mine.pause, mine.upto, mine.until, mine.released) == (
            stop.officers, stop.twins, stop.digests, stop.pause, stop.upto, stop.until, stop.released,
        )  # fmt: skip
    assert current(replay.book) == current(life.book)
    assert any(isinstance(leaf, RefusedLeaf) for leaf in told)
