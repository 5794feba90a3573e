# SPDX-License-Identifier: Apache-2.0
"""One kind of edge between systems, by registry number: as plain lists, or as compressed rows where numpy is there.

Compressed sparse rows (Eisenstat et al., Yale Sparse Matrix Package, 1982) hold an edge in four bytes and a system in
four more. What was added since they were built waits beside them in a small overlay, and is merged in when it grows:
registering a system costs the same however many there are. Both forms answer alike (`tests/property/test_lines.py`).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import Any, Final

from answerable.registry.levels import Levels

# Edges that wait beside the compressed rows. Merging copies all rows: some 10 ms for a million systems.
OVERLAY: Final = 1_024
# Of all systems one in so many: who finds more goes on in one pass over all edges.
LARGE: Final = 32
# What is marked of a number: its row has children; it is the child of several parents.
_PARENT: Final = 1
_MERGED: Final = 2


class Listed:
    """Edges as lists. Good for some thousands of systems, and where numpy is not."""

    def __init__(self) -> None:
        self._children: dict[int, list[int]] = {}
        self.count = 0

    def add(self, parent: int, child: int) -> None:
        self._children.setdefault(parent, []).append(child)
        self.count += 1

    def of(self, parent: int) -> Sequence[int]:
        """Children in the order in which they were added."""
        return self._children.get(parent, ())

    def pairs(self) -> Iterable[tuple[int, int]]:
        for parent, children in self._children.items():
            for child in children:
                yield parent, child

    def spread(self, found: set[int], frontier: Iterable[int]) -> list[int]:
        """Add to `found` all that is below `frontier`, to any depth, and return what was added."""
        added: list[int] = []
        waiting = list(frontier)
        while waiting:
            for child in self._children.get(waiting.pop(), ()):
                if child not in found:
                    found.add(child)
                    added.append(child)
                    waiting.append(child)
        return added


class Compressed:
    """Edges as rows of children, in numpy's arrays. `found` is a mask over all registry numbers."""

    def __init__(self, numpy: Any, *, levels: bool = False) -> None:
        """levels: every parent's number is below its child's, and large answers are wanted."""
        self._np = numpy
        self._levels = Levels(numpy) if levels else None
        self._ends: Any = numpy.zeros(1, numpy.int32)  # row of parent p: _children[_ends[p]:_ends[p + 1]]
        self._children: Any = numpy.zeros(0, numpy.int32)
        self._parents_added = array("i")
        self._children_added = array("i")
        self._near: dict[int, list[int]] = {}  # the overlay by parent; empty while it waits to be merged whole
        self._marks: Any = numpy.zeros(0, numpy.uint8)
        self._heads: Any = None  # numbers whose rows have children, once somebody asked for them
        self.count = 0

    def add(self, parent: int, child: int) -> None:
        self._parents_added.append(parent)
        self._children_added.append(child)
        self.count += 1
        if len(self._parents_added) <= OVERLAY:
            self._near.setdefault(parent, []).append(child)

    def settle(self) -> None:
        """Merge the overlay if it has grown. Called before each question."""
        if len(self._parents_added) > OVERLAY:
            self._merge()

    def of(self, parent: int) -> Sequence[int]:
        """Children in the order in which they were added."""
        self.settle()
        old: list[int] = []
        if parent + 1 < self._ends.size:
            old = self._children[self._ends[parent] : self._ends[parent + 1]].tolist()
        return [*old, *self._near.get(parent, ())]

    def spread(self, found: Any, frontier: Any) -> list[Any]:
        """Add to the mask `found` all that is below the numbers in `frontier`, to any depth; what was added, in
        pieces. None for a frontier of all that is marked: good where few have children at all."""
        self.settle()
        self._cover(found.size)
        if frontier is None:
            if self._heads is None:
                self._heads = self._np.flatnonzero(self._marks & _PARENT)
            frontier = self._heads[found[self._heads]]
        added = []
        while True:
            while frontier.size:
                frontier = self._below(found, frontier)
                if frontier.size:
                    added.append(frontier)
            frontier = self._below_near(found)
            if not frontier.size:
                return added
            added.append(frontier)

    def cover(self, found: Any, frontier: Any) -> None:
        """As `spread`, without saying what was added."""
        self.settle()
        self._cover(found.size)
        sweeps = self._levels if self._levels is not None and self._levels.whole else None
        few = found.size // LARGE
        while frontier.size:
            while frontier.size and (sweeps is None or few > 0):
                frontier = self._below(found, frontier)
                few -= frontier.size
            if sweeps is not None and frontier.size:
                sweeps.sweep(found)
            frontier = self._below_near(found)

    def _below(self, found: Any, frontier: Any) -> Any:
        """Children of `frontier` that were not found, each once, now marked."""
        np = self._np
        # Half of all systems have no children: they drop out while one byte of each was read.
        frontier = frontier[np.flatnonzero(self._marks[frontier] & _PARENT)]
        if not frontier.size:
            return frontier
        starts = self._ends[frontier]
        counts = self._ends[1:][frontier] - starts
        if starts.size == 1:
            children = self._children[starts[0] : starts[0] + counts[0]].astype(np.intp)
        else:
            children = self._children[ranges(np, starts, counts)].astype(np.intp)
        children = children[~found[children]]
        # What has several parents may be reached from two of them at once.
        several = np.flatnonzero(self._marks[children] & _MERGED)
        if several.size:
            once = np.unique(children[several], return_index=True)[1]
            if once.size < several.size:
                children = np.delete(children, np.delete(several, once))
        found[children] = True
        return children

    def _below_near(self, found: Any) -> Any:
        added: list[int] = []
        for parent, children in self._near.items():
            if not found[parent]:
                continue
            waiting = list(children)
            while waiting:
                child = waiting.pop()
                if not found[child]:
                    found[child] = True
                    added.append(child)
                    waiting.extend(self._near.get(child, ()))
        return self._np.array(added, self._np.intp)

    def _cover(self, size: int) -> None:
        """Rows, empty ones too, for every number below `size`."""
        np = self._np
        if self._ends.size <= size:
            room = size + size // 8 + 2
            self._ends = np.concatenate((self._ends, np.full(room - self._ends.size, self._ends[-1], np.int32)))
        if self._marks.size < size:
            self._marks = np.concatenate((self._marks, np.zeros(self._ends.size - self._marks.size, np.uint8)))

    def _merge(self) -> None:
        np = self._np
        parents = np.frombuffer(self._parents_added, np.int32).copy()
        children = np.frombuffer(self._children_added, np.int32).copy()
        order = np.argsort(parents, kind="stable")
        parents, children = parents[order], children[order]
        if self._levels is not None:
            self._levels.take(parents, children)
        self._cover(1 + max(int(parents[-1]), int(children.max())))
        # An overlay is small beside the rows: they are copied once, with its edges at the ends of their parents' rows.
        merged = np.insert(self._children, self._ends[parents + 1], children) if self._children.size else children
        self._ends[1:] += np.cumsum(np.bincount(parents, minlength=self._ends.size - 1), dtype=np.int32)
        self._children = merged
        self._marks = np.where(np.bincount(merged, minlength=self._ends.size) > 1, _MERGED, 0).astype(np.uint8)
        self._marks[: self._ends.size - 1] |= (np.diff(self._ends) > 0).view(np.uint8) * np.uint8(_PARENT)
        self._heads = None
        self._parents_added, self._children_added, self._near = array("i"), array("i"), {}


def ranges(np: Any, starts: Any, counts: Any) -> Any:
    """Numbers from each start on, so many of each, one range after the other."""
    if not counts.size:
        return np.zeros(0, np.intp)
    ends = np.cumsum(counts)
    places = np.arange(ends[-1])
    places += np.repeat(starts - (ends - counts), counts)
    return places
