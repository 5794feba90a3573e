# SPDX-License-Identifier: Apache-2.0
"""Ogg (RFC 3533) with Vorbis, Opus, FLAC, Theora or Speex: Vorbis comment AIGC of the first stream.

Comments that take more or fewer pages give all later pages of their stream another number, and so another checksum.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO, Final

from answerable.formats import ogg_pages
from answerable.formats.carrier import MAX_FOUND, Carried
from answerable.formats.ogg_headers import Headers, Links
from answerable.formats.ogg_pages import Page
from answerable.formats.splice import Source

PLACE: Final = "{codec} comment AIGC"

_LONGEST: Final = ogg_pages.HEADER + 255 + 255 * 255


class Ogg:
    """`carrier.Carrier`."""

    name = "ogg"
    media = "audio/ogg"

    def read(self, source: BinaryIO) -> tuple[Carried, ...]:
        return tuple(islice(self._objects(Source(source, self.name)), MAX_FOUND))

    def write(self, source: BinaryIO, target: BinaryIO, text: str) -> None:
        inner = Source(source, self.name)
        said: bytes | None = text.encode("ascii")
        links, shifts = Links(inner), dict[bytes, int]()
        start = stop = 0  # a run of bytes that stay as they are
        for page in ogg_pages.pages(inner):
            headers = links.feed(page)
            if page.flags & ogg_pages.FIRST:
                shifts.pop(page.serial, None)
            shift = shifts.get(page.serial, 0)
            if headers is None and not shift:
                stop = page.stop
                continue
            for block in inner.blocks(start, stop):
                target.write(block)
            start = stop = page.stop
            if headers is None:
                target.write(ogg_pages.renumbered(inner.at(page.start, page.stop - page.start), page.number + shift))
            elif headers.complete:
                # The first stream of the file whose comments are understood says it, all others say nothing.
                chosen = said if headers is next(iter(links.known.values())) else None
                made = self._relabelled(inner, headers, chosen)
                said = None if chosen is not None else said
                for data in made:
                    target.write(data)
                shifts[page.serial] = len(made) - len(headers.pages)
        links.end()
        if said is not None:
            raise inner.unsupported("it holds no stream whose comments are known")
        for block in inner.blocks(start, stop):
            target.write(block)

    def _relabelled(self, source: Source, headers: Headers, said: bytes | None) -> list[bytes]:
        comments = headers.comments(source)
        if said is None and not comments.texts():
            return [source.at(page.start, page.stop - page.start) for page in headers.pages]
        return headers.with_comments(comments.with_object(said), source)

    def _objects(self, source: Source) -> Iterator[Carried]:
        links, last = Links(source), _last(source)
        for page in ogg_pages.pages(source):
            headers = links.feed(page)
            if headers is not None and headers.complete:
                for text in headers.comments(source).texts():
                    yield Carried(PLACE.format(codec=headers.codec.name), text)
            if not links.pending() and last in links.serials:
                return
        links.end()


def _last(source: Source) -> bytes | None:
    """The serial number of the last page: that of a stream which began first says that no others follow, without a look
    at all the pages between."""
    begin = max(source.size - _LONGEST, 0)
    data = source.at(begin, source.size - begin)
    at = data.rfind(b"OggS\0")
    while at >= 0:
        found = _page(source, begin + at)
        if found is not None and found.stop == source.size:
            return found.serial
        at = data.rfind(b"OggS\0", 0, at)
    return None


def _page(source: Source, start: int) -> Page | None:
    if start + ogg_pages.HEADER > source.size:
        return None
    head = source.at(start, ogg_pages.HEADER)
    if start + ogg_pages.HEADER + head[26] > source.size:
        return None
    lacing = source.at(start + ogg_pages.HEADER, head[26])
    stop = start + ogg_pages.HEADER + head[26] + sum(lacing)
    return Page(start, stop, head[5], head[14:18], int.from_bytes(head[18:22], "little"), lacing)


class Opus(Ogg):
    """Opus in Ogg (RFC 7845)."""

    name = "opus"
    media = "audio/ogg"
