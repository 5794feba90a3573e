# SPDX-License-Identifier: Apache-2.0
"""New pixels in an old file: of a PNG (ISO/IEC 15948) and a JPEG (ISO/IEC 10918-1) all that is not about pixels is
taken from the file as it was, byte for byte."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from answerable.errors import VerificationError

PNG: Final = b"\x89PNG\r\n\x1a\n"
MAX_CHUNKS: Final = 65_536
# Of these the new file's count: pixels, palette, what counts in samples, and animation.
_PIXELS: Final = frozenset(
    (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"sBIT", b"bKGD", b"hIST", b"acTL", b"fcTL", b"fdAT")
)
# Levels of zlib, and from which share of the pixels' size on a file is called dense.
_QUICK: Final = 3
_BEST: Final = 6
_DENSE: Final = 4
_JFIF: Final = 0xE0
_ADOBE: Final = 0xEE
_COMMENT: Final = 0xFE
_SCAN: Final = 0xDA


def png(source: BinaryIO, encoded: bytes) -> bytes:
    """`encoded` with every other chunk of `source`, before or after the pixels as it stood."""
    source.seek(0)
    old = list(_png_chunks(source.read()))
    first = next((number for number, (kind, _) in enumerate(old) if kind == b"IDAT"), len(old))
    before = b"".join(whole for kind, whole in old[:first] if kind not in _PIXELS)
    after = b"".join(whole for kind, whole in old[first:] if kind not in _PIXELS)
    out = [PNG]
    for kind, whole in _png_chunks(encoded):
        if kind == b"IEND":
            out.append(after)
        if kind in _PIXELS:
            out.append(whole)
        if kind == b"IHDR":
            out.append(before)
    return b"".join(out)


def png_encoded(image: Any) -> bytes:
    """The pixels as a PNG, compressed in a third of the time that the library's own choice takes, for some percent more
    bytes; what compresses well, and therefore quickly, is compressed as well as it goes."""
    encoded = _saved(image, _QUICK)
    dense = len(encoded) * _DENSE < image.width * image.height * len(image.getbands())
    return _saved(image, _BEST) if dense else encoded


def _saved(image: Any, level: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=level)
    return out.getvalue()


def png_depth(source: BinaryIO) -> int:
    """Bits a channel."""
    source.seek(24)
    return (source.read(1) or b"\0")[0]


def webp_lossless(source: BinaryIO) -> bool:
    """Whether the pixels of a WebP, the first frame's of an animation, are coded without loss."""
    source.seek(12)
    head = source.read(1 << 16)
    lossless, lossy = head.find(b"VP8L"), head.find(b"VP8 ")
    return lossless >= 0 and (lossy < 0 or lossless < lossy)


def jpeg(source: BinaryIO, encoded: bytes) -> bytes:
    """`encoded` with the application segments and comments of `source`. JFIF's and Adobe's say how pixels are coded, so
    they are those of `encoded`."""
    source.seek(0)
    kept = [
        whole
        for marker, whole in _jpeg_segments(source.read())
        if (_JFIF < marker <= 0xEF and marker != _ADOBE) or marker == _COMMENT
    ]
    head, rest, seen = [b"\xff\xd8"], b"", 2
    for marker, whole in _jpeg_segments(encoded):
        if marker in (_JFIF, _ADOBE):
            head.append(whole)
        elif not (_JFIF < marker <= 0xEF or marker == _COMMENT):
            rest += whole
        seen += len(whole)
    return b"".join((*head, *kept, rest, encoded[seen:]))


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, count = len(PNG), 0
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        count += 1
        if end > len(data) or count > MAX_CHUNKS:
            raise VerificationError("format.malformed", format="png", detail="a chunk is longer than the file")
        yield kind, data[at:end]
        at = end
        if kind == b"IEND":
            return


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The segments before the first scan."""
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise VerificationError("format.malformed", format="jpeg", detail="no marker where one should stand")
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == _SCAN:
            return
        end = at + 2 + struct.unpack_from(">H", data, at + 2)[0]
        if end > len(data):
            raise VerificationError("format.malformed", format="jpeg", detail="a segment is longer than the file")
        yield marker, data[at:end]
        at = end
