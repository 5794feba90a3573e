# SPDX-License-Identifier: Apache-2.0
"""Elements of EBML (RFC 8794), as far as Matroska and WebM (RFC 9559) need them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from answerable.formats.splice import Source

# Clusters of unknown size are read block by block: a recording of seven hours.
MAX_ELEMENTS: Final = 2_000_000

HEADER: Final = 0x1A45DFA3
SEGMENT: Final = 0x18538067
SEEK_HEAD: Final = 0x114D9B74
INFO: Final = 0x1549A966
TRACKS: Final = 0x1654AE6B
CLUSTER: Final = 0x1F43B675
CUES: Final = 0x1C53BB6B
ATTACHMENTS: Final = 0x1941A469
CHAPTERS: Final = 0x1043A770
TAGS: Final = 0x1254C367
VOID: Final = 0xEC
CRC: Final = 0xBF

# What ends a cluster that does not say its size.
_ABOVE: Final = frozenset({HEADER, SEGMENT, SEEK_HEAD, INFO, TRACKS, CLUSTER, CUES, ATTACHMENTS, CHAPTERS, TAGS})
_LONGEST_HEAD: Final = 12


@dataclass(frozen=True, slots=True)
class Element:
    """[start, body) is the head, [body, stop) the content. sized: bytes of its size field; open: it says no size, or
    one that goes on behind the end of the file."""

    kind: int
    start: int
    body: int
    stop: int
    sized: int
    open: bool = False


def head(data: bytes) -> tuple[int, int | None, int, int] | None:
    """(kind, size or None where it is unknown, bytes of the head, bytes of its size field) of the element that `data`
    begins with, None where there is none."""
    if not data or data[0] < 0x10:
        return None
    width = 9 - data[0].bit_length()
    if len(data) <= width or not data[width]:
        return None
    sized = 9 - data[width].bit_length()
    end = width + sized
    if len(data) < end:
        return None
    mask = (1 << 7 * sized) - 1
    size = int.from_bytes(data[width:end], "big") & mask
    return int.from_bytes(data[:width], "big"), None if size == mask else size, end, sized


class Walker:
    """Reads elements of a file, a bounded number of them."""

    __slots__ = ("_left", "source")

    def __init__(self, source: Source) -> None:
        self.source = source
        self._left = MAX_ELEMENTS

    def element(self, start: int, stop: int) -> Element:
        """The one at `start` in what ends at `stop`. Clusters, and what holds them, may lack a size or be cut by the
        end of the file. Raises VerificationError ``format.malformed``, ``format.oversized``."""
        self._left -= 1
        if self._left < 0:
            raise self.source.oversized(f"more than {MAX_ELEMENTS} elements")
        said = head(self.source.at(start, min(_LONGEST_HEAD, stop - start)))
        if said is None:
            raise self.source.malformed(f"no element at {start}")
        kind, size, length, sized = said
        body = start + length
        if size is not None and body + size <= stop:
            return Element(kind, start, body, body + size, sized)
        if kind == SEGMENT and stop == self.source.size:
            return Element(kind, start, body, stop, sized, open=True)
        if kind == CLUSTER and (size is None or stop == self.source.size):
            return Element(kind, start, body, self._end(body, stop) if size is None else stop, sized, open=True)
        raise self.source.malformed(f"the element at {start} does not fit into what holds it")

    def within(self, start: int, stop: int) -> Iterator[Element]:
        """The elements within [start, stop). Raises as `element`."""
        while start < stop:
            found = self.element(start, stop)
            yield found
            start = found.stop

    def _end(self, start: int, stop: int) -> int:
        """Where a cluster of unknown size ends: before the next element that is no part of one."""
        while start < stop:
            said = head(self.source.at(start, min(_LONGEST_HEAD, stop - start)))
            if said is None or said[0] in _ABOVE:
                break
            self._left -= 1
            if self._left < 0:
                raise self.source.oversized(f"more than {MAX_ELEMENTS} elements")
            if said[1] is None:
                raise self.source.malformed(f"the element at {start} says no size")
            start += said[2] + said[1]
        # A stream that was cut ends within a block, or within the head of one.
        return stop if start > stop or (start < stop and stop - start < _LONGEST_HEAD) else start


def children(data: bytes, source: Source) -> Iterator[tuple[int, int, int, int, int]]:
    """(kind, start, body, stop, bytes of its size field) of each element in `data`. Raises VerificationError
    ``format.malformed``."""
    at = 0
    while at < len(data):
        said = head(data[at : at + _LONGEST_HEAD])
        if said is None or said[1] is None or at + said[2] + said[1] > len(data):
            raise source.malformed("an element does not fit into what holds it")
        stop = at + said[2] + said[1]
        yield said[0], at, at + said[2], stop, said[3]
        at = stop


def size_field(size: int, sized: int = 1) -> bytes:
    """A size in at least `sized` bytes. All ones would say that it is unknown."""
    while size >= (1 << 7 * sized) - 1:
        sized += 1
    return (1 << 7 * sized | size).to_bytes(sized, "big")


def element(kind: int, content: bytes, sized: int = 1) -> bytes:
    """An element as it is written. sized: bytes of its size field at least."""
    return kind.to_bytes((kind.bit_length() + 7) // 8, "big") + size_field(len(content), sized) + content


def summed(content: bytes) -> bytes:
    """`content` behind its checksum (RFC 8794 section 11.3.1)."""
    return element(CRC, zlib.crc32(content).to_bytes(4, "little")) + content


def void(length: int) -> bytes:
    """Nothing, of `length` bytes, 2 or more."""
    sized = 1 if length < 100 else 8
    return bytes((VOID,)) + size_field(length - 1 - sized, sized) + bytes(length - 1 - sized)
