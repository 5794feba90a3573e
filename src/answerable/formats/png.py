# SPDX-License-Identifier: Apache-2.0
"""PNG (W3C, third edition) and APNG: the AIGC object as `TC260:AIGC` in an iTXt chunk `XML:com.adobe.xmp` (ISO 16684-3
section 1.1.5). Read too: a text chunk `AIGC`, other text chunks that hold an object, and eXIf."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import BinaryIO, Final

from answerable.formats import embedded, exif, xmp
from answerable.formats.carrier import MAX_FOUND, MAX_TEXT, Carried
from answerable.formats.splice import Edit, Source
from answerable.formats.streams import Budget, malformed, oversized, rewrite

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
# Encoders cut picture data into chunks of 8 KiB: that is a picture of 2 GB.
MAX_CHUNKS: Final = 262_144

_XMP: Final = "XML:com.adobe.xmp"
_TEXTS: Final = (b"tEXt", b"zTXt", b"iTXt")
_LOOKED_AT: Final = frozenset((b"IHDR", b"eXIf", *_TEXTS))


@dataclass(frozen=True, slots=True)
class Chunk:
    """at, end: of the whole chunk, its length and check included."""

    kind: bytes
    at: int
    end: int


@dataclass(frozen=True, slots=True)
class _Text:
    keyword: str
    text: bytes
    compressed: bool


class Png:
    """`formats.carrier.Carrier` of PNG."""

    name = "png"
    media = "image/png"

    def read(self, source: BinaryIO) -> tuple[Carried, ...]:
        file = Source(source, self.name)
        found: list[Carried] = []
        budget = Budget(self.name)
        for chunk in _chunks(file):
            found += _carried(file, chunk, budget)
        return tuple(found[:MAX_FOUND])

    def write(self, source: BinaryIO, target: BinaryIO, text: str) -> None:
        file = Source(source, self.name)
        chunks = _chunks(file)
        edits: list[Edit] = []
        placed, budget = False, Budget(self.name)
        for chunk in chunks:
            if chunk.kind == b"eXIf":
                block = exif.cleared(_data(file, chunk, exif.MAX_BLOCK))
                if block is not None:
                    edits.append(Edit(chunk.at, chunk.end, _chunk(b"eXIf", block)))
            elif chunk.kind in _TEXTS:
                held = _text(file, chunk, budget)
                if held.keyword == _XMP and (chunk.kind == b"iTXt" or xmp.find(held.text, "")):
                    # Elsewhere than in iTXt a packet is out of place, and only the object goes.
                    if not placed and chunk.kind == b"iTXt":
                        edits.append(Edit(chunk.at, chunk.end, _packet(xmp.put(held.text, text))))
                        placed = True
                    elif xmp.find(held.text, ""):
                        edits.append(Edit(chunk.at, chunk.end, _packet(xmp.put(held.text, ""))))
                elif _objects(held):
                    edits.append(Edit(chunk.at, chunk.end, b""))
        if not placed:
            at = chunks[0].end
            edits.append(Edit(at, at, _packet(xmp.fresh(text))))
        rewrite(file, target, edits)


def _chunks(file: Source) -> list[Chunk]:
    """IHDR and those that may hold an object; a large picture has thousands of others."""
    if file.at(0, 8) != SIGNATURE:
        malformed(file.name, "it does not begin with the signature")
    found: list[Chunk] = []
    at, size = 8, file.size
    for _ in range(MAX_CHUNKS):
        head = file.at(at, 8)
        kind, end = head[4:], at + 12 + int.from_bytes(head[:4], "big")
        if end > size:
            malformed(file.name, "a chunk is longer than the file")
        if at == 8 and kind != b"IHDR":
            malformed(file.name, "its first chunk is not IHDR")
        if kind in _LOOKED_AT:
            found.append(Chunk(kind, at, end))
        elif kind == b"IEND":
            return found
        at = end
    return oversized(file.name, f"more than {MAX_CHUNKS} chunks")


def _data(file: Source, chunk: Chunk, limit: int) -> bytes:
    length = chunk.end - chunk.at - 12
    if length > limit:
        oversized(file.name, f"a {chunk.kind.decode('latin-1')} chunk longer than {limit} bytes")
    return file.at(chunk.at + 8, length)


def _carried(file: Source, chunk: Chunk, budget: Budget) -> list[Carried]:
    if chunk.kind == b"eXIf":
        return exif.find(_data(file, chunk, exif.MAX_BLOCK), "eXIf")
    if chunk.kind not in _TEXTS:
        return []
    kind = chunk.kind.decode()
    held = _text(file, chunk, budget)
    if held.keyword == _XMP:
        return xmp.find(held.text, f"{kind} XMP")
    return [Carried(f"{kind} {held.keyword}", each) for each in _objects(held)]


def _objects(held: _Text) -> list[bytes]:
    """What a text chunk of that name holds, whatever it is; or the object that another text consists of."""
    if held.keyword == "AIGC":
        if len(held.text) > MAX_TEXT:
            oversized("png", f"an AIGC object longer than {MAX_TEXT} bytes")
        return [held.text]
    text = held.text.decode("utf-8", "replace").strip("\x00 \r\n\t") if len(held.text) <= MAX_TEXT else ""
    if not text.startswith(("{", "AIGC", '"{')) or not ("AIGC" in text or "ContentProducer" in text):
        return []
    found = embedded.find(text, "png")
    whole = len(found) == 1 and (found[0].start, found[0].end) == (0, len(text)) and not found[0].other
    return [found[0].text.encode()] if whole else []


def _text(file: Source, chunk: Chunk, budget: Budget) -> _Text:
    """The keyword and the text of a text chunk (section 11.3.3). One that is damaged has no keyword."""
    data = _data(file, chunk, xmp.MAX_PACKET)
    keyword, zero, rest = data.partition(b"\x00")
    compressed = False
    if chunk.kind == b"zTXt":
        compressed, rest = True, rest[1:]
    elif chunk.kind == b"iTXt":
        compressed = rest[:1] == b"\x01"
        parts = rest[2:].split(b"\x00", 2)
        if len(parts) != 3:
            return _Text("", b"", False)
        rest = parts[2]
    if not zero or not 0 < len(keyword) < 80:
        return _Text("", b"", False)
    name = keyword.decode("latin-1")
    if compressed:
        try:
            unpacker = zlib.decompressobj()
            # Of a text under any other name only a short one can be an object.
            limit = xmp.MAX_PACKET if name in (_XMP, "AIGC") else MAX_TEXT + 1
            rest = unpacker.decompress(rest, limit)
        except zlib.error:
            return _Text("", b"", False)
        if unpacker.unconsumed_tail and name in (_XMP, "AIGC"):
            oversized(file.name, f"a text longer than {xmp.MAX_PACKET} bytes")
    budget.spend(len(rest))
    return _Text(name, rest, compressed)


def _packet(packet: bytes) -> bytes:
    return _chunk(b"iTXt", _XMP.encode() + b"\x00\x00\x00\x00\x00" + packet)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
