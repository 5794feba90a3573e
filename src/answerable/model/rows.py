# SPDX-License-Identifier: Apache-2.0
"""A sequence whose members are looked up when they are asked for: a closure of a million systems is counted, its first
hundred are shown, and nobody waits for the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar, overload

Item = TypeVar("Item")


class Rows(Sequence[Item]):
    """count: how many there are; each: walks through them from the first on. Equal to any sequence of equal members."""

    __slots__ = ("_count", "_each")

    def __init__(self, count: int, each: Callable[[], Iterable[Item]]) -> None:
        self._count = count
        self._each = each

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Item]:
        return iter(self._each())

    @overload
    def __getitem__(self, index: int) -> Item: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Item, ...]: ...

    def __getitem__(self, index: int | slice) -> Item | tuple[Item, ...]:
        if isinstance(index, slice):
            start, stop, step = index.indices(self._count)
            if step > 0:
                return tuple(islice(self._each(), start, stop, step))
            return tuple(self._each())[index]
        place = index + self._count if index < 0 else index
        if not 0 <= place < self._count:
            raise IndexError(index)
        return next(islice(self._each(), place, None))

    def __eq__(self, other: Any) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str | bytes):
            return NotImplemented
        return len(self) == len(other) and all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    def __repr__(self) -> str:
        return f"Rows({self._count})"
