# SPDX-License-Identifier: Apache-2.0
"""Keyed digests by which a text is found again when its label is gone (`log.md`, from content to record).

The index stands outside the log, and without its key a digest tells nothing about the text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from answerable.crypto.sealing import keyed

DOMAIN = b"answerable/found/v1\x00"


def tag(text: str, key: bytes) -> bytes:
    """16 bytes. The text is compared in NFC, with runs of white space as one space and none at the ends: a copy through
    an editor or a terminal must still be found. key: 32 bytes."""
    normal = " ".join(unicodedata.normalize("NFC", text).split())
    return keyed(key, DOMAIN + normal.encode("utf-8", "surrogatepass"))[:16]


def tags(texts: Iterable[str], key: bytes) -> tuple[bytes, ...]:
    """One tag for each text that is not empty."""
    return tuple(tag(text, key) for text in texts if text.strip())
