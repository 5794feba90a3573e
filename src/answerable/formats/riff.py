# SPDX-License-Identifier: Apache-2.0
"""WAV (with RF64 and BW64) and AVI (with OpenDML): a chunk AIGC of the file in WAV, of LIST INFO in AVI."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import BinaryIO, Final

from answerable.formats import riff_index
from answerable.formats.carrier import MAX_FOUND, MAX_TEXT, Carried
from answerable.formats.riff_chunks import MAX32, Chunk, Walker, chunk
from answerable.formats.splice import Edit, Recast, Source, Splice

KIND: Final = b"AIGC"

_WAVES: Final = frozenset({b"RIFF", b"RF64", b"BW64"})


@dataclass(frozen=True, slots=True)
class _Found:
    place: str
    chunk: Chunk
    parents: tuple[Chunk, ...]


def _objects(walker: Walker, top: Chunk) -> Iterator[_Found]:
    for each in walker.within(top.body, top.stop):
        if each.kind == KIND:
            yield _Found("RIFF chunk AIGC", each, (top,))
        elif each.form == b"INFO":
            for inner in walker.within(each.body, each.stop):
                if inner.kind == KIND:
                    yield _Found("LIST INFO AIGC", inner, (top, each))


def _texts(source: Source, found: Iterator[_Found]) -> tuple[Carried, ...]:
    return tuple(
        Carried(each.place, source.at(each.chunk.body, min(each.chunk.stop - each.chunk.body, MAX_TEXT)).rstrip(b"\0"))
        for each in islice(found, MAX_FOUND)
    )


class _Sizes:
    """Edits, and the sizes of the lists around them."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.edits: list[Edit] = []
        self._growth: dict[Chunk, int] = {}

    def edit(self, change: Edit, parents: tuple[Chunk, ...]) -> None:
        self.edits.append(change)
        for parent in parents:
            self._growth[parent] = self._growth.get(parent, 0) + change.growth

    def remove(self, found: _Found) -> None:
        # An odd chunk that ends the file may lack its filling.
        self.edit(Edit(found.chunk.start, min(found.chunk.end, self.source.size)), found.parents)

    def whole(self, wide: Chunk | None = None) -> list[Edit]:
        """With the sizes. wide: the chunk that holds the 64-bit sizes of an RF64 file. Raises VerificationError
        ``format.unsupported`` for a size of more than 32 bits."""
        edits = list(self.edits)
        for holder, growth in self._growth.items():
            if not growth or holder.cut:
                continue
            if wide is not None and holder.kind in _WAVES:
                size = int.from_bytes(self.source.at(wide.body, 8), "little") + growth
                edits.append(Edit(wide.body, wide.body + 8, size.to_bytes(8, "little")))
                continue
            size = int.from_bytes(self.source.at(holder.start + 4, 4), "little") + growth
            if not 0 <= size < MAX32:
                raise self.source.unsupported("with a label it would pass 4 GiB, which this variant cannot say")
            edits.append(Edit(holder.start + 4, holder.start + 8, size.to_bytes(4, "little")))
        return edits


class Wav:
    """`carrier.Carrier` of WAV. Samples whose length the file does not say yet go on to its end; the label then stands
    before them, otherwise at the end of the file."""

    name = "wav"
    media = "audio/wav"

    def read(self, source: BinaryIO) -> tuple[Carried, ...]:
        walker = Walker(Source(source, self.name))
        top, _ = self._top(walker)
        return _texts(walker.source, _objects(walker, top))

    def write(self, source: BinaryIO, target: BinaryIO, text: str) -> None:
        walker = Walker(Source(source, self.name))
        top, wide = self._top(walker)
        sizes = _Sizes(walker.source)
        for found in list(_objects(walker, top)):
            sizes.remove(found)
        chunks = list(walker.within(top.body, top.stop))
        if not any(each.kind == b"data" for each in chunks):
            raise walker.source.malformed("no samples")
        place = next((each.start for each in chunks if each.cut), top.stop)
        # The filling that an odd last chunk should have had.
        filling = bytes((place - top.start) % 2)
        sizes.edit(Edit(place, place, filling + chunk(KIND, text.encode("ascii"))), (top,))
        Splice(sizes.whole(wide)).write(walker.source, target)

    def _top(self, walker: Walker) -> tuple[Chunk, Chunk | None]:
        """(the whole, the chunk with 64-bit sizes)."""
        source = walker.source
        top = walker.chunk(0, source.size)
        if top.kind not in _WAVES or top.form != b"WAVE":
            raise source.malformed("no WAVE form")
        if top.kind == b"RIFF":
            return top, None
        wide = walker.chunk(top.body, source.size)
        if wide.kind != b"ds64" or wide.stop - wide.body < 28:
            raise source.malformed("no 64-bit sizes")
        head = source.at(wide.body, 28)
        walker.sizes[b"data"] = int.from_bytes(head[8:16], "little")
        count = int.from_bytes(head[24:28], "little")
        if count * 12 > wide.stop - wide.body - 28:
            raise source.malformed("the table of 64-bit sizes is longer than its chunk")
        for at in range(wide.body + 28, wide.body + 28 + count * 12, 12):
            entry = source.at(at, 12)
            walker.sizes[entry[:4]] = int.from_bytes(entry[4:], "little")
        end = top.start + 8 + int.from_bytes(head[:8], "little")
        if top.body > end:
            raise source.malformed("the list at 0 is too short")
        return replace(top, stop=min(end, source.size), cut=end > source.size), wide


class Avi:
    """`carrier.Carrier` of AVI. The label stands before the pictures, where players look; OpenDML's indices, and old
    ones that count from the beginning of the file, follow."""

    name = "avi"
    media = "video/x-msvideo"

    def read(self, source: BinaryIO) -> tuple[Carried, ...]:
        walker = Walker(Source(source, self.name))
        return _texts(walker.source, (found for top in self._tops(walker) for found in _objects(walker, top)))

    def write(self, source: BinaryIO, target: BinaryIO, text: str) -> None:
        walker = Walker(Source(source, self.name))
        tops = list(self._tops(walker))
        sizes = _Sizes(walker.source)
        for top in tops:
            for found in list(_objects(walker, top)):
                sizes.remove(found)
        first = tops[0]
        chunks = list(walker.within(first.body, first.stop))
        movie = next((each for each in chunks if each.form == b"movi"), None)
        if movie is None:
            raise walker.source.malformed("no pictures")
        label = chunk(KIND, text.encode("ascii") + b"\0")
        info = next((each for each in chunks if each.form == b"INFO" and each.start < movie.start), None)
        if info is None:
            sizes.edit(Edit(movie.start, movie.start, chunk(b"LIST", b"INFO" + label)), (first,))
        else:
            sizes.edit(Edit(info.stop, info.stop, bytes((info.stop - info.start) % 2) + label), (first, info))
        splice = Splice(sizes.whole())
        patches: list[Edit | Recast] = riff_index.patches(walker, first, movie, splice) if splice.growth else []
        splice.write(walker.source, target, patches)

    def _tops(self, walker: Walker) -> Iterator[Chunk]:
        """The RIFF chunks in a row: AVI, and what OpenDML appends to it as AVIX. What follows them is none of it."""
        source, start = walker.source, 0
        if source.size < 12:
            raise source.malformed("no AVI form")
        while start + 12 <= source.size:
            if start and source.at(start, 12)[8:] != b"AVIX":
                return
            top = walker.chunk(start, source.size)
            if top.kind != b"RIFF" or (start == 0 and top.form != b"AVI "):
                raise source.malformed("no AVI form")
            yield top
            start = top.end
