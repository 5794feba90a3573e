# SPDX-License-Identifier: Apache-2.0
"""Pages of Ogg (RFC 3533 section 6): packets taken out of them and laid into new ones."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from answerable.formats.splice import Source

MAX_PAGES: Final = 10_000_000
HEADER: Final = 27

CONTINUED: Final = 1
FIRST: Final = 2
LAST: Final = 4

# No packet ends on the page.
_NO_POSITION: Final = b"\xff" * 8
_SEGMENTS: Final = 255

# Ogg's checksum is that of zlib with the bits of each byte, and of the result, the other way round.
_MIRROR: Final = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


def checksum(data: bytes) -> int:
    """RFC 3533: polynomial 0x04C11DB7, no reflection, from 0. Of a page whose own field is zero."""
    mirrored = zlib.crc32(data.translate(_MIRROR), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_MIRROR), "big")


@dataclass(frozen=True, slots=True)
class Page:
    """[start, stop) with its header of `HEADER` bytes and its lengths; lacing: the lengths of its segments."""

    start: int
    stop: int
    flags: int
    serial: bytes
    number: int
    lacing: bytes

    @property
    def body(self) -> int:
        return self.start + HEADER + len(self.lacing)

    @property
    def open(self) -> bool:
        """Whether its last packet goes on on the next page."""
        return self.lacing[-1:] == b"\xff"


def page(source: Source, start: int) -> Page:
    """The page at `start`. Raises VerificationError ``format.malformed``."""
    head = source.at(start, HEADER)
    if head[:5] != b"OggS\0":
        raise source.malformed(f"no page at {start}")
    lacing = source.at(start + HEADER, head[26])
    stop = start + HEADER + len(lacing) + sum(lacing)
    if stop > source.size:
        raise source.malformed(f"the page at {start} is longer than the file")
    return Page(start, stop, head[5], head[14:18], int.from_bytes(head[18:22], "little"), lacing)


def pages(source: Source) -> Iterator[Page]:
    """All of them. Raises VerificationError ``format.malformed``, ``format.oversized``."""
    at = 0
    for _ in range(MAX_PAGES):
        if at >= source.size:
            return
        found = page(source, at)
        yield found
        at = found.stop
    raise source.oversized(f"more than {MAX_PAGES} pages")


def whole(source: Source, page: Page) -> bytes:
    """A page's bytes, if its checksum is right. Raises VerificationError ``format.malformed``."""
    data = source.at(page.start, page.stop - page.start)
    if checksum(data[:22] + bytes(4) + data[26:]) != int.from_bytes(data[22:26], "little"):
        raise source.malformed(f"the checksum of the page at {page.start} is wrong")
    return data


def renumbered(data: bytes, number: int) -> bytes:
    """A page under another number. One whose checksum was wrong stays wrong: damage is not hidden."""
    bare = data[:22] + bytes(4) + data[26:]
    wrong = checksum(bare) ^ int.from_bytes(data[22:26], "little")
    return _closed(data[:18] + (number & 0xFFFFFFFF).to_bytes(4, "little") + bytes(4) + data[26:], wrong)


def _closed(data: bytes, wrong: int = 0) -> bytes:
    return data[:22] + (checksum(data) ^ wrong).to_bytes(4, "little") + data[26:]


def parts(data: bytes, page: Page) -> list[bytes]:
    """What a page holds of packets; the last is unfinished if the page is open."""
    found, at, size = [], HEADER + len(page.lacing), 0
    for length in page.lacing:
        size += length
        if length < 255:
            found.append(data[at : at + size])
            at, size = at + size, 0
    if page.open:
        found.append(data[at : at + size])
    return found


def paged(packets: Sequence[bytes], serial: bytes, number: int) -> list[bytes]:
    """Pages of header packets, which stand at position 0, from `number` on. The last page ends with the last packet."""
    lengths: list[int] = []
    for packet in packets:
        lengths += [255] * (len(packet) // 255) + [len(packet) % 255]
    content = memoryview(b"".join(packets))
    found, at, flags = [], 0, 0
    for start in range(0, len(lengths), _SEGMENTS):
        lacing = bytes(lengths[start : start + _SEGMENTS])
        position = bytes(8) if min(lacing) < 255 else _NO_POSITION
        head = b"OggS\0" + bytes((flags,)) + position + serial + (number & 0xFFFFFFFF).to_bytes(4, "little") + bytes(4)
        body = content[at : at + sum(lacing)]
        found.append(_closed(head + bytes((len(lacing),)) + lacing + body))
        at, number, flags = at + len(body), number + 1, CONTINUED if lacing[-1] == 255 else 0
    return found
