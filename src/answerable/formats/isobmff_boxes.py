# SPDX-License-Identifier: Apache-2.0
"""Boxes of the ISO base media file format (ISO/IEC 14496-12 section 4.2) and of QuickTime, which calls them atoms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from answerable.formats.splice import Edit, Source

# A recording of ten hours in fragments of one picture each has a million; nobody means more.
MAX_BOXES: Final = 1_000_000

_SIZE32: Final = 1 << 32


@dataclass(frozen=True, slots=True)
class Box:
    """kind: four bytes; [start, body) is its header, [body, stop) what it holds. open: it ends where the file ends and
    does not say its size."""

    kind: bytes
    start: int
    body: int
    stop: int
    open: bool = False

    def resized(self, growth: int, source: Source) -> Edit | None:
        """Its header's size once it holds `growth` bytes more; None if it says none. Raises VerificationError
        ``format.oversized`` where the field is too narrow."""
        if self.open:
            return None
        size = self.stop - self.start + growth
        if self.body - self.start >= 16:
            return Edit(self.start + 8, self.start + 16, size.to_bytes(8, "big"))
        if size >= _SIZE32:
            raise source.oversized("a box would pass 4 GiB")
        return Edit(self.start, self.start + 4, size.to_bytes(4, "big"))


class Walker:
    """Reads boxes, a bounded number of them."""

    __slots__ = ("_left", "source")

    def __init__(self, source: Source) -> None:
        self.source = source
        self._left = MAX_BOXES

    def files(self) -> Iterator[Box]:
        """The boxes of the file itself. Bytes behind the last that are too few for a box are no box. Raises
        VerificationError ``format.malformed``, ``format.oversized``."""
        start = 0
        while start + 8 <= self.source.size:
            box = self._box(start, self.source.size, whole=True)
            yield box
            start = box.stop

    def children(self, start: int, stop: int) -> Iterator[Box]:
        """The boxes within [start, stop). QuickTime may end a list with four zero bytes: what stands behind them is
        filling. Raises as `files`."""
        while start + 8 <= stop and self.source.at(start, 4) != bytes(4):
            box = self._box(start, stop, whole=False)
            yield box
            start = box.stop

    def within(self, box: Box, *path: bytes) -> Iterator[Box]:
        """The boxes of these kinds, one inside the other, below `box`. Raises as `files`."""
        for child in self.children(box.body, box.stop):
            if child.kind == path[0]:
                if len(path) == 1:
                    yield child
                else:
                    yield from self.within(child, *path[1:])

    def _box(self, start: int, end: int, *, whole: bool) -> Box:
        self._left -= 1
        if self._left < 0:
            raise self.source.oversized(f"more than {MAX_BOXES} boxes")
        head = self.source.at(start, 8)
        size, kind, body, is_open = int.from_bytes(head[:4], "big"), head[4:], start + 8, False
        if size == 1:
            size, body = int.from_bytes(self.source.at(start + 8, 8), "big"), start + 16
        elif size == 0 and whole:
            size, is_open = end - start, True
        if size < body - start or start + size > end:
            raise self.source.malformed(f"the box at {start} does not fit into what holds it")
        return Box(kind, start, body, start + size, is_open)


def box(kind: bytes, *content: bytes) -> bytes:
    """A box as it is written."""
    data = b"".join(content)
    return (len(data) + 8).to_bytes(4, "big") + kind + data
