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
