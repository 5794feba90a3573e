# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec

from answerable.model.records import Stop
from answerable.model.units import EPOCH, Put, Space
from answerable.warrants.stopview import StopView
from tests.unit.warrants.office import Office


def test_is_indexed_once_for_each_change() -> None:
    office = Office()
    view = StopView(office.book)
    first = view.now()
    assert (first.quiet, first.epoch) == (True, 0)
    assert view.now() is first
    office.stop()
    second = view.now()
    assert (second.quiet, second.epoch) == (False, 1)
    assert view.now() is second


def test_an_order_that_was_regained_is_seen_though_its_number_is_an_old_one() -> None:
    office = Office()
    view = StopView(office.book)
    office.stop("other")
    office.stop("other", rid="second")
    assert view.now().epoch == 2
    row = office.book.raw(Space.STOPS, office.stop("base", rid="lost"))
    assert row is not None
    book = Office().book  # put back from the past: two other changes since, and now it is shown what it lost
    again = StopView(book)
    book.apply([Put(Space.COUNTERS, EPOCH, b"5")])
    assert again.now().quiet
    lost = msgspec.json.decode(row, type=Stop)
    book.apply([Put(Space.STOPS, lost.rid, row), Put(Space.COUNTERS, EPOCH, b"5")])
    assert not again.now().quiet
    assert again.now() is again.now()
