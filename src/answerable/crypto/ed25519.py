# SPDX-License-Identifier: Apache-2.0
"""Ed25519 keys and signatures (RFC 8032), and the files that keys are kept in.

A key file is PKCS #8 in PEM (RFC 5958, RFC 7468) under one line that names its purpose. One key has one purpose: a
signature made for one thing can then never be shown for another.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from answerable.errors import Refused, VerificationError

KEY_LENGTH: Final = 32
SIGNATURE_LENGTH: Final = 64
# A PKCS #8 file of Ed25519 has 119 bytes; what is longer than this is no key of ours.
MAX_KEY_FILE: Final = 1024
# Points of small order, by their y as 32 bytes without the sign of x: under such a "key" one signature fits many
# messages, with no private half. RFC 8032 leaves them in; whoever proves that a key is held must leave them out.
_P: Final = 2**255 - 19
_Y8: Final = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7  # one of order 8; the other is -y
SMALL_ORDER: Final = frozenset(y.to_bytes(32, "little") for y in (0, 1, _P - 1, _P, _P + 1, _Y8, _P - _Y8))


class Key:
    """A private key in memory; implements `ports.Signer`. `repr` shows the public half alone."""

    __slots__ = ("_private", "public")

    public: bytes

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw()

    def __repr__(self) -> str:
        return f"Key({self.public.hex()})"

    @classmethod
    def generate(cls) -> Key:
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, seed: bytes) -> Key:
        """The key of a 32-byte seed. Raises VerificationError ``log.encoding`` for another length."""
        if len(seed) != KEY_LENGTH:
            raise VerificationError("log.encoding", detail="a seed that is not 32 bytes")
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def load(cls, path: str | Path, *, purpose: str) -> Key:
        """The key in a file. Raises Refused ``log.key`` if the file is missing, can be read by others, is not a key, or
        is of another purpose."""
        try:
            with open(path, "rb") as file:  # noqa: PTH123 - mode and bytes must be of the same open file
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                text = file.read(MAX_KEY_FILE + 1)
        except OSError as error:
            raise Refused("log.key", path=str(path), detail=error.strerror or "cannot be read") from None
        if mode & 0o077:
            raise Refused("log.key", path=str(path), detail=f"its mode is {mode:03o}, wider than 600")
        head, newline, pem = text.partition(b"\n")
        if not newline or len(text) > MAX_KEY_FILE or not head.startswith(b"purpose: "):
            raise Refused("log.key", path=str(path), detail="it is not a key file of answerable")
        if head != _head(purpose):
            raise Refused("log.key", path=str(path), detail=f"its purpose is not {purpose}")
        try:
            private = load_pem_private_key(pem, None)
        except (ValueError, TypeError):
            raise Refused("log.key", path=str(path), detail="it does not hold a private key") from None
        if not isinstance(private, Ed25519PrivateKey):
            raise Refused("log.key", path=str(path), detail="it does not hold an Ed25519 key")
        return cls(private)

    def save(self, path: str | Path, *, purpose: str) -> None:
        """Write a new file of mode 600, durably. Never overwrites. Raises Refused ``log.key``."""
        path = Path(path)
        pem = self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        try:
            # O_EXCL: a key is never replaced by accident, and no prepared link is followed.
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                os.write(file, _head(purpose) + b"\n" + pem)
                os.fsync(file)
            finally:
                os.close(file)
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise Refused("log.key", path=str(path), detail=error.strerror or "cannot be written") from None

    def sign(self, message: bytes) -> bytes:
        """64 bytes over exactly `message`."""
        return self._private.sign(message)


def verify(public: bytes, message: bytes, signature: bytes) -> None:
    """Return if `signature` over `message` is by `public`. Raises VerificationError ``log.signature`` for anything
    else, keys and signatures of the wrong length and keys of small order included."""
    if len(public) != KEY_LENGTH or len(signature) != SIGNATURE_LENGTH:
        raise VerificationError("log.signature")
    if public[:31] + bytes((public[31] & 0x7F,)) in SMALL_ORDER:
        raise VerificationError("log.signature")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise VerificationError("log.signature") from None


def _head(purpose: str) -> bytes:
    return b"purpose: " + purpose.encode("ascii")
