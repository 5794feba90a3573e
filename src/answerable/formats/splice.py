# SPDX-License-Identifier: Apache-2.0
"""A file copied with a few of its ranges replaced, in bounded memory, and where each byte of the old file stands in the
new one: containers point into themselves by position."""

from __future__ import annotations

import heapq
import io
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from answerable.errors import VerificationError

BLOCK: Final = 1 << 20
# Headers are small and stand close together; a read ahead of this size serves several.
_AHEAD: Final = 4096


class Source:
    """A seekable stream by position. name: the format's, for errors; size: bytes."""

    __slots__ = ("_buffer", "_start", "_stream", "name", "size")

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream = stream
        self._start = 0
        self._buffer = b""
        self.name = name
        self.size = stream.seek(0, io.SEEK_END)

    def at(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes. Raises VerificationError ``format.malformed`` where the file has fewer."""
        begin = offset - self._start
        if begin >= 0 and begin + length <= len(self._buffer):
            return self._buffer[begin : begin + length]
        if offset < 0 or offset + length > self.size:
            raise self.malformed(f"it ends before byte {offset + length}")
        if length >= _AHEAD:
            return self._read(offset, length)
        self._buffer = self._read(offset, min(_AHEAD, self.size - offset))
        self._start = offset
        return self._buffer[:length]

    def _read(self, offset: int, length: int) -> bytes:
        self._stream.seek(offset)
        data = self._stream.read(length)
        while len(data) < length:
            more = self._stream.read(length - len(data))
            if not more:
                raise self.malformed(f"it ends before byte {offset + length}")
            data += more
        return data

    def blocks(self, start: int, stop: int, unit: int = 1) -> Iterator[bytes]:
        """The range in blocks of at most 1 MiB, each but the last a multiple of `unit` bytes. Raises as `at`."""
        step = max(BLOCK // unit, 1) * unit
        while start < stop:
            yield self.at(start, min(step, stop - start))
            start += step

    def malformed(self, detail: str) -> VerificationError:
        return VerificationError("format.malformed", format=self.name, detail=detail)

    def oversized(self, detail: str) -> VerificationError:
        return VerificationError("format.oversized", format=self.name, detail=detail)

    def unsupported(self, detail: str) -> VerificationError:
        return VerificationError("format.unsupported", format=self.name, detail=detail)


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Bytes [start, stop) of the old file become `new`."""

    start: int
    stop: int
    new: bytes = b""

    @property
    def growth(self) -> int:
        return len(self.new) - (self.stop - self.start)

    def content(self, source: Source) -> Iterable[bytes]:
        return (self.new,)


@dataclass(frozen=True, slots=True)
class Recast:
    """Bytes [start, stop) of the old file, changed in blocks that hold whole entries of `unit` bytes; `change` keeps
    the length. For tables that are too long for memory."""

    start: int
    stop: int
    unit: int
    change: Callable[[bytes], bytes]

    def content(self, source: Source) -> Iterable[bytes]:
        return map(self.change, source.blocks(self.start, self.stop, self.unit))


class Splice:
    """What changes length, and how far that moves the rest."""

    __slots__ = ("_ends", "_shifts", "edits")

    def __init__(self, edits: Iterable[Edit]) -> None:
        self.edits = sorted(edits)
        self._ends: list[Edit] = [edit for edit in self.edits if edit.growth]
        self._shifts = [0]
        for edit in self._ends:
            self._shifts.append(self._shifts[-1] + edit.growth)

    @property
    def growth(self) -> int:
        """Bytes that the new file has more."""
        return self._shifts[-1]

    @property
    def last(self) -> int:
        """From this old offset on everything moves by `growth`."""
        return self._ends[-1].stop if self._ends else 0

    def moved(self, offset: int) -> int:
        """Where what stood at `offset` stands in the new file; what stood inside a range that is replaced, where the
        new bytes begin."""
        index = bisect_right(self._ends, offset, key=lambda edit: edit.stop)
        # A range that begins where it ends, or that ends here, lies before what stands here.
        new = offset + self._shifts[index]
        if index < len(self._ends) and self._ends[index].start < offset:
            new = self._ends[index].start + self._shifts[index]
        return new

    def write(self, source: Source, target: BinaryIO, patches: Iterable[Edit | Recast] = ()) -> None:
        """The new file. patches: further edits in the order of the file, made as they are asked for, none of which
        changes a length or overlaps another. Raises as `Source.at`."""
        position = 0
        for edit in heapq.merge(self.edits, patches, key=lambda edit: (edit.start, edit.stop)):
            if edit.start < position:
                raise source.malformed("two of its parts overlap")
            for block in source.blocks(position, edit.start):
                target.write(block)
            for block in edit.content(source):
                target.write(block)
            position = edit.stop
        for block in source.blocks(position, source.size):
            target.write(block)
