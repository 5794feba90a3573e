# SPDX-License-Identifier: Apache-2.0
"""Ed25519 keys and signatures (RFC 8032). Key files: `crypto.keyfiles`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from answerable.crypto import keyfiles
from answerable.errors import Refused, VerificationError

KEY_LENGTH: Final = 32
SIGNATURE_LENGTH: Final = 64
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
        private = keyfiles.read(path, purpose)
        if not isinstance(private, Ed25519PrivateKey):
            raise Refused("log.key", path=str(path), detail="it does not hold an Ed25519 key")
        return cls(private)

    def save(self, path: str | Path, *, purpose: str) -> None:
        """Write a new file of mode 600, durably. Never overwrites. Raises Refused ``log.key``."""
        keyfiles.write(path, purpose, self._private)

    def pem(self) -> bytes:
        """The private key, PKCS #8 in PEM without a passphrase: for a library that reads no other form."""
        return self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

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
