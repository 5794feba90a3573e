# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.registry.adjacency import OVERLAY, Compressed, Listed

numpy = pytest.importorskip("numpy")


def test_both_forms_keep_the_order_of_children() -> None:
    listed, rows = Listed(), Compressed(numpy)
    for edges in (listed, rows):
        for parent, child in ((1, 5), (1, 3), (2, 4), (1, 4)):
            edges.add(parent, child)
        assert [list(edges.of(n)) for n in (1, 2, 3)] == [[5, 3, 4], [4], []]
        assert edges.count == 4
    assert sorted(listed.pairs()) == [(1, 3), (1, 4), (1, 5), (2, 4)]


def test_what_waits_in_the_overlay_is_seen_and_merged_in() -> None:
    rows = Compressed(numpy)
    top = 3 * OVERLAY
    for n in range(1, top):
        rows.add(n, n + 1)  # a chain: each answer crosses the merged rows and the overlay
        if n in (OVERLAY // 2, OVERLAY + 5, 2 * OVERLAY + 9):
            found = numpy.zeros(top + 2, bool)
            found[1] = True
            assert sum(map(len, rows.spread(found, numpy.array([1], numpy.intp)))) == n
            assert numpy.flatnonzero(found).tolist() == list(range(1, n + 2))
    assert list(rows.of(top - 1)) == [top]
    assert list(rows.of(1)) == [2]


def test_a_diamond_is_found_once() -> None:
    rows = Compressed(numpy)
    for parent, child in ((1, 2), (1, 3), (2, 4), (3, 4), (4, 5)):
        rows.add(parent, child)
    rows._merge()
    found = numpy.zeros(6, bool)
    found[1] = True
    pieces = rows.spread(found, numpy.array([1], numpy.intp))
    assert sorted(n for piece in pieces for n in piece.tolist()) == [2, 3, 4, 5]


@pytest.mark.parametrize("levels", [False, True])
def test_covering_marks_what_spreading_finds(*, levels: bool) -> None:
    rows = Compressed(numpy, levels=levels)
    for child in range(2, 3 * OVERLAY):
        rows.add(child // 2, child)
    for root in (1, 2, OVERLAY - 1, 2 * OVERLAY):
        one, other = numpy.zeros(4 * OVERLAY, bool), numpy.zeros(4 * OVERLAY, bool)
        one[root] = other[root] = True
        rows.spread(one, numpy.array([root], numpy.intp))
        rows.cover(other, numpy.array([root], numpy.intp))
        assert (one == other).all()
        assert one.sum() > 1 or root == 2 * OVERLAY


def test_an_order_that_does_not_hold_is_not_relied_on() -> None:
    rows = Compressed(numpy, levels=True)
    rows.add(5, 2)  # a parent that came later: no registration makes this
    for child in range(6, 2 * OVERLAY):
        rows.add(child - 1, child)
    found = numpy.zeros(2 * OVERLAY, bool)
    found[5] = True
    rows.cover(found, numpy.array([5], numpy.intp))
    assert numpy.flatnonzero(found).tolist() == [2, *range(5, 2 * OVERLAY)]


def test_all_that_is_marked_is_where_to_start_from() -> None:
    rows = Compressed(numpy)
    for parent, child in ((1, 2), (3, 4), (4, 6), (5, 7)):
        rows.add(parent, child)
    for _ in ("beside the rows", "in them"):
        found = numpy.zeros(8, bool)
        found[[1, 3]] = True
        rows.spread(found, None)
        assert numpy.flatnonzero(found).tolist() == [1, 2, 3, 4, 6]
        rows._merge() if not rows._children.size else None
