# SPDX-License-Identifier: Apache-2.0
"""Signs a tiny picture with the configured chain, reads it again, and sees that a flipped byte is found: whether what
is installed and configured does what is counted on, before the first file is labelled."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Final

from answerable.errors import VerificationError
from answerable.labels import c2pa
from answerable.labels.chain import Chain
from answerable.labels.manifest import Said
from answerable.labels.manifest_report import INVALID, TRUSTED

MEDIA: Final = "image/png"
_SAID: Final = "self-test"


def check(chain: Chain, root: bytes, *, now_ms: int) -> str:
    """The name that a reader who trusts `root` (PEM) sees. Raises VerificationError ``label.c2pa`` for whatever does
    not hold, Refused ``label.chain``, Unavailable ``label.extra``."""
    signed = BytesIO()
    c2pa.sign(BytesIO(picture()), signed, MEDIA, chain=chain, said=Said(_SAID, _SAID, _SAID, now_ms))
    found = c2pa.read(signed, MEDIA, anchors=(root,))
    if found.state != TRUSTED or found.record != _SAID or not found.by_ai:
        what = ", ".join(found.problems) or "it does not lead to root.pem"
        raise VerificationError("label.c2pa", detail=f"a test picture reads as {found.state}: {what}")
    changed = bytearray(signed.getvalue())
    changed[-20] ^= 1  # in the pixels, which stand after the manifest
    if c2pa.read(BytesIO(changed), MEDIA, anchors=(root,)).state != INVALID:
        raise VerificationError("label.c2pa", detail="a changed test picture reads as unchanged")
    return found.producer


def picture() -> bytes:
    """A PNG of two by two pixels (ISO/IEC 15948), made without any library."""
    rows = b"".join(b"\0" + bytes((10, 20, 30)) * 2 for _ in range(2))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(kind, data)
        for kind, data in (
            (b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)),
            (b"IDAT", zlib.compress(rows)),
            (b"IEND", b""),
        )
    )


def chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a PNG with its check sum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
