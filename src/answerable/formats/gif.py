# SPDX-License-Identifier: Apache-2.0
"""GIF (89a; 87a becomes 89a, which alone has extensions): the AIGC object as `TC260:AIGC` in the application extension
`XMP DataXMP` (ISO 16684-3 section 1.1.2). Read too: comments that hold an object. Frames stay byte for byte."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import BinaryIO, Final

from answerable.formats import embedded, xmp
from answerable.formats.carrier import MAX_FOUND, Carried
from answerable.formats.splice import Edit, Source
from answerable.formats.streams import malformed, oversized, rewrite

MAX_BLOCKS: Final = 65_536
MAX_SUB_BLOCKS: Final = 4_194_304
MAX_COMMENT: Final = 262_144

# The packet stands without sub-blocks: each of its bytes may be taken for the length of one, and wherever that leads
# in these 257 bytes, the next is one less, until the zero that ends the extension.
_MAGIC: Final = b"\x01" + bytes(range(255, -1, -1)) + b"\x00"
_APPLICATION: Final = b"\x21\xff\x0b"
_XMP: Final = _APPLICATION + b"XMP DataXMP"
_WINDOW: Final = 262_144
# Full sub-blocks in a row, which is most of a frame.
_FULL = re.compile(rb"(?s:\xff.{255})*+")


@dataclass(frozen=True, slots=True)
class Extension:
    """at, end: of the whole extension; data: where its sub-blocks begin (for XMP, the packet)."""

    label: int
    at: int
    data: int
    end: int
    xmp: bool


class Gif:
    """`formats.carrier.Carrier` of GIF."""

    name = "gif"
    media = "image/gif"

    def read(self, source: BinaryIO) -> tuple[Carried, ...]:
        file = Source(source, self.name)
        found: list[Carried] = []
        for extension in _extensions(file)[0]:
            if extension.xmp:
                found += xmp.find(_packet(file, extension), "XMP DataXMP")
            elif extension.label == 0xFE:
                found += [Carried("comment", each.text.encode("latin-1")) for each in _comment(file, extension)]
        return tuple(found[:MAX_FOUND])

    def write(self, source: BinaryIO, target: BinaryIO, text: str) -> None:
        file = Source(source, self.name)
        extensions, place = _extensions(file)
        edits = [Edit(0, 6, b"GIF89a")]
        placed = False
        for extension in extensions:
            if extension.xmp:
                packet = _packet(file, extension)
                if not placed:
                    edits.append(Edit(extension.at, extension.end, _extension(xmp.put(packet, text))))
                    placed = True
                elif xmp.find(packet, ""):
                    edits.append(Edit(extension.at, extension.end, _extension(xmp.put(packet, ""))))
            elif extension.label == 0xFE and _comment(file, extension):
                edits.append(Edit(extension.at, extension.end, b""))
        if not placed:
            edits.append(Edit(place, place, _extension(xmp.fresh(text))))
        rewrite(file, target, edits)


def _extensions(file: Source) -> tuple[list[Extension], int]:
    """(all extensions, where a new one goes: before the first frame, behind the ones that want to be first)."""
    head = file.at(0, 13)
    if head[:6] not in (b"GIF87a", b"GIF89a"):
        malformed(file.name, "its header is not of GIF 87a or 89a")
    at = 13 + _table(head[10])
    walk = _Walk(file)
    found: list[Extension] = []
    place, blocks, leading = at, 0, True
    while True:
        blocks += 1
        if blocks > MAX_BLOCKS:
            oversized(file.name, f"more than {MAX_BLOCKS} blocks")
        kind = file.at(at, 1)[0]
        if kind == 0x3B:
            return found, place
        if kind == 0x2C:
            descriptor = file.at(at, 10)
            # The sub-blocks follow the local colour table and one byte of LZW code size.
            at, leading = walk.end(at + 11 + _table(descriptor[9])), False
        elif kind == 0x21:
            label = file.at(at, 2)[1]
            is_xmp = file.at(at, min(14, file.size - at)) == _XMP
            data = at + (14 if is_xmp else 2)
            end = walk.end(data)
            found.append(Extension(label, at, data, end, is_xmp))
            leading = leading and label == 0xFF
            at = end
            if leading:
                place = end
        else:
            malformed(file.name, "a block is of no kind")


class _Walk:
    """Runs over sub-blocks, through a window of the file."""

    def __init__(self, file: Source) -> None:
        self._file, self._start, self._window, self._count = file, 0, b"", 0

    def end(self, at: int) -> int:
        """Behind the empty sub-block that ends the row beginning at `at`."""
        start, window = self._start, self._window
        while True:
            index = at - start
            if not 0 <= index < len(window):
                start, window = at, self._file.at(at, max(1, min(_WINDOW, self._file.size - at)))
                self._start, self._window, index = start, window, 0
            if window[index] == 0xFF and (full := _FULL.match(window, index)) is not None and full.end() > index:
                at += full.end() - index
                self._count += (full.end() - index) >> 8
                continue
            length = window[index]
            at += length + 1
            if not length:
                return at
            self._count += 1
            if self._count > MAX_SUB_BLOCKS:
                oversized(self._file.name, f"more than {MAX_SUB_BLOCKS} sub-blocks")


def _table(flags: int) -> int:
    """Bytes of a colour table."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _joined(file: Source, extension: Extension, limit: int) -> bytes:
    """The content of an extension's sub-blocks."""
    if extension.end - extension.data > limit:
        oversized(file.name, f"an extension longer than {limit} bytes")
    raw = file.at(extension.data, extension.end - extension.data)
    parts: list[bytes] = []
    at = 0
    while length := raw[at]:
        parts.append(raw[at + 1 : at + 1 + length])
        at += 1 + length
    return b"".join(parts)


def _packet(file: Source, extension: Extension) -> bytes:
    if extension.end - extension.data > xmp.MAX_PACKET:
        oversized(file.name, f"an XMP packet longer than {xmp.MAX_PACKET} bytes")
    raw = file.at(extension.data, extension.end - extension.data)
    if raw.endswith(_MAGIC):
        return raw[: -len(_MAGIC)]
    # Written in sub-blocks, like any other extension.
    return _joined(file, extension, xmp.MAX_PACKET)


def _comment(file: Source, extension: Extension) -> list[embedded.Embedded]:
    """The object that a comment consists of."""
    if extension.end - extension.data > MAX_COMMENT:
        return []
    text = _joined(file, extension, MAX_COMMENT).decode("latin-1").strip("\x00 \r\n\t")
    found = embedded.find(text, file.name)
    whole = len(found) == 1 and not found[0].other and (found[0].start, found[0].end) == (0, len(text))
    return found if whole else []


def _extension(packet: bytes) -> bytes:
    return _XMP + packet + _MAGIC
