# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

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
