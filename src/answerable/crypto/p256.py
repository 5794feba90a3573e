# SPDX-License-Identifier: Apache-2.0
"""ECDSA with SHA-256 on P-256 (FIPS 186-5; ES256 of RFC 7518 section 3.4): for labels that readers check who know no
Ed25519. Signatures are 64 bytes, r and s; `der` turns them into what X.509 and GB 45438's guide carry."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from answerable.crypto import keyfiles
from answerable.errors import Refused, VerificationError

KEY_LENGTH: Final = 65  # an uncompressed point (SEC 1 section 2.3.3)
SIGNATURE_LENGTH: Final = 64
_HALF: Final = 32


class Key:
    """A private key in memory; `sign` and `public` as those of `ed25519.Key`. `repr` shows the public half alone."""

    __slots__ = ("_private", "public")

    public: bytes

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def __repr__(self) -> str:
        return f"Key({self.public.hex()})"

    @classmethod
    def generate(cls) -> Key:
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def load(cls, path: str | Path, *, purpose: str) -> Key:
        """The key in a file. Raises Refused ``log.key`` as `ed25519.Key.load` does."""
        private = keyfiles.read(path, purpose)
        if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP256R1):
            raise Refused("log.key", path=str(path), detail="it does not hold a P-256 key")
        return cls(private)

    def save(self, path: str | Path, *, purpose: str) -> None:
        """Write a new file of mode 600, durably. Never overwrites. Raises Refused ``log.key``."""
        keyfiles.write(path, purpose, self._private)

    def sign(self, message: bytes) -> bytes:
        """64 bytes, r and s, over exactly `message`. Another signature each time, each good."""
        r, s = decode_dss_signature(self._private.sign(message, ec.ECDSA(SHA256())))
        return r.to_bytes(_HALF) + s.to_bytes(_HALF)


def verify(public: bytes, message: bytes, signature: bytes) -> None:
    """Return if `signature` (r and s) over `message` is by `public` (an uncompressed point). Raises VerificationError
    ``log.signature`` for anything else."""
    if len(public) != KEY_LENGTH or len(signature) != SIGNATURE_LENGTH:
        raise VerificationError("log.signature")
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
        key.verify(der(signature), message, ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        raise VerificationError("log.signature") from None


def der(signature: bytes) -> bytes:
    """r and s (64 bytes) as the SEQUENCE of two INTEGERs of RFC 3279 section 2.2.3."""
    return encode_dss_signature(int.from_bytes(signature[:_HALF]), int.from_bytes(signature[_HALF:]))


def raw(signature: bytes) -> bytes:
    """The SEQUENCE of two INTEGERs as r and s. Raises VerificationError ``log.signature`` for anything else."""
    try:
        r, s = decode_dss_signature(signature)
        return r.to_bytes(_HALF) + s.to_bytes(_HALF)
    except (ValueError, OverflowError):
        raise VerificationError("log.signature") from None
