# SPDX-License-Identifier: Apache-2.0
"""Lineage of all systems, by registry number: what an order reaches is answered from here, without looking at rows.

Some 70 bytes a system: its class, parties, running copies and digests in typed arrays, and three kinds of edges:
weights (what descends), twins (the same digest under another name, as a star around its first holder) and uses. From
some thousand systems on the edges are numpy's, where it is installed (extra ``scale``); the answers are the same.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final

from answerable.errors import Unavailable
from answerable.model.terms import Criticality, World
from answerable.ports import Reach
from answerable.registry.adjacency import Compressed, Listed
from answerable.registry.reach import DIGEST, FewReached, ManyReached

MANY: Final = 4_096  # systems from which numpy pays
REMEMBERED: Final = 8  # answers that are kept; one over a million systems has some megabytes
_DIGEST: Final = len("sha256:") + 2 * DIGEST
# Numbers are given one after the other: a number far past them is a damaged row, and would be a hole in every array.
_GAPS: Final = 1 << 20

Class = tuple[int, tuple[World, ...], Criticality]


@cache
def _numpy() -> Any:
    try:
        import numpy
    except ImportError:
        return None
    return numpy


class Lines:
    """Kept in step by `add`, `moved` and `runs`. compress: None: numpy where it is and pays; else as told."""

    def __init__(self, *, compress: bool | None = None) -> None:
        self._compress = compress
        self._arrays: Any = _numpy() if compress else None
        self._derived, self._twins, self._uses = self._edges(levels=True), self._edges(), self._edges()
        self.kinds = array("H", [0])
        self.classes: list[Class] = [(0, (), Criticality.ORDINARY)]  # the first is of no system
        self._classes: dict[Class, int] = {}
        self.holders = array("i", [0])
        self.held_ends = array("i", [0])  # the parties of entry n: held_parties[held_ends[n - 1]:held_ends[n]]
        self.held_parties = array("i")
        self._held: dict[tuple[int, ...], int] = {(): 0}
        self.parties: list[str] = []
        self._parties: dict[str, int] = {}
        self.running = array("i", [0])
        self.first_digest = array("i", [0])
        self.digests = array("H", [0])
        self.repeats = array("H", [0])  # of its digests, those that another system had before
        self.digest_bytes = bytearray()
        self.odd_digest = False
        self.count = 0
        self._asked: dict[tuple[tuple[int, ...], bool, bool], Reach] = {}  # until the next system comes

    def knows(self, num: int) -> bool:
        return 0 < num < len(self.kinds) and self.kinds[num] > 0

    def expect(self, systems: int) -> None:
        """So many more come: choose the form that suits them."""
        if self._compress is None and self._arrays is None and self.count + systems >= MANY and _numpy() is not None:
            self._arrays = _numpy()
            self._asked.clear()
            self._derived = self._moved(self._derived, levels=True)
            self._twins, self._uses = self._moved(self._twins), self._moved(self._uses)

    def add(
        self,
        num: int,
        kind: Class,
        parties: Iterable[str],
        *,
        weights: Iterable[int],
        uses: Iterable[int],
        digests: Sequence[str],
        firsts: Sequence[int],
        copies: int,
    ) -> None:
        """A system. weights, uses: numbers of its parents; firsts: of each digest the number of the system that had it
        first, its own if none did. Raises Unavailable ``system.damaged`` for a number far past all others."""
        if not 0 < num < len(self.kinds) + _GAPS:
            raise Unavailable("system.damaged", row=f"systems: number {num}")
        if missing := num + 1 - len(self.kinds):
            for column in (self.kinds, self.holders, self.running, self.first_digest, self.digests, self.repeats):
                column.extend([0] * max(missing, 0))
        self.kinds[num] = self._class(kind)
        self.running[num] = copies
        self.moved(num, parties)
        self.first_digest[num] = len(self.digest_bytes) // DIGEST
        self.digests[num] = len(digests)
        for digest, first in zip(digests, firsts, strict=True):
            self._keep(digest)
            if first != num:
                self.repeats[num] += 1
                self._twins.add(first, num)
                self._twins.add(num, first)
        for parent in weights:
            self._derived.add(parent, num)
        for parent in uses:
            self._uses.add(parent, num)
        self.count += 1
        self._asked.clear()

    def held(self, entry: int) -> array[int]:
        """The numbers of the parties of an entry of `holders`."""
        return self.held_parties[self.held_ends[entry - 1] if entry else 0 : self.held_ends[entry]]

    def moved(self, num: int, parties: Iterable[str]) -> None:
        """A system has these parties (rids) now."""
        self.holders[num] = self._holding(tuple(sorted({self._party(party) for party in parties})))

    def runs(self, num: int, copies: int) -> None:
        """So many copies of a system run now."""
        self.running[num] = copies

    def settle(self) -> None:
        """Merge what was added, at once: after a start, and not while somebody waits."""
        if self._arrays is not None:
            for edges in (self._derived, self._twins, self._uses):
                edges.settle()

    def children(self, num: int) -> list[int]:
        """Numbers of the systems that name it as a parent, ascending, each once."""
        return sorted({*self._derived.of(num), *self._uses.of(num)})

    def reach(self, roots: Iterable[int], *, descend: bool, twins: bool) -> Reach:
        """The systems `roots`; with `descend` all that came from them; with `twins` all that hold the same digests, and
        so on until nothing is added."""
        wanted = (tuple(roots), descend, twins)
        known = self._asked.get(wanted)
        if known is None:
            # A preview, the order that follows it and the second officer's ask the same.
            if len(self._asked) >= REMEMBERED:
                self._asked.clear()
            find = self._few if self._arrays is None else self._many
            known = self._asked[wanted] = find(wanted[0], descend=descend, twins=twins)
        return known

    def forget(self) -> None:
        """Work out again what is asked next."""
        self._asked.clear()

    def _few(self, roots: Iterable[int], *, descend: bool, twins: bool) -> Reach:
        found = set(roots)
        frontier: Iterable[int] = tuple(found)
        own: frozenset[int] | None = None
        while frontier:
            fresh = [*frontier]
            if descend:
                fresh += self._derived.spread(found, frontier)
            before = frozenset(found) if own is None else own
            frontier = self._twins.spread(found, fresh) if twins and self._twins.count else ()
            own = before if own is None and frontier else own
        return FewReached(self, found, own)

    def users(self, of: Any) -> Reach:
        """What uses a system of the group, or uses what does, without the group."""
        if self._arrays is None:
            found = set(of)
            return FewReached(self, self._uses.spread(found, tuple(found)))
        mask = of.mask.copy()
        self._uses.spread(mask, None)
        return ManyReached(self, mask & ~of.mask, self._arrays)

    def where(self, *, party: str = "", world: str = "") -> Reach:
        """The systems with that party (rid), or in that world; all of them for neither."""
        classes = {n for n, (_, worlds, _) in enumerate(self.classes) if n and (not world or world in worlds)}
        number = self._parties.get(party, -1)
        held = {n for n in range(len(self.held_ends)) if not party or number in self.held(n)}
        np = self._arrays
        if np is None:
            return FewReached(
                self, (n for n, kind in enumerate(self.kinds) if kind in classes and self.holders[n] in held)
            )
        mask = np.isin(np.arange(len(self.classes)), list(classes))[np.frombuffer(self.kinds, np.uint16)]
        mask &= np.isin(np.arange(len(self.held_ends)), list(held))[np.frombuffer(self.holders, np.int32)]
        return ManyReached(self, mask, np)

    def _many(self, roots: Iterable[int], *, descend: bool, twins: bool) -> Reach:
        np = self._arrays
        mask = np.zeros(len(self.kinds), bool)
        frontier = np.array(sorted(set(roots)), np.intp)
        mask[frontier] = True
        own = None
        while frontier.size:
            if descend:
                self._derived.cover(mask, frontier)
            frontier = frontier[:0]
            if twins and self._twins.count:
                before = mask.copy() if own is None else own
                pieces = self._twins.spread(mask, None)
                if pieces:
                    frontier, own = np.concatenate(pieces), before
        return ManyReached(self, mask, np, own)

    def _edges(self, *, levels: bool = False) -> Any:
        return Listed() if self._arrays is None else Compressed(self._arrays, levels=levels)

    def _moved(self, old: Any, *, levels: bool = False) -> Any:
        edges = self._edges(levels=levels)
        for parent, child in old.pairs():
            edges.add(parent, child)
        return edges

    def _class(self, kind: Class) -> int:
        known = self._classes.get(kind)
        if known is None:
            known = self._classes[kind] = len(self.classes)
            self.classes.append(kind)
        return known

    def _party(self, rid: str) -> int:
        known = self._parties.get(rid)
        if known is None:
            known = self._parties[rid] = len(self.parties)
            self.parties.append(rid)
        return known

    def _holding(self, parties: tuple[int, ...]) -> int:
        known = self._held.get(parties)
        if known is None:
            known = self._held[parties] = len(self.held_ends)
            self.held_parties.extend(parties)
            self.held_ends.append(len(self.held_parties))
        return known

    def _keep(self, digest: str) -> None:
        try:
            data = bytes.fromhex(digest[len("sha256:") :]) if len(digest) == _DIGEST else b""
        except ValueError:
            data = b""
        if f"sha256:{data.hex()}" != digest:
            self.odd_digest, data = True, bytes(DIGEST)
        self.digest_bytes += data
