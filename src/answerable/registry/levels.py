# SPDX-License-Identifier: Apache-2.0
"""Edges in the order of their children's depth: all that is below a set, however much, is marked in one pass over them.

Walking from a root downwards jumps about in memory, some 40 ns a system. Where a good part of all systems is below it,
reading every edge once, the shallow ones first, is several times cheaper (the bottom-up half of direction-optimising
search, Beamer et al., SC 2012). It rests on what registration keeps true: a parent's number is below its child's.
"""

from __future__ import annotations

from array import array
from typing import Any, Final

# Edges younger than the order, one in so many, wait beside it: to take 15,000 into a million takes some 20 ms.
YOUNG: Final = 64
_DEEPEST: Final = 2**16 - 1  # far past what registration allows; sorted by two bytes


class Levels:
    """Edges come by `take`. whole: whether the order holds; if not, nothing may be asked of it."""

    def __init__(self, numpy: Any) -> None:
        self._np = numpy
        self.whole = True
        self._depth = array("i", [0])  # by number, of what stands in the order
        self._parents: Any = numpy.zeros(0, numpy.int32)
        self._children: Any = numpy.zeros(0, numpy.int32)
        self._ends: list[int] = []  # level n: edges from _ends[n - 1] to _ends[n]
        self._young: tuple[Any, Any] = (self._parents, self._children)

    def take(self, parents: Any, children: Any) -> None:
        """More edges, as arrays of numbers. Those of one child come together."""
        np = self._np
        if not self.whole or not children.size:
            return
        if (parents >= children).any() or int(children.min()) < len(self._depth):
            self.whole = False  # a parent that is younger than its child, or an edge to what was ordered before
            return
        self._young = (np.concatenate((self._young[0], parents)), np.concatenate((self._young[1], children)))
        if self._young[0].size > self._parents.size // YOUNG:
            self._order()

    def sweep(self, found: Any) -> None:
        """Mark in the mask `found` all that is below what is marked."""
        np = self._np
        start = 0
        for end in self._ends:
            hit = np.flatnonzero(found[self._parents[start:end]])
            found[self._children[start:end][hit]] = True
            start = end
        parents, children = self._young
        while (hit := np.flatnonzero(found[parents] & ~found[children])).size:
            found[children[hit]] = True

    def _order(self) -> None:
        np = self._np
        parents, children = self._young
        depth = self._depth
        depth.extend([0] * (int(children.max()) + 1 - len(depth)))
        by_child = np.argsort(children, kind="stable")
        for parent, child in zip(parents[by_child].tolist(), children[by_child].tolist(), strict=True):
            if depth[child] <= depth[parent]:
                depth[child] = depth[parent] + 1
        levels = np.frombuffer(depth, np.int32)[children]
        if int(levels.max()) > _DEEPEST:
            self.whole = False
            return
        by_level = np.argsort(levels.astype(np.uint16), kind="stable")
        counts = np.bincount(levels)
        ends = np.array(self._ends, np.int64)
        ends = np.concatenate((ends, np.full(max(0, counts.size - ends.size), self._parents.size)))
        counts = np.concatenate((counts, np.zeros(ends.size - counts.size, np.int64)))
        # Each level's young edges go to its end: the others are copied, and not sorted anew.
        places = ends[levels[by_level]]
        self._parents = np.insert(self._parents, places, parents[by_level])
        self._children = np.insert(self._children, places, children[by_level])
        self._ends = (ends + np.cumsum(counts)).tolist()
        self._young = (self._parents[:0], self._children[:0])
