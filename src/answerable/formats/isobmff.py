# SPDX-License-Identifier: Apache-2.0
"""MP4, MOV and M4A: key AIGC in `moov.udta.meta` (ISO/IEC 14496-12; keys as in QuickTime File Format, "Metadata").

Whatever grows before the samples moves them: every table of positions follows. Fragments, 64-bit sizes, a movie box in
front or at the end, and boxes that end with the file are all understood.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO, Final

from answerable.formats import isobmff_offsets as offsets
from answerable.formats.carrier import MAX_FOUND, Carried
from answerable.formats.isobmff_boxes import Box, Walker, box
from answerable.formats.isobmff_meta import KEY, found, item, key, meta, names, whole
from answerable.formats.splice import Edit, Recast, Source, Splice

# So many are replaced; nobody has written more.
MAX_OBJECTS: Final = 1024


class Mp4:
    """`carrier.Carrier`. A movie whose header is compressed is ``format.unsupported``."""

    name = "mp4"
    media = "video/mp4"

    def read(self, source: BinaryIO) -> tuple[Carried, ...]:
        walker = Walker(Source(source, self.name))
        # Behind the movie box stand samples and fragments, thousands of them, and no metadata.
        for top in walker.files():
            if top.kind == b"moov":
                self._readable(walker, top)
                return tuple(Carried(each.place, each.text) for each in islice(found(walker, top), MAX_FOUND))
        raise walker.source.malformed("no movie box")

    def write(self, source: BinaryIO, target: BinaryIO, text: str) -> None:
        walker = Walker(Source(source, self.name))
        moov = self._movie(walker)
        splice = Splice(_edits(walker, moov, text.encode("ascii")))
        patches: Iterator[Edit | Recast] = iter(())
        if splice.growth:
            if offsets.items(Walker(walker.source), moov):
                raise walker.source.unsupported("it holds items that are located by position")
            patches = self._positions(walker, moov, splice)
        splice.write(walker.source, target, patches)

    def _positions(self, walker: Walker, moov: Box, splice: Splice) -> Iterator[Edit | Recast]:
        # Made before anything is written: what cannot be written is found out in time.
        inside = list(offsets.in_movie(walker, moov, splice))
        waiting = iter(sorted(inside, key=lambda each: each.start))
        held = next(waiting, None)
        # Fragments are many: theirs are made one by one.
        for patch in offsets.around(Walker(walker.source), splice):
            while held is not None and held.start < patch.start:
                yield held
                held = next(waiting, None)
            yield patch
        if held is not None:
            yield held
            yield from waiting

    def _movie(self, walker: Walker) -> Box:
        movies = [top for top in walker.files() if top.kind == b"moov"]
        if len(movies) != 1:
            raise walker.source.malformed(f"{len(movies)} movie boxes")
        self._readable(walker, movies[0])
        return movies[0]

    def _readable(self, walker: Walker, moov: Box) -> None:
        if any(child.kind == b"cmov" for child in walker.children(moov.body, moov.stop)):
            raise walker.source.unsupported("its movie box is compressed")


def _edits(walker: Walker, moov: Box, text: bytes) -> list[Edit]:
    """What goes and what comes, and the sizes of all that holds it."""
    source = walker.source
    edits: list[Edit] = []
    growth: dict[Box, int] = {}

    def edit(change: Edit, parents: tuple[Box, ...]) -> None:
        edits.append(change)
        for parent in parents:
            growth[parent] = growth.get(parent, 0) + change.growth

    gone = list(islice(found(walker, moov), MAX_OBJECTS + 1))
    if len(gone) > MAX_OBJECTS:
        raise source.oversized(f"more than {MAX_OBJECTS} objects")
    for each in gone:
        edit(Edit(each.box.start, each.box.stop), each.parents)
    users = next(walker.within(moov, b"udta"), None)
    if users is None:
        at = _end(walker, moov)
        edit(Edit(at, at, box(b"udta", whole(text))), (moov,))
    else:
        metas = [meta(walker, child) for child in walker.within(users, b"meta")]
        known = next((each for each in metas if each.handler == b"mdta" and each.keys and each.items), None)
        if known is None or known.keys is None or known.items is None:
            at = _end(walker, users)
            edit(Edit(at, at, whole(text)), (moov, users))
        else:
            parents = (moov, users, known.box)
            listed = names(walker, known.keys)
            if KEY not in listed:
                count = known.keys.body + 4
                edits.append(Edit(count, count + 4, (len(listed) + 1).to_bytes(4, "big")))
                edit(Edit(known.keys.stop, known.keys.stop, key(KEY)), (*parents, known.keys))
                listed.append(KEY)
            at = _end(walker, known.items)
            edit(Edit(at, at, item(listed.index(KEY) + 1, text)), (*parents, known.items))
    sizes = (holder.resized(more, source) for holder, more in growth.items() if more)
    return [*edits, *(size for size in sizes if size is not None)]


def _end(walker: Walker, holder: Box) -> int:
    """Behind the last box inside: four zero bytes may end the list."""
    end = holder.body
    for child in walker.children(holder.body, holder.stop):
        end = child.stop
    return end


class Mov(Mp4):
    """QuickTime."""

    name = "mov"
    media = "video/quicktime"


class M4a(Mp4):
    """Sound alone, as its first brand says."""

    name = "m4a"
    media = "audio/mp4"
