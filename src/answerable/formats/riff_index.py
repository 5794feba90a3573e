# SPDX-License-Identifier: Apache-2.0
"""Positions within an AVI file, put right where something before the pictures has grown (OpenDML AVI File Format
Extensions 1.02: `indx`, `ix##`; and the old `idx1`, which some programs count from the beginning of the file)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from answerable.formats.riff_chunks import Chunk, Walker
from answerable.formats.splice import Edit, Recast, Source, Splice

_INDEX_OF_INDICES: Final = 0
_INDEX_OF_CHUNKS: Final = 1
_HEAD: Final = 24
_MAX_INDICES: Final = 65_536


def patches(walker: Walker, first: Chunk, movie: Chunk, splice: Splice) -> list[Edit | Recast]:
    """In the order of the file. Raises VerificationError ``format.malformed``, ``format.oversized``."""
    found: list[Edit | Recast] = []
    for each in walker.within(first.body, first.stop):
        if each.form == b"hdrl":
            for stream in walker.within(each.body, each.stop):
                if stream.form == b"strl":
                    for inner in walker.within(stream.body, stream.stop):
                        if inner.kind == b"indx":
                            found += _index(walker, inner, splice)
        elif each.kind == b"idx1":
            found += _old(walker.source, each, movie, splice)
    unique = {each.start: each for each in found}
    return [unique[start] for start in sorted(unique)]


def _index(walker: Walker, index: Chunk, splice: Splice) -> Iterator[Edit]:
    source = walker.source
    head = source.at(index.body, _HEAD)
    longs, kind, count = int.from_bytes(head[:2], "little"), head[3], int.from_bytes(head[4:8], "little")
    if kind == _INDEX_OF_CHUNKS:
        yield _base(source, index.body + 12, splice)
    elif kind == _INDEX_OF_INDICES:
        if count > _MAX_INDICES:
            raise source.oversized(f"more than {_MAX_INDICES} indices")
        if (count and longs != 4) or index.body + _HEAD + count * 16 > index.stop:
            raise source.malformed("an index does not fit into its chunk")
        for at in range(index.body + _HEAD, index.body + _HEAD + count * 16, 16):
            position = int.from_bytes(source.at(at, 8), "little")
            inner = walker.chunk(position, source.size)
            if source.at(inner.body, 4)[3] != _INDEX_OF_CHUNKS:
                raise source.malformed(f"no index at {position}")
            yield _position(at, splice.moved(position))
            yield _base(source, inner.body + 12, splice)


def _base(source: Source, at: int, splice: Splice) -> Edit:
    return _position(at, splice.moved(int.from_bytes(source.at(at, 8), "little")))


def _position(at: int, value: int) -> Edit:
    # A wild base may stand at the very end of what 64 bits say.
    return Edit(at, at + 8, (value & 0xFFFFFFFFFFFFFFFF).to_bytes(8, "little"))


def _old(source: Source, index: Chunk, movie: Chunk, splice: Splice) -> Iterator[Recast]:
    """Entries of 16 bytes: kind, flags, position, length. Counted from the list of pictures they stay as they are."""
    stop = index.stop - (index.stop - index.body) % 16
    if stop == index.body:
        return
    entry = source.at(index.body, 16)
    position = int.from_bytes(entry[8:12], "little")
    relative = movie.body - 4 + position
    if relative + 4 <= source.size and source.at(relative, 4) == entry[:4]:
        return
    if position + 4 > source.size or source.at(position, 4) != entry[:4]:
        raise source.malformed("its index leads nowhere")

    def change(block: bytes) -> bytes:
        data = bytearray(block)
        for at in range(8, len(data), 16):
            value = splice.moved(int.from_bytes(data[at : at + 4], "little"))
            if value >= 1 << 32:
                raise source.unsupported("its index would pass 4 GiB")
            data[at : at + 4] = value.to_bytes(4, "little")
        return bytes(data)

    yield Recast(index.body, stop, 16, change)
