# SPDX-License-Identifier: Apache-2.0
"""ML-DSA-44 keys and signatures (FIPS 204, with the empty context): safe from quantum computers. Key files as those of
Ed25519, the private half as its 32-byte seed (RFC 9881, section 6)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from answerable.crypto import keyfiles
from answerable.errors import Refused, VerificationError

KEY_LENGTH: Final = 1312
SIGNATURE_LENGTH: Final = 2420
SEED_LENGTH: Final = 32


class Key:
    """A private key in memory; `sign` and `public` as those of `ed25519.Key`. `repr` shows the public half's start."""

    __slots__ = ("_private", "public")

    public: bytes

    def __init__(self, private: MLDSA44PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw()

    def __repr__(self) -> str:
        return f"Key({self.public[:32].hex()}…)"

    @classmethod
    def generate(cls) -> Key:
        return cls(MLDSA44PrivateKey.generate())

    @classmethod
    def from_seed(cls, seed: bytes) -> Key:
        """The key of a 32-byte seed. Raises VerificationError ``log.encoding`` for another length."""
        if len(seed) != SEED_LENGTH:
            raise VerificationError("log.encoding", detail="a seed that is not 32 bytes")
        return cls(MLDSA44PrivateKey.from_seed_bytes(seed))

    @classmethod
    def load(cls, path: str | Path, *, purpose: str) -> Key:
        """The key in a file. Raises Refused ``log.key`` as `ed25519.Key.load` does."""
        private = keyfiles.read(path, purpose)
        if not isinstance(private, MLDSA44PrivateKey):
            raise Refused("log.key", path=str(path), detail="it does not hold an ML-DSA-44 key")
        return cls(private)

    def save(self, path: str | Path, *, purpose: str) -> None:
        """Write a new file of mode 600, durably. Never overwrites. Raises Refused ``log.key``."""
        keyfiles.write(path, purpose, self._private)

    def sign(self, message: bytes) -> bytes:
        """2,420 bytes over exactly `message`. Hedged: another signature each time, each good."""
        return self._private.sign(message)


def verify(public: bytes, message: bytes, signature: bytes) -> None:
    """Return if `signature` over `message` is by `public`. Raises VerificationError ``log.signature`` for anything
    else."""
    if len(public) != KEY_LENGTH or len(signature) != SIGNATURE_LENGTH:
        raise VerificationError("log.signature")
    try:
        MLDSA44PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise VerificationError("log.signature") from None
