# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import random
from typing import Any

import pytest

from answerable.registry import levels
from answerable.registry.levels import Levels

numpy = pytest.importorskip("numpy")


def edges(*pairs: tuple[int, int]) -> tuple[Any, Any]:
    return tuple(numpy.array(column, numpy.int32) for column in zip(*pairs, strict=True))


def below(ordered: Levels, root: int, size: int) -> list[int]:
    found = numpy.zeros(size, bool)
    found[root] = True
    ordered.sweep(found)
    return list(map(int, numpy.flatnonzero(found)))


def test_one_pass_finds_all_depths_and_several_parents() -> None:
    ordered = Levels(numpy)
    # 6 comes from 1 directly and, deeper down, from 5: it is looked at after both.
    ordered.take(*edges((1, 2), (2, 3), (3, 5), (1, 6), (5, 6), (6, 7), (4, 8)))
    assert below(ordered, 1, 9) == [1, 2, 3, 5, 6, 7]
    assert below(ordered, 3, 9) == [3, 5, 6, 7]
    assert below(ordered, 4, 9) == [4, 8]
    assert below(ordered, 7, 9) == [7]


@pytest.mark.parametrize("young", [1, 4, 10**9])
def test_it_says_the_same_as_it_grows(monkeypatch: pytest.MonkeyPatch, young: int) -> None:
    monkeypatch.setattr(levels, "YOUNG", young)
    draw, ordered, parents = random.Random(5), Levels(numpy), {1: set[int]()}
    for start in range(2, 600, 37):
        pairs = []
        for child in range(start, start + 37):
            parents[child] = {draw.randrange(max(1, child - 20), child) for _ in range(draw.choice((0, 1, 1, 3)))}
            pairs += [(parent, child) for parent in sorted(parents[child])]
        draw.shuffle(pairs)
        ordered.take(*edges(*pairs))
        assert ordered.whole
        for root in (1, start - 1, start + 3, draw.randrange(1, start)):
            expected = {root}
            for child in range(root, start + 37):
                if parents[child] & expected:
                    expected.add(child)
            assert below(ordered, root, start + 40) == sorted(expected)


def test_what_would_break_the_order_ends_it() -> None:
    for pairs in ([(3, 2)], [(2, 2)], [(1, 2)]):  # a younger parent, itself, an edge to what was ordered before
        ordered = Levels(numpy)
        ordered.take(*edges((1, 2), (2, 3)))
        assert ordered.whole
        ordered.take(*edges(*pairs))
        assert not ordered.whole


def test_too_deep_to_be_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(levels, "_DEEPEST", 9)
    ordered = Levels(numpy)
    ordered.take(*edges(*((n, n + 1) for n in range(1, 12))))
    assert not ordered.whole


def test_no_edges_are_no_change() -> None:
    ordered = Levels(numpy)
    ordered.take(numpy.zeros(0, numpy.int32), numpy.zeros(0, numpy.int32))
    assert below(ordered, 1, 3) == [1]
