# SPDX-License-Identifier: Apache-2.0
"""WebP (RFC 9649): the AIGC object as `TC260:AIGC` in the `XMP ` chunk. Read too: Exif. A simple file becomes an
extended one, as its standard wants for metadata; chunks of pictures stay byte for byte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Final

from answerable.formats import exif, xmp
from answerable.formats.carrier import MAX_FOUND, Carried
from answerable.formats.splice import Edit, Source
from answerable.formats.streams import malformed, oversized, rewrite, unsupported

# An animation has one chunk a frame.
MAX_CHUNKS: Final = 65_536

_XMP: Final = b"XMP "
_HAS_XMP: Final = 0x04
_HAS_EXIF: Final = 0x08
_HAS_ALPHA: Final = 0x10
_HAS_ICC: Final = 0x20


@dataclass(frozen=True, slots=True)
class Chunk:
    """at: of its name; data: of its content; end: after its content; next: after its padding."""

    kind: bytes
    at: int
    data: int
    end: int
    next: int


class WebP:
    """`formats.carrier.Carrier` of WebP."""

    name = "webp"
    media = "image/webp"

    def read(self, source: BinaryIO) -> tuple[Carried, ...]:
        file = Source(source, self.name)
        found: list[Carried] = []
        for chunk in _chunks(file):
            if chunk.kind == _XMP:
                found += xmp.find(_content(file, chunk, xmp.MAX_PACKET), "XMP chunk")
            elif chunk.kind == b"EXIF":
                found += exif.find(_exif(file, chunk)[1], "EXIF chunk")
        return tuple(found[:MAX_FOUND])

    def write(self, source: BinaryIO, target: BinaryIO, text: str) -> None:
        file = Source(source, self.name)
        chunks = _chunks(file)
        edits: list[Edit] = []
        placed = False
        for chunk in chunks:
            if chunk.kind == _XMP:
                packet = _content(file, chunk, xmp.MAX_PACKET)
                if not placed:
                    edits.append(Edit(chunk.at, chunk.next, _chunk(_XMP, xmp.put(packet, text))))
                    placed = True
                elif xmp.find(packet, ""):
                    edits.append(Edit(chunk.at, chunk.next, _chunk(_XMP, xmp.put(packet, ""))))
            elif chunk.kind == b"EXIF":
                skip, block = _exif(file, chunk)
                if (cleared := exif.cleared(block)) is not None:
                    edits.append(Edit(chunk.data + skip, chunk.end, cleared))
        edits.append(_extended(file, chunks))
        if not placed:
            last = chunks[-1]
            padding = b"\x00" if (last.end - last.data) % 2 and last.next == last.end else b""
            edits.append(Edit(last.next, last.next, padding + _chunk(_XMP, xmp.fresh(text))))
        size = int.from_bytes(file.at(4, 4), "little") + sum(edit.growth for edit in edits)
        if size > 0xFFFFFFFE:
            unsupported(self.name, "it would be larger than 4 GiB")
        edits.append(Edit(4, 8, size.to_bytes(4, "little")))
        rewrite(file, target, edits)


def _chunks(file: Source) -> list[Chunk]:
    head = file.at(0, 12)
    stop = 8 + int.from_bytes(head[4:8], "little")
    if head[:4] != b"RIFF" or head[8:] != b"WEBP" or stop > file.size:
        malformed(file.name, "its header is not of a whole WebP file")
    found: list[Chunk] = []
    at = 12
    while at + 8 <= stop:
        if len(found) >= MAX_CHUNKS:
            oversized(file.name, f"more than {MAX_CHUNKS} chunks")
        head = file.at(at, 8)
        length = int.from_bytes(head[4:], "little")
        end = at + 8 + length
        if end > stop:
            malformed(file.name, "a chunk is longer than the file")
        # Some writers leave out the padding of the last chunk.
        found.append(Chunk(head[:4], at, at + 8, end, min(end + length % 2, stop)))
        at = found[-1].next
    if at != stop or not found or found[0].kind not in (b"VP8X", b"VP8 ", b"VP8L"):
        malformed(file.name, "its chunks do not fill it, or begin with no picture")
    return found


def _content(file: Source, chunk: Chunk, limit: int) -> bytes:
    if chunk.end - chunk.data > limit:
        oversized(file.name, f"a chunk longer than {limit} bytes")
    return file.at(chunk.data, chunk.end - chunk.data)


def _exif(file: Source, chunk: Chunk) -> tuple[int, bytes]:
    """(bytes before it, the Exif block): some writers keep JPEG's header in front of it."""
    data = _content(file, chunk, exif.MAX_BLOCK)
    return (6, data[6:]) if data.startswith(b"Exif\x00\x00") else (0, data)


def _extended(file: Source, chunks: list[Chunk]) -> Edit:
    """The edit that makes the header say that there is XMP."""
    first = chunks[0]
    if first.kind == b"VP8X":
        if first.end - first.data < 10:
            malformed(file.name, "its VP8X chunk is too short")
        flags = file.at(first.data, 1)[0] | _HAS_XMP
        return Edit(first.data, first.data + 1, bytes((flags,)))
    kinds = {chunk.kind for chunk in chunks}
    flags = _HAS_XMP | (_HAS_EXIF if b"EXIF" in kinds else 0) | (_HAS_ICC if b"ICCP" in kinds else 0)
    head = file.at(first.data, min(10, first.end - first.data))
    if first.kind == b"VP8L":
        if len(head) < 5 or head[0] != 0x2F:
            malformed(file.name, "its VP8L chunk has no header")
        bits = int.from_bytes(head[1:5], "little")
        width, height = bits & 0x3FFF, bits >> 14 & 0x3FFF
        flags |= _HAS_ALPHA if bits >> 28 & 1 else 0
    else:
        if len(head) < 10 or head[3:6] != b"\x9d\x01\x2a":
            malformed(file.name, "its VP8 chunk has no header of a key frame")
        width, height = (int.from_bytes(head[at : at + 2], "little") & 0x3FFF for at in (6, 8))
        if not width or not height:
            malformed(file.name, "it has no size")
        width, height = width - 1, height - 1
    data = bytes((flags, 0, 0, 0)) + width.to_bytes(3, "little") + height.to_bytes(3, "little")
    return Edit(first.at, first.at, _chunk(b"VP8X", data))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return kind + len(data).to_bytes(4, "little") + data + b"\x00" * (len(data) % 2)
