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

MAX_INFO: Final = 16 << 20
# So many are replaced; nobody has written more.
MAX_OBJECTS: Final = 1024

_WAVES: Final = frozenset({b"RIFF", b"RF64", b"BW64"})


@dataclass(frozen=True, slots=True)
class _Found:
    """chunk: the object's; info: the list that holds it, None for the file itself."""

    place: str
    chunk: Chunk
    info: Chunk | None = None


def _objects(walker: Walker, top: Chunk) -> Iterator[_Found]:
    for each in walker.within(top.body, top.stop):
        if each.kind == KIND:
            yield _Found("RIFF chunk AIGC", each)
        elif each.form == b"INFO":
            for inner in walker.within(each.body, each.stop):
                if inner.kind == KIND:
                    yield _Found("LIST INFO AIGC", inner, each)


def _texts(source: Source, found: Iterator[_Found]) -> tuple[Carried, ...]:
    return tuple(
        Carried(each.place, source.at(each.chunk.body, min(each.chunk.stop - each.chunk.body, MAX_TEXT)).rstrip(b"\0"))
        for each in islice(found, MAX_FOUND)
    )


def _removals(walker: Walker, top: Chunk) -> list[Edit]:
    """All objects within `top`. A list that held one is written anew, or goes if it held nothing else."""
    found = list(islice(_objects(walker, top), MAX_OBJECTS + 1))
    if len(found) > MAX_OBJECTS:
        raise walker.source.oversized(f"more than {MAX_OBJECTS} objects")
    edits = [Edit(each.chunk.start, min(each.chunk.end, top.stop)) for each in found if each.info is None]
    for info in dict.fromkeys(each.info for each in found if each.info is not None):
        edits.append(Edit(info.start, min(info.end, top.stop), _without(walker, info)))
    return edits


def _without(walker: Walker, info: Chunk) -> bytes:
    source = walker.source
    if info.stop - info.body > MAX_INFO:
        raise source.oversized(f"information of more than {MAX_INFO} bytes")
    kept = [each for each in walker.within(info.body, info.stop) if each.kind != KIND]
    inner = b"".join(chunk(each.kind, source.at(each.start + 8, each.stop - each.start - 8)) for each in kept)
    return chunk(b"LIST", b"INFO" + inner) if kept else b""


def _sizes(source: Source, edits: dict[Chunk, list[Edit]], wide: Chunk | None = None) -> list[Edit]:
    """`edits` by what they are in, with the sizes of that. wide: the chunk that holds the 64-bit sizes of an RF64 file.
    Raises VerificationError ``format.unsupported`` for a size of more than 32 bits."""
    made: list[Edit] = []
    for top, changes in edits.items():
        made += changes
        growth = sum(edit.growth for edit in changes)
        if not growth or top.cut:
            continue
        if wide is not None:
            size = int.from_bytes(source.at(wide.body, 8), "little") + growth
            made.append(Edit(wide.body, wide.body + 8, size.to_bytes(8, "little")))
            continue
        size = int.from_bytes(source.at(top.start + 4, 4), "little") + growth
        if not 0 <= size < MAX32:
            raise source.unsupported("with a label it would pass 4 GiB, which this variant cannot say")
        made.append(Edit(top.start + 4, top.start + 8, size.to_bytes(4, "little")))
    return made


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
        edits = _removals(walker, top)
        chunks = list(walker.within(top.body, top.stop))
        if not any(each.kind == b"data" for each in chunks):
            raise walker.source.malformed("no samples")
        place = next((each.start for each in chunks if each.cut), min(chunks[-1].end, top.stop))
        # The filling that an odd last chunk should have had.
        filling = bytes((place - top.start) % 2)
        edits.append(Edit(place, place, filling + chunk(KIND, text.encode("ascii"))))
        Splice(_sizes(walker.source, {top: edits}, wide)).write(walker.source, target)

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
        edits = {top: _removals(walker, top) for top in tops}
        first = tops[0]
        chunks = list(walker.within(first.body, first.stop))
        movie = next((each for each in chunks if each.form == b"movi"), None)
        if movie is None:
            raise walker.source.malformed("no pictures")
        # A list of its own: what others have told stays as it stands.
        label = chunk(b"LIST", b"INFO" + chunk(KIND, text.encode("ascii") + b"\0"))
        edits[first].append(Edit(movie.start, movie.start, label))
        splice = Splice(_sizes(walker.source, edits))
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
