# SPDX-License-Identifier: Apache-2.0
"""Whether a store of C2PA manifests stands in a file, and how long it is, without loading or judging it.

Where the format has boxes or chunks (ISO/IEC 14496-12, RIFF) only their headers are read, however large the file is:
C2PA 2.2 sections A.3 and A.5 put the store into one of its own. Any other file is searched for how a store begins.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from answerable.errors import VerificationError
from answerable.formats import isobmff_boxes, riff_chunks
from answerable.formats.splice import Source

ISOBMFF: Final = frozenset({"video/mp4", "video/quicktime", "audio/mp4"})
RIFF: Final = frozenset({"audio/wav", "audio/x-wav", "audio/vnd.wave", "video/avi", "video/x-msvideo", "video/vnd.avi"})
# A store whose length cannot be told: longer than any that is read.
ENDLESS: Final = 1 << 40

# The type of a box of C2PA's (section A.5), behind which stand version and flags and what the box is for.
_UUID: Final = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_MERKLE: Final = b"merkle\0"  # hashes of pieces of the samples, and no store
_CHUNK: Final = b"C2PA"
_WIDE: Final = frozenset({b"RF64", b"BW64"})
# How a store begins (section 11.1.4.2), wherever a format puts it, after its length and "jumb".
_WORD: Final = b"jumdc2pa"
_STORE: Final = _WORD + b"\0\x11\0\x10\x80\0\0\xaa\x008\x9bq"
_BEFORE: Final = 12
_PIECE: Final = 1 << 20


def store_size(source: BinaryIO, media: str = "") -> int:
    """Bytes of the longest store of manifests in a file of type `media`, or more; 0 for none."""
    try:
        if media in ISOBMFF:
            return max(_boxes(Source(source, "mp4")), default=0)
        if media in RIFF:
            return max(_chunks(Source(source, "riff")), default=0)
    except VerificationError:
        pass  # not built as it should be: what another reader makes of it, nobody knows here
    return _searched(source)


def samples(source: BinaryIO) -> tuple[int, ...]:
    """Lengths of the boxes of samples in an ISO base media file; () for one that is not built as it should be."""
    try:
        walker = isobmff_boxes.Walker(Source(source, "mp4"))
        return tuple(top.stop - top.start for top in walker.files() if top.kind == b"mdat")
    except VerificationError:
        return ()


def _boxes(source: Source) -> Iterator[int]:
    for top in isobmff_boxes.Walker(source).files():
        if top.kind == b"uuid" and top.stop - top.body >= 16 and source.at(top.body, 16) == _UUID:
            purpose = source.at(top.body + 20, min(len(_MERKLE), max(top.stop - top.body - 20, 0)))
            if purpose != _MERKLE:
                yield top.stop - top.body


def _chunks(source: Source) -> Iterator[int]:
    walker = riff_chunks.Walker(source)
    for top in walker.within(0, source.size):
        inner = tuple(walker.within(top.body, top.stop)) if top.kind == b"RIFF" else (top,)
        if top.cut or any(each.cut or each.kind in _WIDE for each in inner):
            raise source.unsupported("sizes that stand elsewhere")
        yield from (each.stop - each.body for each in inner if each.kind == _CHUNK)


def _searched(source: BinaryIO) -> int:
    source.seek(0)
    longest, kept = 0, b""
    while piece := source.read(_PIECE):
        window = kept + piece
        # The word alone is looked for: of a string with zeros in it, files full of them would be searched slowly.
        at = window.find(_WORD)
        while at >= 0:
            if at >= _BEFORE and window.startswith(_STORE, at):
                length = int.from_bytes(window[at - _BEFORE : at - _BEFORE + 4])
                # 0 says "to the end" and 1 that the length stands elsewhere: neither is written by anybody known.
                longest = max(longest, length if length > 1 else ENDLESS)
            at = window.find(_WORD, at + 1)
        kept = window[-(_BEFORE + len(_STORE) - 1) :]
    return longest
