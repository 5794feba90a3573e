# SPDX-License-Identifier: Apache-2.0
"""What the issuer signed once, the registry knows again: row, root and epoch as before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.admission import orders
from answerable.admission.holding import HolderView
from answerable.errors import AnswerableError, Refused
from answerable.log.leaf import decode, rid
from answerable.model.leaves import OrderLeaf, RegainedLeaf, ReleaseLeaf
from answerable.model.terms import OrderKind
from answerable.model.units import EPOCH, Lane, Space
from answerable.registry.book import Book
from answerable.sequencer.replay import Replay
from answerable.stops import regain
from tests.unit.admission.a_stop import ANNA, ANNA_KID, ORIGIN, PINNED, T0, issued, order, released


def told(number: int = 7, epoch: int = 1, **more: object) -> orders.Told:
    return orders.read(issued(order(number, **more), number, epoch=epoch), PINNED)  # type: ignore[arg-type]


def commit(book: Book, planned: object) -> None:
    book.apply(planned.unit.effects)  # type: ignore[attr-defined]


def test_a_lost_order_comes_back_as_it_was() -> None:
    book, view = Book("demo.invalid"), HolderView(PINNED, pulse_required=False)
    messages = [issued(order(number), number, epoch=number) for number in (1, 2, 3)]
    found = [each for message in messages if (each := view.order(message)) is not None]
    assert regain.lost(book, reversed(found)) == tuple(found), "the oldest first"
    for each in found:
        planned = regain.regain(book, each, T0)
        assert planned.unit.lane is Lane.STOP
        kinds = [type(decode(leaf)) for leaf in planned.unit.leaves]
        assert kinds == [RegainedLeaf, OrderLeaf]
        assert rid(planned.unit.leaves[1]) == each.stop.rid
        commit(book, planned)
        assert regain.row_of(each.data).kind == OrderKind.TERMINATE
    assert book.epoch == 3
    assert regain.root(book, 3) == view.root(3)
    assert regain.lost(book, found) == ()


def test_a_release_comes_back_to_its_order() -> None:
    book = Book("demo.invalid")
    leaf = order(7, kind="suspend", by=((ANNA, ANNA_KID),))
    first = orders.read(issued(leaf, 7, epoch=1), PINNED)
    commit(book, regain.regain(book, first, T0))
    lifted = released(leaf)
    second = orders.read(issued(leaf, 7, epoch=1, changed=2, release=lifted), PINNED)
    assert regain.lost(book, [second]) == (second,)
    planned = regain.regain(book, second, T0)
    assert [type(decode(each)) for each in planned.unit.leaves] == [RegainedLeaf, ReleaseLeaf]
    commit(book, planned)
    (row,) = book.stops()
    assert (row.released, row.changed, book.epoch) == (rid(lifted), 2, 2)


def test_the_number_of_changes_never_falls() -> None:
    book = Book("demo.invalid")
    commit(book, regain.regain(book, told(1, epoch=9), T0))
    commit(book, regain.regain(book, told(2, epoch=3), T0))
    assert int(book.raw(Space.COUNTERS, EPOCH) or b"0") == 9


def test_what_the_issuer_did_not_sign_is_not_the_registrys() -> None:
    direct = orders.read(orders.direct(order(7, scope="all", root=""), origin=ORIGIN), PINNED)
    book = Book("demo.invalid")
    assert regain.lost(book, [direct]) == ()
    with pytest.raises(Refused, match=r"recover\.order"):
        regain.regain(book, direct, T0)


def test_the_log_tells_the_same_rows_again() -> None:
    book = Book("demo.invalid")
    replay = Replay("demo.invalid", lambda _rid, _group: None, lambda _rid: None)
    for number in (1, 2):
        planned = regain.regain(book, told(number, epoch=number), T0)
        commit(book, planned)
        for leaf in planned.unit.leaves:
            replay.take(decode(leaf), rid(leaf))
    assert list(replay.book.stops()) == list(book.stops())
    assert replay.book.epoch == book.epoch
    assert dict(replay.book.rows(Space.NONCES)) == dict(book.rows(Space.NONCES))


@given(st.binary(max_size=300))
def test_whatever_the_bytes_they_are_refused_in_one_way(data: bytes) -> None:
    for read in (regain.row_of, regain.parts_of):
        with pytest.raises(AnswerableError):
            read(data)
