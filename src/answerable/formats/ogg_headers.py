# SPDX-License-Identifier: Apache-2.0
"""The header packets of what Ogg carries: Vorbis I section 4.2, RFC 7845 (Opus), the mapping of FLAC (RFC 9639 section
10.1), Theora section 6.1, Speex. The second packet holds the comments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from answerable.formats import ogg_pages
from answerable.formats.ogg_pages import Page
from answerable.formats.splice import Source
from answerable.formats.vorbis_comment import Comments, parse

# Of one file's streams that play at a time: covers are large, and stand in the comments.
MAX_HEADERS: Final = 32 << 20
MAX_STREAMS: Final = 64
MAX_PACKETS: Final = 1024


class Codec(NamedTuple):
    """begins: the first packet; packets: how many header packets there are; prefix: what stands before the comments."""

    name: str
    begins: bytes
    packets: int
    prefix: bytes


_CODECS: Final = (
    Codec("Vorbis", b"\x01vorbis", 3, b"\x03vorbis"),
    Codec("Opus", b"OpusHead", 2, b"OpusTags"),
    Codec("Theora", b"\x80theora", 3, b"\x81theora"),
    Codec("FLAC", b"\x7fFLAC", 0, b""),
    Codec("Speex", b"Speex   ", 0, b""),
)
_FLAC_COMMENTS: Final = 4
_FLAC_LAST: Final = 0x80
_FLAC_MAX: Final = 1 << 24


@dataclass(slots=True)
class Headers:
    """Of one stream. pages: those behind its first, which hold `packets`; needed: how many packets, 0 for FLAC that
    does not say; complete: whether all are there."""

    codec: Codec
    serial: bytes
    needed: int
    pages: list[Page] = field(default_factory=list)
    packets: list[bytes] = field(default_factory=list)
    unfinished: bytearray | None = None
    complete: bool = False

    def comments(self, source: Source) -> Comments:
        """Raises VerificationError ``format.malformed``, ``format.oversized``."""
        packet = self.packets[0]
        if self.codec.name == "FLAC":
            if packet[0] & 0x7F != _FLAC_COMMENTS or int.from_bytes(packet[1:4], "big") != len(packet) - 4:
                raise source.malformed("its second packet is no comments")
            return parse(packet[4:], source)
        if not packet.startswith(self.codec.prefix):
            raise source.malformed("its second packet is no comments")
        return parse(packet[len(self.codec.prefix) :], source)

    def with_comments(self, data: bytes, source: Source) -> list[bytes]:
        """The pages again, with other comments. Raises VerificationError ``format.oversized``."""
        prefix = self.codec.prefix
        if self.codec.name == "FLAC":
            if len(data) >= _FLAC_MAX:
                raise source.oversized(f"comments of {_FLAC_MAX} bytes or more")
            prefix = self.packets[0][:1] + len(data).to_bytes(3, "big")
        return ogg_pages.paged([prefix + data, *self.packets[1:]], self.serial, self.pages[0].number)


class Links:
    """Reads headers page by page. Streams that play together begin together; behind them others may follow (chained
    streams). known: the streams of the present link whose comments are understood, by serial number."""

    __slots__ = ("_held", "_source", "beginning", "known", "serials")

    def __init__(self, source: Source) -> None:
        self._source = source
        self._held = 0
        self.beginning = False
        self.known: dict[bytes, Headers] = {}
        self.serials: set[bytes] = set()

    def feed(self, page: Page) -> Headers | None:
        """The stream whose headers this page is part of, None for any other page. Raises VerificationError
        ``format.malformed``, ``format.oversized``, ``format.unsupported``."""
        if page.flags & ogg_pages.FIRST:
            self._first(page)
            return None
        self.beginning = False
        headers = self.known.get(page.serial)
        if headers is None or headers.complete:
            return None
        self._more(headers, page)
        return headers

    def pending(self) -> bool:
        """Whether headers are still to come."""
        return self.beginning or any(not headers.complete for headers in self.known.values())

    def end(self) -> None:
        """The file, or this link, is over. Raises VerificationError ``format.malformed`` in the middle of headers."""
        if any(not headers.complete for headers in self.known.values()):
            raise self._source.malformed("its headers are not complete")

    def _first(self, page: Page) -> None:
        if not self.beginning:
            self.end()
            self.known, self.serials, self._held, self.beginning = {}, set(), 0, True
        if page.serial in self.serials:
            raise self._source.malformed("two streams have the same number")
        self.serials.add(page.serial)
        if len(self.serials) > MAX_STREAMS:
            raise self._source.oversized(f"more than {MAX_STREAMS} streams at a time")
        packet = next(iter(ogg_pages.parts(ogg_pages.whole(self._source, page), page)), b"")
        for codec in _CODECS:
            if packet.startswith(codec.begins):
                self.known[page.serial] = Headers(codec, page.serial, _needed(codec, packet))

    def _more(self, headers: Headers, page: Page) -> None:
        source = self._source
        self._held += page.stop - page.start
        if self._held > MAX_HEADERS:
            raise source.oversized(f"headers of more than {MAX_HEADERS} bytes")
        headers.pages.append(page)
        if bool(page.flags & ogg_pages.CONTINUED) != (headers.unfinished is not None):
            raise source.malformed("a page of its headers is missing")
        found = ogg_pages.parts(ogg_pages.whole(source, page), page)
        for number, part in enumerate(found):
            if headers.complete:
                raise source.unsupported("its sound begins on a page of headers")
            if headers.unfinished is not None:
                headers.unfinished += part
            else:
                headers.unfinished = bytearray(part)
            if number == len(found) - 1 and page.open:
                return
            if len(headers.packets) >= MAX_PACKETS:
                raise source.oversized(f"more than {MAX_PACKETS} header packets")
            headers.packets.append(bytes(headers.unfinished))
            headers.unfinished = None
            headers.complete = _complete(headers)


def _needed(codec: Codec, first: bytes) -> int:
    if codec.name == "FLAC":
        return int.from_bytes(first[7:9], "big")
    if codec.name == "Speex":
        return 1 + int.from_bytes(first[68:72], "little")
    return codec.packets - 1


def _complete(headers: Headers) -> bool:
    if headers.codec.name == "FLAC" and not headers.needed:
        return bool(headers.packets[-1][:1] >= b"\x80")
    return len(headers.packets) >= headers.needed
