# SPDX-License-Identifier: Apache-2.0
"""JPEG (ITU-T T.81, JFIF): the AIGC object as `TC260:AIGC` in an APP1 XMP segment (ISO 16684-3 section 1.1.3). Read
too: Exif fields, extended XMP, and objects glued into an application segment or a comment. All from the first scan
on is copied as it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Final

from answerable.formats import embedded, exif, xmp
from answerable.formats.carrier import MAX_FOUND, Carried
from answerable.formats.splice import Edit, Source
from answerable.formats.streams import malformed, oversized, rewrite, unsupported, upto

# C2PA and extended XMP take one segment a 64 KiB; more is a file made of segments.
MAX_SEGMENTS: Final = 16_384

_XMP: Final = b"http://ns.adobe.com/xap/1.0/\x00"
_EXTENDED: Final = b"http://ns.adobe.com/xmp/extension/\x00"
_EXIF: Final = (b"Exif\x00\x00", b"Exif\x00\xff")
# ICC profiles, JUMBF (C2PA), Photoshop's resources, Adobe's transform: they have forms of their own.
_APART: Final = (0xE2, 0xEB, 0xED, 0xEE)
# A packet may have 65,502 bytes (ISO 16684-3); a segment 65,533.
_PACKET: Final = 65_502
_PART: Final = 65_400
# What may stand before a glued object and still be its header.
_GLUED: Final = 64


@dataclass(frozen=True, slots=True)
class Segment:
    """at, end: of the whole segment; head: the first bytes of its content; data: offset of its content."""

    marker: int
    at: int
    data: int
    end: int
    head: bytes


class Jpeg:
    """`formats.carrier.Carrier` of JPEG."""

    name = "jpeg"
    media = "image/jpeg"

    def read(self, source: BinaryIO) -> tuple[Carried, ...]:
        file = Source(source, self.name)
        segments = _segments(file)
        found: list[Carried] = []
        for segment in segments:
            found += _carried(file, segment)
        if (extended := _extended(file, segments)) is not None:
            found += xmp.find(extended, "APP1 extended XMP")
        return tuple(found[:MAX_FOUND])

    def write(self, source: BinaryIO, target: BinaryIO, text: str) -> None:
        file = Source(source, self.name)
        segments = _segments(file)
        extended = _extended(file, segments)
        if extended is not None and xmp.find(extended, ""):
            unsupported(self.name, "its extended XMP holds an AIGC object")
        edits: list[Edit] = []
        placed = False
        for segment in segments:
            if segment.head.startswith(_XMP):
                packet = file.at(segment.data + len(_XMP), segment.end - segment.data - len(_XMP))
                if not placed:
                    edits.append(Edit(segment.at, segment.end, _packet(packet, text, divided=extended is not None)))
                elif xmp.find(packet, ""):
                    edits.append(Edit(segment.at, segment.end, _segment(0xE1, _XMP + xmp.put(packet, ""))))
                placed = True
            elif segment.head.startswith(_EXIF):
                block = exif.cleared(file.at(segment.data + 6, segment.end - segment.data - 6))
                if block is not None:
                    edits.append(Edit(segment.data + 6, segment.end, block))
            elif _glued(file, segment):
                edits.append(Edit(segment.at, segment.end, b""))
        if not placed:
            at = _place(segments)
            edits.append(Edit(at, at, _segment(0xE1, _XMP + xmp.fresh(text))))
        rewrite(file, target, edits)


def _segments(file: Source) -> list[Segment]:
    """Those before the first scan."""
    if file.at(0, 2) != b"\xff\xd8":
        malformed(file.name, "it does not begin with SOI")
    found: list[Segment] = []
    at = 2
    while True:
        if len(found) >= MAX_SEGMENTS:
            oversized(file.name, f"more than {MAX_SEGMENTS} segments")
        head = upto(file, at, 44)
        start = at
        if head[:1] != b"\xff":
            malformed(file.name, "a marker is missing")
        fill = len(head) - len(head.lstrip(b"\xff")) - 1
        if fill:
            # Any number of fill bytes may stand before a marker (T.81 section B.1.1.2); each is looked at once.
            at, fill = _filled(file, at), 0
            head = upto(file, at, 44)
        marker = head[1] if len(head) > 1 else 0
        if marker == 0xDA:
            return found
        if marker in (0x00, 0xD8, 0xD9):
            malformed(file.name, "it has no picture")
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:
            found.append(Segment(marker, start, at + 2, at + 2, b""))
            at += 2
            continue
        length = int.from_bytes(head[2:4], "big")
        if len(head) < 4 or length < 2 or at + 2 + length > file.size:
            malformed(file.name, "a segment is longer than the file")
        end = at + 2 + length
        found.append(Segment(marker, start, at + 4, end, head[4 : min(44, 2 + length)]))
        at = end


def _filled(file: Source, at: int) -> int:
    """Where the last of a row of fill bytes stands."""
    while True:
        part = upto(file, at, 4096)
        more = len(part) - len(part.lstrip(b"\xff"))
        if more < len(part):
            return at + more - 1
        if len(part) < 4096:
            malformed(file.name, "it ends in fill bytes")
        at += len(part) - 1


def _carried(file: Source, segment: Segment) -> list[Carried]:
    if segment.head.startswith(_XMP):
        packet = file.at(segment.data + len(_XMP), segment.end - segment.data - len(_XMP))
        return xmp.find(packet, "APP1 XMP")
    if segment.head.startswith(_EXIF):
        return exif.find(file.at(segment.data + 6, segment.end - segment.data - 6), "APP1 Exif")
    name = "COM" if segment.marker == 0xFE else f"APP{segment.marker - 0xE0}"
    return [Carried(f"{name} AIGC", each.text.encode("latin-1")) for each in _glued(file, segment)]


def _glued(file: Source, segment: Segment) -> list[embedded.Embedded]:
    """Objects in an application segment or comment that holds nothing else."""
    marker = segment.marker
    if not (0xE0 <= marker <= 0xEF or marker == 0xFE) or marker in _APART:
        return []
    if segment.head.startswith((_XMP, _EXTENDED[:40], *_EXIF, b"JFIF\x00", b"JFXX\x00")):
        return []
    data = file.at(segment.data, segment.end - segment.data)
    found = embedded.find(data.decode("latin-1"), file.name) if b"{" in data[: _GLUED + 8] else []
    return found if found and found[0].start <= _GLUED and not found[0].other else []


def _extended(file: Source, segments: list[Segment]) -> bytes | None:
    """The parts of extended XMP in a row, those that belong to one packet; None if there are none."""
    parts: dict[tuple[bytes, int], bytes] = {}
    total = 0
    for segment in segments:
        if segment.marker == 0xE1 and segment.head.startswith(_EXTENDED):
            data = file.at(segment.data, segment.end - segment.data)[len(_EXTENDED) :]
            total += len(data)
            if total > xmp.MAX_PACKET:
                oversized(file.name, f"extended XMP longer than {xmp.MAX_PACKET} bytes")
            parts.setdefault((data[:32], int.from_bytes(data[36:40], "big")), data[40:])
    return b"".join(parts[key] for key in sorted(parts)) if parts else None


def _packet(packet: bytes, text: str, *, divided: bool) -> bytes:
    """The segment, or segments, of a packet with the object."""
    made = xmp.put(packet, text)
    if len(made) > _PACKET:
        made = xmp.shrunk(made)
    if len(made) <= _PACKET:
        return _segment(0xE1, _XMP + made)
    parts = None if divided else xmp.divided(packet, text)
    if parts is None:
        unsupported("jpeg", "its XMP leaves no room for an AIGC object")
    main, guid, rest = parts
    segments = [_segment(0xE1, _XMP + main)]
    for at in range(0, len(rest), _PART):
        head = _EXTENDED + guid.encode() + len(rest).to_bytes(4, "big") + at.to_bytes(4, "big")
        segments.append(_segment(0xE1, head + rest[at : at + _PART]))
    return b"".join(segments)


def _segment(marker: int, data: bytes) -> bytes:
    if len(data) > 65_533:
        unsupported("jpeg", "its XMP leaves no room for an AIGC object")
    return bytes((0xFF, marker)) + (len(data) + 2).to_bytes(2, "big") + data


def _place(segments: list[Segment]) -> int:
    """Behind JFIF's and Exif's segments, which their standards want first."""
    at = 2
    for segment in segments:
        if segment.marker != 0xE0 and not segment.head.startswith(_EXIF):
            break
        at = segment.end
    return at
