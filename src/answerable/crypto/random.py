# SPDX-License-Identifier: Apache-2.0
"""Random values from the operating system's generator."""

from __future__ import annotations

from os import urandom
from typing import Final

from answerable.crypto.b64 import b64u

BASE32: Final = "abcdefghijklmnopqrstuvwxyz234567"  # RFC 4648 section 6, lower case


def nonce() -> str:
    """16 random bytes, base64url: 22 characters."""
    return b64u(urandom(16))


def salt() -> bytes:
    """32 random bytes: the key of one commitment."""
    return urandom(32)


def opaque_id() -> str:
    """130 random bits as 26 lower-case base32 characters: never reassigned, tells nothing."""
    bits = int.from_bytes(urandom(17), "big")
    return "".join(BASE32[bits >> shift & 31] for shift in range(0, 130, 5))
