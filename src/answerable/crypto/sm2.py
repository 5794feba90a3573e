# SPDX-License-Identifier: Apache-2.0
"""SM2 signatures over SM3 (GB/T 32918.2, GB/T 32905), by the extra `sm2`. Signatures are 64 bytes, r and s, and keys
uncompressed points, as those of `crypto.p256`.

The user id is GB/T 35276's default. The mathematics is that of `gmalg`, plain Python: a signature takes some 30 ms, and
is not made in constant time, so a key is used where nobody can measure it: for labels, at the operator's own machine.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any, Final

from answerable.crypto import keyfiles
from answerable.errors import Refused, Unavailable, VerificationError

USER_ID: Final = b"1234567812345678"
# PKCS #8 and SEC 1 around the 32 bytes of a key on sm2p256v1.
_PKCS8_HEAD: Final = bytes.fromhex("3041020100301306072a8648ce3d020106082a811ccf5501822d042730250201010420")
KEY_LENGTH: Final = 65  # an uncompressed point
SIGNATURE_LENGTH: Final = 64
_ORDER: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_BEGIN: Final = "-----BEGIN PRIVATE KEY-----\n"
_END: Final = "-----END PRIVATE KEY-----\n"


class Key:
    """A private key in memory; `sign` and `public` as those of `p256.Key`. `repr` shows the public half alone."""

    __slots__ = ("_secret", "public")

    public: bytes

    def __init__(self, secret: bytes) -> None:
        """secret: 32 bytes. Raises VerificationError ``log.encoding`` for none of the curve's, Unavailable
        ``label.extra`` without gmalg."""
        if len(secret) != 32 or not 0 < int.from_bytes(secret) < _ORDER - 1:
            raise VerificationError("log.encoding", detail="no private key of SM2")
        self._secret = secret
        self.public = _gmalg().SM2().generate_pk(secret)

    def __repr__(self) -> str:
        return f"Key({self.public.hex()})"

    @classmethod
    def generate(cls) -> Key:
        while True:  # one draw in 2**32 is none of the curve's
            secret = os.urandom(32)
            if 0 < int.from_bytes(secret) < _ORDER - 1:
                return cls(secret)

    @classmethod
    def load(cls, path: str | Path, *, purpose: str) -> Key:
        """The key in a file. Raises Refused ``log.key`` as `ed25519.Key.load` does, Unavailable ``label.extra``."""
        return cls.of_pem(keyfiles.read_pem(path, purpose), path)

    @classmethod
    def of_pem(cls, pem: bytes, path: str | Path) -> Key:
        """The key in `pem`, as it stands in the file at `path`. Raises Refused ``log.key``, Unavailable
        ``label.extra``."""
        if not is_ours(pem):
            raise Refused("log.key", path=str(path), detail="it does not hold an SM2 key")
        try:
            return cls(_der(pem)[len(_PKCS8_HEAD) :])
        except VerificationError:
            raise Refused("log.key", path=str(path), detail="it does not hold an SM2 key") from None

    def save(self, path: str | Path, *, purpose: str) -> None:
        """Write a new file of mode 600, durably. Never overwrites. Raises Refused ``log.key``."""
        body = base64.encodebytes(_PKCS8_HEAD + self._secret).decode("ascii")
        keyfiles.write_pem(path, purpose, (_BEGIN + body + _END).encode("ascii"))

    def sign(self, message: bytes) -> bytes:
        """64 bytes, r and s, over SM3 of the user's digest and `message`. Another signature each time, each good."""
        r, s = _gmalg().SM2(self._secret, uid=USER_ID, pk=self.public).sign(message)
        return bytes(r.rjust(32, b"\x00") + s.rjust(32, b"\x00"))


def is_ours(pem: bytes) -> bool:
    """Whether `pem` holds a private key of SM2, in the one form that `Key.save` writes."""
    der = _der(pem)
    return der.startswith(_PKCS8_HEAD) and len(der) == len(_PKCS8_HEAD) + 32


def digest(message: bytes) -> bytes:
    """SM3, 32 bytes. Raises Unavailable ``label.extra`` without gmalg."""
    sm3 = _gmalg().SM3()
    sm3.update(message)
    value: bytes = sm3.value()
    return value


def points(value: bytes) -> tuple[bytes, ...]:
    """The keys that `value` may mean, uncompressed: a point of any form, or its x alone, which two points share. () for
    anything else, points off the curve included. Raises Unavailable ``label.extra`` without gmalg."""
    wanted = tuple(sign + value for sign in (b"\x02", b"\x03")) if len(value) == 32 else (value,)
    gmalg = _gmalg()
    found = []
    for point in wanted:
        try:
            if (point[:1], len(point)) in ((b"\x04", 65), (b"\x02", 33), (b"\x03", 33)):
                x, y = gmalg.sm2.bytes_to_point(point)
                whole = b"\x04" + x.to_bytes(32) + y.to_bytes(32)
                if gmalg.SM2().verify_pk(whole):
                    found.append(whole)
        except Exception:  # noqa: BLE001, S112  foreign bytes make the library raise almost anything: no key
            continue
    return tuple(found)


def verify(public: bytes, message: bytes, signature: bytes) -> None:
    """Return if `signature` (r and s) over `message` is by `public` (an uncompressed point on the curve). Raises
    VerificationError ``log.signature`` for anything else, Unavailable ``label.extra`` without gmalg."""
    if len(public) != KEY_LENGTH or len(signature) != SIGNATURE_LENGTH:
        raise VerificationError("log.signature")
    gmalg = _gmalg()
    try:
        held = gmalg.SM2(uid=USER_ID, pk=public).verify(message, signature[:32], signature[32:])
    except Exception:  # noqa: BLE001  a point that the library does not take
        held = False
    if not held:
        raise VerificationError("log.signature")


def _der(pem: bytes) -> bytes:
    text = pem.decode("ascii", "replace")
    if not text.startswith(_BEGIN) or not text.endswith(_END):
        return b""
    try:
        return base64.b64decode(text[len(_BEGIN) : -len(_END)].replace("\n", ""), validate=True)
    except ValueError:
        return b""


def _gmalg() -> Any:
    try:
        import gmalg
        import gmalg.sm2
    except ImportError:
        raise Unavailable("label.extra", extra="sm2") from None
    return gmalg
