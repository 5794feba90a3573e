# SPDX-License-Identifier: Apache-2.0
"""Base64 with one text for each byte string (RFC 4648: section 5 without padding, and section 4 with it).

The decoders are strict: a text that another text of the same bytes exists for is refused, so that a flipped character
is never invisible.
"""

from __future__ import annotations

from binascii import Error, a2b_base64, b2a_base64
from typing import Final

from answerable.errors import VerificationError

_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
_FROM_URL: Final = bytes.maketrans(b"-_", b"+/")


def b64u(data: bytes) -> str:
    """base64url of `data`, without padding."""
    return b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode("ascii")


def unb64u(text: str) -> bytes:
    """The bytes of a base64url text. Raises VerificationError ``log.encoding`` for padding, foreign characters, an
    impossible length, or spare bits that are not zero."""
    try:
        data = a2b_base64(text.encode("ascii").translate(_FROM_URL) + b"=" * (-len(text) % 4), strict_mode=True)
    except (Error, UnicodeEncodeError):
        raise VerificationError("log.encoding", detail="not base64url") from None
    # The decoder ignores spare bits and accepts "+" and "/": only the text that we would write is taken.
    if b64u(data) != text:
        raise VerificationError("log.encoding", detail="not canonical base64url")
    return data


def b64(data: bytes) -> str:
    """Standard base64 with padding, as the C2SP formats use it."""
    return b2a_base64(data, newline=False).decode("ascii")


def unb64(text: str) -> bytes:
    """The bytes of a standard base64 text with padding. Raises VerificationError ``log.encoding`` as `unb64u`."""
    try:
        data = a2b_base64(text.encode("ascii"), strict_mode=True)
    except (Error, UnicodeEncodeError):
        raise VerificationError("log.encoding", detail="not base64") from None
    if b64(data) != text:
        raise VerificationError("log.encoding", detail="not canonical base64")
    return data
