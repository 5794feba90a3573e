# SPDX-License-Identifier: Apache-2.0
"""Matroska and WebM (RFC 9559): simple tag AIGC, before the first cluster. Positions in SeekHead, Cues and clusters
follow; clusters and segments of unknown size, as live streams write them, are understood."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO, Final

from answerable.formats import ebml_elements as elements
from answerable.formats import ebml_positions as positions
from answerable.formats import ebml_tags
from answerable.formats.carrier import MAX_FOUND, Carried
from answerable.formats.ebml_elements import Element, Walker
from answerable.formats.splice import Edit, Source, Splice

PLACE: Final = "Tags SimpleTag AIGC"

_MAX_HEADER: Final = 4096
_DOCTYPE: Final = 0x4282
_MAX_ID_LENGTH: Final = 0x42F2
_MAX_SIZE_LENGTH: Final = 0x42F3
_ROUNDS: Final = 16
_MAX_PARTS: Final = 1024


@dataclass(slots=True)
class _Layout:
    """Where the parts of a segment stand. clusters: their beginnings."""

    segment: Element
    parts: list[Element] = field(default_factory=list)
    clusters: array[int] = field(default_factory=lambda: array("Q"))

    def of(self, kind: int) -> list[Element]:
        return [part for part in self.parts if part.kind == kind]


class Mkv:
    """`carrier.Carrier`. A file of several segments is ``format.unsupported``."""

    name = "mkv"
    media = "video/x-matroska"

    def read(self, source: BinaryIO) -> tuple[Carried, ...]:
        walker = Walker(Source(source, self.name))
        return tuple(Carried(PLACE, text) for text in islice(self._texts(walker), MAX_FOUND))

    def write(self, source: BinaryIO, target: BinaryIO, text: str) -> None:
        walker = Walker(Source(source, self.name))
        inner, layout = walker.source, self._layout(walker)
        splice = _settled(inner, layout, _tag_edits(inner, layout, text.encode("ascii")))
        moving = splice.growth and layout.clusters
        move = _mover(layout.segment, splice)
        patches = positions.clusters(Walker(inner), layout.clusters, layout.segment.body, move) if moving else ()
        splice.write(inner, target, patches)

    def _texts(self, walker: Walker) -> Iterator[bytes]:
        for part in _tags(walker, self._segment(walker)):
            yield from ebml_tags.texts(_content(walker.source, part, ebml_tags.MAX_TAGS), walker.source)

    def _segment(self, walker: Walker) -> Element:
        source = walker.source
        head = walker.element(0, source.size)
        if head.kind != elements.HEADER:
            raise source.malformed("no EBML header")
        data = _content(source, head, _MAX_HEADER)
        for kind, _, body, stop, _ in elements.children(data, source):
            value = int.from_bytes(data[body:stop], "big")
            if (kind == _MAX_ID_LENGTH and value > 4) or (kind == _MAX_SIZE_LENGTH and value > 8):
                raise source.unsupported("its identifiers or sizes are longer than Matroska's")
            if kind == _DOCTYPE and data[body:stop].rstrip(b"\0") not in {b"matroska", b"webm"}:
                raise source.unsupported("EBML that is neither Matroska nor WebM")
        at = head.stop
        segment = walker.element(at, source.size)
        while segment.kind == elements.VOID:
            segment = walker.element(segment.stop, source.size)
        if segment.kind != elements.SEGMENT:
            raise source.malformed("no segment")
        return segment

    def _layout(self, walker: Walker) -> _Layout:
        source, segment = walker.source, self._segment(walker)
        layout = _Layout(segment)
        for part in walker.within(segment.body, segment.stop):
            if part.kind == elements.CLUSTER:
                layout.clusters.append(part.start)
            elif part.kind in {elements.SEGMENT, elements.HEADER}:
                raise source.unsupported("several segments in one file")
            elif part.kind != elements.VOID:
                layout.parts.append(part)
                if len(layout.parts) > _MAX_PARTS:
                    raise source.oversized(f"more than {_MAX_PARTS} parts beside clusters")
        behind = source.at(segment.stop, min(4, source.size - segment.stop))
        if behind in {elements.SEGMENT.to_bytes(4, "big"), elements.HEADER.to_bytes(4, "big")}:
            raise source.unsupported("several segments in one file")
        return layout


def _tags(walker: Walker, segment: Element) -> list[Element]:
    """The tags before the first cluster, those that a SeekHead leads to, and those behind the last part that it leads
    to: clusters are thousands, and where there is a SeekHead none is looked at."""
    source, base = walker.source, segment.body
    found: dict[int, Element] = {}
    targets: dict[int, int] = {}
    at, front = base, True
    while at < segment.stop:
        part = walker.element(at, segment.stop)
        if part.kind == elements.TAGS:
            found[part.start] = part
        elif part.kind == elements.SEEK_HEAD and front:
            content = _content(source, part, positions.MAX_INDEX)
            targets |= {base + position: kind for kind, position in positions.sought(content, source)}
        if part.kind == elements.CLUSTER and front:
            front = False
            led = [each for each in targets if part.stop <= each < segment.stop and _leads(source, each, targets[each])]
            for each in led:
                if targets[each] == elements.TAGS:
                    found[each] = walker.element(each, segment.stop)
            at = max(led, default=part.stop)
        else:
            at = part.stop
    return [found[start] for start in sorted(found)]


def _leads(source: Source, at: int, kind: int) -> bool:
    name = kind.to_bytes((kind.bit_length() + 7) // 8 or 1, "big")
    return at + len(name) <= source.size and source.at(at, len(name)) == name


def _content(source: Source, part: Element, limit: int) -> bytes:
    if part.stop - part.body > limit:
        raise source.oversized(f"the element at {part.start} has more than {limit} bytes")
    return source.at(part.body, part.stop - part.body)


def _tag_edits(source: Source, layout: _Layout, text: bytes) -> list[Edit]:
    """The tags with exactly one object in all of them. A checksum of the whole segment would be wrong: it goes."""
    place = layout.clusters[0] if layout.clusters else layout.segment.stop
    edits: list[Edit] = []
    said = False
    for part in layout.of(elements.TAGS):
        content = _content(source, part, ebml_tags.MAX_TAGS)
        kept = ebml_tags.without(content, source)
        if not said and part.start < place:
            said = True
            edits.append(Edit(part.start, part.stop, ebml_tags.tags(kept, text, source, part.sized)))
        elif kept is not content:
            new = elements.element(elements.TAGS, kept, part.sized) if kept else elements.void(part.stop - part.start)
            edits.append(Edit(part.start, part.stop, new))
    if not said:
        edits.append(Edit(place, place, ebml_tags.tags(b"", text, source)))
    edits += [Edit(part.start, part.stop, elements.void(part.stop - part.start)) for part in layout.of(elements.CRC)]
    return edits


def _settled(source: Source, layout: _Layout, edits: list[Edit]) -> Splice:
    """With the indices. A position that needs a wider field moves what stands behind it: round after round, until
    nothing widens."""
    segment = layout.segment
    new = next((edit for edit in edits if edit.start == edit.stop), None)
    heads = layout.of(elements.SEEK_HEAD)
    indices = [(part, _content(source, part, positions.MAX_INDEX)) for part in (*heads, *layout.of(elements.CUES))]
    splice = Splice(edits)
    for _ in range(_ROUNDS):
        move = _mover(segment, splice)
        made = []
        for part, content in indices:
            data = positions.remapped(content, move, source)
            if new is not None and heads and part is heads[0]:
                data = positions.with_tags(data, move(new.start - segment.body) - len(new.new), source)
            if data != content:
                made.append(Edit(part.start, part.stop, elements.element(part.kind, data, part.sized)))
        growth = sum(edit.growth for edit in (*edits, *made))
        following = Splice([*edits, *made, *_resized(segment, growth)])
        if following.edits == splice.edits:
            return splice
        splice = following
    raise source.unsupported("its positions do not settle")


def _resized(segment: Element, growth: int) -> list[Edit]:
    if segment.open or not growth:
        return []
    field = elements.size_field(segment.stop - segment.body + growth, segment.sized)
    return [Edit(segment.body - segment.sized, segment.body, field)]


def _mover(segment: Element, splice: Splice) -> Callable[[int], int]:
    """Of a position in the segment as it was: the one as it will be."""
    base, new = segment.body, splice.moved(segment.body)
    return lambda position: splice.moved(base + position) - new


class Webm(Mkv):
    """WebM, a part of Matroska."""

    name = "webm"
    media = "video/webm"
