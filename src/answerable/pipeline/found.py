# SPDX-License-Identifier: Apache-2.0
"""Keyed digests by which content is found again when its label is gone (`log.md`, from content to record).

The index stands outside the log, and without its key a digest tells nothing about the content. A fingerprint cannot be
a digest, since it is found by nearness: its bits are moved about and turned over by the key, which leaves distances as
they are. That keeps who has the index alone from reading it, not who also has some content that was recorded.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from answerable.crypto.sealing import Keyed, keyed
from answerable.marks.sketch import KEPT, sketch
from answerable.model.media import LabelledMedium
from answerable.model.prints import MAX_WORDS, WORD_BITS, Print

DOMAIN = b"answerable/found/v1\x00"
PRINCIPAL = b"answerable/principal/v1\x00"
FILE = b"answerable/file/v1\x00"
CONTENT = b"answerable/file-content/v1\x00"
WATERMARK = b"answerable/watermark/v1\x00"
SKETCH = b"answerable/sketch/v1\x00"
PRINT = b"answerable/fingerprint/v1\x00"
SKETCH_BYTES = 12  # no digest and no fingerprint has that length


@lru_cache(maxsize=8)
def _under(key: bytes) -> Keyed:
    return Keyed(key, DOMAIN)


def tag(text: str, key: bytes) -> bytes:
    """16 bytes. The text is compared in NFC, with runs of white space as one space and none at the ends: a copy through
    an editor or a terminal must still be found. key: 32 bytes."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return _under(key)(" ".join(text.split()).encode("utf-8", "surrogatepass"))[:16]


def principal_tag(principal: str, key: bytes) -> bytes:
    """16 bytes, by which a principal finds what is held about it. No text has the tag of a principal."""
    return keyed(key, PRINCIPAL + principal.encode("utf-8", "surrogatepass"))[:16]


def file_tag(digest: bytes, key: bytes) -> bytes:
    """16 bytes, by which a labelled file is found from its own bytes. digest: SHA-256 of them. No text has the tag of a
    file."""
    return keyed(key, FILE + digest)[:16]


def tags(texts: Iterable[str], key: bytes) -> tuple[bytes, ...]:
    """One tag for each text that is not empty."""
    return tuple([tag(text, key) for text in texts if text and not text.isspace()])


def content_tag(digest: bytes, key: bytes) -> bytes:
    """16 bytes, by which a file is found from what it shows or says, whatever stands around it. digest: SHA-256 of its
    decoded content."""
    return keyed(key, CONTENT + digest)[:16]


def watermark_tag(payload: int, key: bytes) -> bytes:
    """16 bytes, by which a file is found from its watermark. payload: 48 bits."""
    return keyed(key, WATERMARK + payload.to_bytes(6))[:16]


def sketch_tags(text: str, key: bytes, most: int = KEPT) -> tuple[bytes, ...]:
    """12 bytes for each hash of the text's sketch: texts that share some are alike."""
    return sketched(sketch(text, most), key)


def sketched(hashes: Iterable[int], key: bytes) -> tuple[bytes, ...]:
    """The same for a sketch that was made elsewhere."""
    under = _sketched(key)
    return tuple([under(number.to_bytes(4))[:SKETCH_BYTES] for number in hashes])


def print_tag(its: Print, key: bytes) -> bytes:
    """The fingerprint as it stands in the index: `hidden`."""
    return hidden(its, key).tag()


def hidden(its: Print, key: bytes) -> Print:
    """The fingerprint with the bits of each word in another order, some turned over, as the key says for its kind and
    version: as near to others as before."""
    words = []
    for word, (order, turned) in zip(its.words, _hiding(key, its.kind, its.version), strict=False):
        moved = 0
        for bit, to in enumerate(order):
            moved |= ((word >> bit) & 1) << to
        words.append(moved ^ turned)
    return Print(its.kind, its.version, tuple(words))


@lru_cache(maxsize=8)
def _sketched(key: bytes) -> Keyed:
    return Keyed(key, SKETCH)


@lru_cache(maxsize=64)
def _hiding(key: bytes, kind: int, version: int) -> tuple[tuple[tuple[int, ...], int], ...]:
    """For each word: where its bits go, and which are turned over."""
    made = []
    for place in range(MAX_WORDS):
        name = PRINT + bytes((kind, version, place))
        drawn = [keyed(key, name + bytes((bit,))) for bit in range(WORD_BITS + 1)]
        order = sorted(range(WORD_BITS), key=drawn.__getitem__)
        made.append((tuple(order), int.from_bytes(drawn[WORD_BITS][:8])))
    return tuple(made)


def kept_tags(
    key: bytes,
    digests: Iterable[bytes],
    *,
    content: bytes = b"",
    prints: Iterable[Print] = (),
    sketch: Sequence[int] = (),
    watermark: int | None = None,
) -> tuple[bytes, ...]:
    """All tags of a labelled file, for the payload of its record. digests: SHA-256 of its bytes, and of the file as it
    came; content: that of what it shows or says, b"" for none; watermark: its 48 bits, None for none."""
    found = [file_tag(digest, key) for digest in dict.fromkeys(digests)]
    if content:
        found.append(content_tag(content, key))
    if watermark is not None:
        found.append(watermark_tag(watermark, key))
    found += sketched(sketch[:KEPT], key)
    found += [print_tag(each, key) for each in prints]
    return tuple(found)


def file_tags(files: Iterable[LabelledMedium], key: bytes) -> tuple[bytes, ...]:
    """Those of the files in an answer."""
    return tuple(
        tag
        for file in files
        for tag in kept_tags(
            key,
            (file.digest, file.before),
            content=file.content,
            prints=file.prints,
            sketch=file.sketch,
            watermark=file.watermark,
        )
    )
