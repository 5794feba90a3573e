# SPDX-License-Identifier: Apache-2.0
"""Positions within an MP4 or QuickTime file, put right where the movie box in front of them has grown (ISO/IEC
14496-12: 8.7.5 chunk offsets, 8.7.9 auxiliary information, 8.8.7 fragments, 8.8.10 random access, 8.16.3 segment
index)."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable, Iterator
from typing import Final

from answerable.formats.isobmff_boxes import Box, Walker
from answerable.formats.splice import Edit, Recast, Source, Splice

_SAIO_PARAMETER: Final = 1
_SELF_CONTAINED: Final = 1
_BASE_OFFSET: Final = 1


def in_movie(walker: Walker, moov: Box, splice: Splice) -> Iterator[Recast]:
    """The tables of the movie box, in the order of the file. Raises VerificationError ``format.unsupported`` where a
    track's samples stand in another file or a 32-bit table would pass 4 GiB, ``format.malformed``,
    ``format.oversized``."""
    source = walker.source
    for track in walker.within(moov, b"trak"):
        for data in walker.within(track, b"mdia", b"minf", b"dinf", b"dref"):
            for entry in walker.children(data.body + 8, data.stop):
                if not int.from_bytes(source.at(entry.body, 4), "big") & _SELF_CONTAINED:
                    raise source.unsupported("its samples stand in another file")
        for table in walker.within(track, b"mdia", b"minf", b"stbl"):
            for child in walker.children(table.body, table.stop):
                if child.kind in {b"stco", b"co64"}:
                    yield _table(source, child, child.body + 4, 4 if child.kind == b"stco" else 8, splice)
                elif child.kind == b"saio":
                    head = source.at(child.body, 4)
                    skipped = 8 if head[3] & _SAIO_PARAMETER else 0
                    yield _table(source, child, child.body + 4 + skipped, 8 if head[0] else 4, splice)


def _table(source: Source, holder: Box, count_at: int, width: int, splice: Splice) -> Recast:
    count = int.from_bytes(source.at(count_at, 4), "big")
    start, stop = count_at + 4, count_at + 4 + count * width
    if stop > holder.stop:
        raise source.malformed(f"the table at {holder.start} is longer than its box")
    change = _shifted(source, splice, "I" if width == 4 else "Q")
    if width == 4 and source.size + splice.growth >= 1 << 32:
        # Rarely so: found out now, and not when half of the file is written.
        for block in source.blocks(start, stop, width):
            change(block)
    return Recast(start, stop, width, change)


def _shifted(source: Source, splice: Splice, code: str) -> Callable[[bytes], bytes]:
    last, growth, moved = splice.last, splice.growth, splice.moved

    def change(block: bytes) -> bytes:
        values = array(code, block)
        if sys.byteorder == "little":
            values.byteswap()
        try:
            values = array(code, [each + growth if each >= last else moved(each) for each in values])
        except OverflowError:
            raise source.unsupported("its chunk offsets would pass the width of their table") from None
        if sys.byteorder == "little":
            values.byteswap()
        return values.tobytes()

    return change


def around(walker: Walker, splice: Splice) -> Iterator[Edit | Recast]:
    """What stands beside the movie box and holds positions, in the order of the file. Raises VerificationError as
    `in_movie`."""
    source = walker.source
    for child in walker.files():
        if child.kind == b"moof":
            for fragment in walker.within(child, b"traf", b"tfhd"):
                if source.at(fragment.body, 4)[3] & _BASE_OFFSET:
                    start = fragment.body + 8
                    base = int.from_bytes(source.at(start, 8), "big")
                    yield _number(source, start, 8, splice.moved(base))
        elif child.kind == b"sidx":
            yield from _segments(source, child, splice)
        elif child.kind == b"mfra":
            for access in walker.within(child, b"tfra"):
                yield _accesses(source, access, splice)


def _number(source: Source, start: int, width: int, value: int) -> Edit:
    if not 0 <= value < 1 << (8 * width):
        raise source.unsupported("a position would pass the width of its field")
    return Edit(start, start + width, value.to_bytes(width, "big"))


def _segments(source: Source, box: Box, splice: Splice) -> Iterator[Edit]:
    """A segment index counts from its own end."""
    wide = source.at(box.body, 1)[0] > 0
    width, start = (8, box.body + 20) if wide else (4, box.body + 16)
    offset = int.from_bytes(source.at(start, width), "big")
    value = splice.moved(box.stop + offset) - splice.moved(box.stop)
    if value != offset:
        yield _number(source, start, width, value)


def _accesses(source: Source, box: Box, splice: Splice) -> Recast:
    head = source.at(box.body, 16)
    wide, lengths, count = head[0] > 0, head[11], int.from_bytes(head[12:16], "big")
    width = 8 if wide else 4
    unit = 2 * width + sum(((lengths >> shift) & 3) + 1 for shift in (0, 2, 4))
    start = box.body + 16
    if start + count * unit > box.stop:
        raise source.malformed(f"the table at {box.start} is longer than its box")

    def change(block: bytes) -> bytes:
        data = bytearray(block)
        for entry in range(0, len(data), unit):
            at = entry + width
            value = splice.moved(int.from_bytes(data[at : at + width], "big"))
            data[at : at + width] = _number(source, at, width, value).new
        return bytes(data)

    return Recast(start, start + count * unit, unit, change)


def items(walker: Walker, moov: Box) -> bool:
    """Whether items of a `meta` box are located by position: nothing that plays sound or video needs them."""
    tops = [box for box in walker.files() if box.kind == b"meta"]
    for holder in (moov, *walker.within(moov, b"trak")):
        tops += walker.within(holder, b"meta")
    return any(child.kind == b"iloc" for top in tops for child in walker.children(_inner(walker, top), top.stop))


def _inner(walker: Walker, top: Box) -> int:
    bare = top.stop - top.body >= 8 and walker.source.at(top.body + 4, 4) == b"hdlr"
    return top.body if bare else top.body + 4
