# SPDX-License-Identifier: Apache-2.0
"""What `test_replay` shows of whole rows, here of their refusals."""

from __future__ import annotations

import pytest

from answerable.log.leaf import decode, rid
from answerable.model.leaves import OrderLeaf, ReauthorisationLeaf, ReleaseLeaf
from answerable.model.units import EPOCH, Put, Space
from answerable.registry.book import Book
from answerable.sequencer.replay_stops import count, reauthorisation, release, stop
from tests.whole_life import whole_life


def test_counters_begin_at_one_and_go_up() -> None:
    book = Book("x.example")
    for number in (b"1", b"2", b"3"):
        put = count(book, EPOCH)
        assert put == Put(Space.COUNTERS, EPOCH, number)
        book.apply((put,))


def test_orders_of_nobody_and_of_nothing_are_not_told() -> None:
    life = whole_life()
    for data in life.leaves:
        leaf, its = decode(data), rid(data)
        if isinstance(leaf, OrderLeaf):
            assert stop(life.book, leaf, its, "why") == []  # it is known: nothing is told twice
            first, bump, spent = stop(life.book, leaf, "a" * 32, "why")
            assert isinstance(first, Put)
            assert b'"reason":"why"' in first.value
            assert (bump.space, spent.space, spent.key) == (Space.COUNTERS, Space.NONCES, leaf.n)
            with pytest.raises(Exception, match="root_unknown"):
                stop(Book("x.example"), leaf, its, "")
        elif isinstance(leaf, ReleaseLeaf):
            assert release(life.book, leaf, its) == []
            assert release(life.book, leaf, "a" * 32)[0].key == leaf.order
            with pytest.raises(ValueError, match="never ordered"):
                release(Book("x.example"), leaf, its)
        elif isinstance(leaf, ReauthorisationLeaf):
            assert reauthorisation(life.book, leaf, its)[0].key == leaf.id
            with pytest.raises(ValueError, match="nobody enrolled"):
                reauthorisation(Book("x.example"), leaf, its)
