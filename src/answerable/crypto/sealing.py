# SPDX-License-Identifier: Apache-2.0
"""Sealing of records at rest: AES-256-GCM (NIST SP 800-38D) under a fresh key a record, and keyed digests.

Erasing a record is deleting its key: what is left cannot be opened by anyone.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from os import urandom
from struct import Struct
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from answerable.errors import VerificationError

KEY_LENGTH: Final = 32
NONCE_LENGTH: Final = 12
_TAG_LENGTH: Final = 16
_FRESH: Final = Struct(f"{KEY_LENGTH}s{NONCE_LENGTH}s")
_BLOCK: Final = 64  # of SHA-256, bytes
_INNER: Final = bytes(x ^ 0x36 for x in range(256))
_OUTER: Final = bytes(x ^ 0x5C for x in range(256))
_INNER_REST: Final = _INNER[:1] * (_BLOCK - KEY_LENGTH)
_OUTER_REST: Final = _OUTER[:1] * (_BLOCK - KEY_LENGTH)


def fresh_key() -> bytes:
    """32 random bytes: the key of one record."""
    return urandom(KEY_LENGTH)


def seal(key: bytes, plaintext: bytes, aad: bytes, nonce: bytes = b"") -> bytes:
    """nonce (12 bytes) || ciphertext || tag (16 bytes). `aad` is bound and not stored: name the record in it.
    key: 32 bytes; nonce: 12 random bytes that were drawn for this one call, drawn here if empty. Raises
    VerificationError ``log.sealed`` for another length."""
    cipher = _cipher(key)
    nonce = nonce or urandom(NONCE_LENGTH)
    if len(nonce) != NONCE_LENGTH:
        raise VerificationError("log.sealed")
    return nonce + cipher.encrypt(nonce, plaintext, aad)


def seal_each(records: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """(key, sealed) of each (plaintext, aad), as `seal`, under a fresh key of its own; keys and nonces are drawn in one
    system call."""
    drawn = _FRESH.iter_unpack(urandom(_FRESH.size * len(records)))
    return [
        (key, nonce + AESGCM(key).encrypt(nonce, plaintext, aad))
        for (key, nonce), (plaintext, aad) in zip(drawn, records, strict=True)
    ]


def unseal(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    """The plaintext. Raises VerificationError ``log.sealed`` if key, bytes or `aad` are not those of `seal`."""
    cipher = _cipher(key)
    if len(sealed) < NONCE_LENGTH + _TAG_LENGTH:
        raise VerificationError("log.sealed")
    try:
        return cipher.decrypt(sealed[:NONCE_LENGTH], sealed[NONCE_LENGTH:], aad)
    except InvalidTag:
        raise VerificationError("log.sealed") from None


def keyed(key: bytes, data: bytes) -> bytes:
    """HMAC-SHA256 (RFC 2104), 32 bytes: tells nothing about `data` to who lacks the key.

    Written out, because `hmac.digest` costs more and lets go of the interpreter's lock each time."""
    if len(key) == KEY_LENGTH:  # of nearly every call
        inner = sha256(key.translate(_INNER) + _INNER_REST + data).digest()
        return sha256(key.translate(_OUTER) + _OUTER_REST + inner).digest()
    block = _block(key)
    return sha256(block.translate(_OUTER) + sha256(block.translate(_INNER) + data).digest()).digest()


class Keyed:
    """`keyed` under one key for many texts, all of which begin alike: key and beginning are worked in once."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes, beginning: bytes = b"") -> None:
        block = _block(key)
        self._inner = sha256(block.translate(_INNER) + beginning)
        self._outer = sha256(block.translate(_OUTER))

    def __call__(self, data: bytes) -> bytes:
        """As ``keyed(key, beginning + data)``: 32 bytes."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(data)
        outer.update(inner.digest())
        return outer.digest()


def _block(key: bytes) -> bytes:
    return key.ljust(_BLOCK, b"\x00") if len(key) <= _BLOCK else sha256(key).digest().ljust(_BLOCK, b"\x00")


def _cipher(key: bytes) -> AESGCM:
    if len(key) != KEY_LENGTH:
        raise VerificationError("log.sealed")
    return AESGCM(key)
