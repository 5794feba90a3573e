# SPDX-License-Identifier: Apache-2.0
"""Keyed digests by which a text is found again when its label is gone (`log.md`, from content to record).

The index stands outside the log, and without its key a digest tells nothing about the text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from answerable.crypto.sealing import Keyed, keyed

DOMAIN = b"answerable/found/v1\x00"
PRINCIPAL = b"answerable/principal/v1\x00"
FILE = b"answerable/file/v1\x00"


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
