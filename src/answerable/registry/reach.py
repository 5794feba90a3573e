# SPDX-License-Identifier: Apache-2.0
"""A set of systems by registry number, and what is asked of it without looking at one system: how many, of which
classes, how many copies run, which parties answer, how many digests. Implements `ports.Reach`, once over lists and once
over numpy's arrays, with the same answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from answerable.model.rows import Rows
from answerable.ports import Group
from answerable.registry.adjacency import ranges

if TYPE_CHECKING:
    from answerable.registry.lines import Class, Lines

DIGEST: Final = 32  # bytes
_PREFIX: Final = b"sha256:"
_CHUNK: Final = 1 << 16
_FEW: Final = 8  # fewer than one in so many


class FewReached:
    """Over a sorted list."""

    def __init__(self, lines: Lines, numbers: Iterable[int], own: Iterable[int] | None = None) -> None:
        self._lines = lines
        self._own = own
        self._numbers = sorted(numbers)
        self._known = frozenset(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, num: int) -> bool:
        return num in self._known

    def __iter__(self) -> Iterator[int]:
        return iter(self._numbers)

    def by_twins(self) -> FewReached:
        return self.without(self if self._own is None else FewReached(self._lines, self._own))

    def without(self, other: FewReached) -> FewReached:
        return FewReached(self._lines, self._known - other._known)

    def copies(self) -> int:
        return sum(self._lines.running[num] for num in self._numbers)

    def running(self) -> Iterator[int]:
        return (num for num in self._numbers if self._lines.running[num])

    def groups(self) -> list[Group]:
        systems: Counter[int] = Counter()
        copies: Counter[int] = Counter()
        for num in self._numbers:
            kind = self._lines.kinds[num]
            systems[kind] += 1
            copies[kind] += self._lines.running[num]
        return [_group(self._lines.classes[kind], systems[kind], copies[kind]) for kind in sorted(systems)]

    def parties(self) -> Sequence[str]:
        lines = self._lines
        held = {lines.holders[num] for num in self._numbers}
        return [lines.parties[n] for n in sorted({party for entry in held for party in lines.held(entry)})]

    def digest_count(self) -> int:
        return sum(self._lines.digests[num] - self._lines.repeats[num] for num in self._numbers)

    def digest_list(self) -> tuple[int, str] | None:
        return None


class ManyReached:
    """Over a mask."""

    def __init__(self, lines: Lines, mask: Any, numpy: Any, own: Any = None) -> None:
        self._lines = lines
        self._own = own
        self._np = numpy
        self.mask = mask

    @cached_property
    def numbers(self) -> Any:
        return self._np.flatnonzero(self.mask)

    def __len__(self) -> int:
        return int(self._np.count_nonzero(self.mask))

    def __contains__(self, num: int) -> bool:
        return 0 <= num < self.mask.size and bool(self.mask[num])

    def __iter__(self) -> Iterator[int]:
        for start in range(0, self.numbers.size, _CHUNK):
            yield from self.numbers[start : start + _CHUNK].tolist()

    def by_twins(self) -> ManyReached:
        own = self.mask if self._own is None else self._own
        return ManyReached(self._lines, self.mask & ~own, self._np)

    def without(self, other: ManyReached) -> ManyReached:
        return ManyReached(self._lines, self.mask & ~other.mask, self._np)

    def copies(self) -> int:
        return self._sum(self._lines.running, "int32")

    def running(self) -> Iterator[int]:
        numbers = self._running()
        for start in range(0, numbers.size, _CHUNK):
            yield from numbers[start : start + _CHUNK].tolist()

    def groups(self) -> list[Group]:
        np, lines = self._np, self._lines
        systems = np.bincount(self._of(lines.kinds, "uint16"), minlength=len(lines.classes))
        some = self._running()
        kinds = self._all(lines.kinds, "uint16")[some]
        copies = np.bincount(kinds, weights=self._all(lines.running, "int32")[some], minlength=len(lines.classes))
        return [
            _group(lines.classes[kind], int(systems[kind]), int(copies[kind]))
            for kind in map(int, np.flatnonzero(systems))
        ]

    def parties(self) -> Sequence[str]:
        np, lines = self._np, self._lines
        held = np.zeros(len(lines.held_ends), bool)
        held[self._of(lines.holders, "int32")] = True
        held[0] = False
        entries = np.flatnonzero(held)
        ends = np.frombuffer(lines.held_ends, "int32")[entries]
        starts = np.frombuffer(lines.held_ends, "int32")[entries - 1]
        found = np.zeros(len(lines.parties), bool)
        found[np.frombuffer(lines.held_parties, "int32")[ranges(np, starts, ends - starts)]] = True
        numbers = np.flatnonzero(found)
        return Rows(int(numbers.size), lambda: (lines.parties[n] for n in map(int, numbers)))

    def digest_count(self) -> int:
        return self._sum(self._lines.digests, "uint16") - self._sum(self._lines.repeats, "uint16")

    def digest_list(self) -> tuple[int, str] | None:
        """(how many, SHA-256 as hex of the sorted list of their text, one a line) of all digests; None where one of
        them has another form than ``sha256:<hex>``."""
        np, lines = self._np, self._lines
        if lines.odd_digest:
            return None
        counts = self._of(lines.digests, "uint16").astype(np.int32)
        firsts = self._of(lines.first_digest, "int32")[counts > 0]
        counts = counts[counts > 0]
        if not counts.size:
            return 0, sha256().hexdigest()
        rows = np.frombuffer(lines.digest_bytes, np.uint8).reshape(-1, DIGEST)[ranges(np, firsts, counts)]
        rows = self._sorted(rows)
        total = sha256()
        for start in range(0, len(rows), _CHUNK):
            part = rows[start : start + _CHUNK]
            text = np.empty((len(part), len(_PREFIX) + 2 * DIGEST + 1), np.uint8)
            text[:, : len(_PREFIX)] = np.frombuffer(_PREFIX, np.uint8)
            text[:, len(_PREFIX) : -1] = np.frombuffer(part.tobytes().hex().encode(), np.uint8).reshape(-1, 2 * DIGEST)
            text[:, -1] = ord("\n")
            last = start + len(part) == len(rows)
            total.update(text.reshape(-1)[: -1 if last else None].data)
        return len(rows), total.hexdigest()

    def _sorted(self, rows: Any) -> Any:
        """Rows of 32 bytes in order, each once."""
        np = self._np
        words = rows.reshape(-1).view(">u8").reshape(-1, DIGEST // 8)
        begin = words[:, 0].astype(np.uint64)
        order = np.argsort(begin)
        begin = begin[order]
        same = np.flatnonzero(begin[1:] == begin[:-1])
        if (words[order[same]] != words[order[same + 1]]).any():  # two begin alike and are not the same
            order = np.lexsort(words.astype(np.uint64).T[::-1])
            words = words[order]
            same = np.flatnonzero((words[1:] == words[:-1]).all(axis=1))
        order = np.delete(order, same)
        return rows[order]

    def _of(self, values: Any, kind: str) -> Any:
        """The values of these systems. A copy: an array that is looked at cannot grow."""
        return self._np.frombuffer(values, kind)[self.numbers]

    def _all(self, values: Any, kind: str) -> Any:
        """The values of all systems that there were when the set was made. To be let go of before the next comes."""
        return self._np.frombuffer(values, kind)[: self.mask.size]

    def _sum(self, values: Any, kind: str) -> int:
        if self.numbers.size < self.mask.size // _FEW:
            return int(self._of(values, kind).sum(dtype=self._np.int64))
        # Of many, multiplying all with the mask costs half of what picking them costs.
        return int((self._all(values, kind) * self.mask).sum(dtype=self._np.int64))

    def _running(self) -> Any:
        runs = self._all(self._lines.running, "int32") > 0
        return self._np.flatnonzero(runs & self.mask)


def _group(kind: Class, systems: int, copies: int) -> Group:
    return Group(kind[0], kind[1], kind[2], systems, copies)
