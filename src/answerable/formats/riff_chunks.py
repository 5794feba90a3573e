# SPDX-License-Identifier: Apache-2.0
"""Chunks of RIFF files, and of RF64 and BW64, whose sizes have 64 bits (EBU Tech 3306, ITU-R BS.2088)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from answerable.formats.splice import Source

MAX_CHUNKS: Final = 1_000_000
MAX32: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Chunk:
    """kind: four bytes; form: what kind of list it is, b"" for no list; [start, body) is the header with the form,
    [body, stop) the content. Behind an odd one stands a byte of filling, unless the file ends. cut: it says that it
    goes on behind the end of the file, as programs write that do not know yet how long it will be."""

    kind: bytes
    form: bytes
    start: int
    body: int
    stop: int
    cut: bool = False

    @property
    def end(self) -> int:
        return self.stop + (self.stop - self.start) % 2


class Walker:
    """Reads chunks, a bounded number of them. sizes: 64-bit sizes by kind, for chunks whose own field says 2^32 - 1."""

    __slots__ = ("_left", "sizes", "source")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.sizes: dict[bytes, int] = {}
        self._left = MAX_CHUNKS

    def chunk(self, start: int, stop: int) -> Chunk:
        """The one that begins at `start` in what ends at `stop`. Raises VerificationError ``format.malformed``,
        ``format.oversized``."""
        self._left -= 1
        if self._left < 0:
            raise self.source.oversized(f"more than {MAX_CHUNKS} chunks")
        head = self.source.at(start, 8)
        kind, size = head[:4], int.from_bytes(head[4:], "little")
        if size == MAX32 and kind in self.sizes:
            size = self.sizes[kind]
        body, form, end = start + 8, b"", start + 8 + size
        if kind in {b"RIFF", b"RF64", b"BW64", b"LIST"}:
            form, body = self.source.at(start + 8, 4), start + 12
        cut = end > stop
        if cut and stop < self.source.size:
            raise self.source.malformed(f"the chunk at {start} does not fit into what holds it")
        end = min(end, stop)
        if end < body:
            raise self.source.malformed(f"the list at {start} is too short")
        return Chunk(kind, form, start, body, end, cut)

    def within(self, start: int, stop: int) -> Iterator[Chunk]:
        """The chunks within [start, stop). Fewer than 8 bytes behind the last are none. Raises as `chunk`."""
        while start + 8 <= stop:
            found = self.chunk(start, stop)
            yield found
            start = found.end


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk as it is written, filled to an even length."""
    return kind + len(content).to_bytes(4, "little") + content + bytes(len(content) % 2)
