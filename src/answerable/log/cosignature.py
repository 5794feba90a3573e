# SPDX-License-Identifier: Apache-2.0
"""Timestamped cosignatures of checkpoints (C2SP tlog-cosignature): type 0x04, Ed25519, and type 0x06, ML-DSA-44.

A signature's value is eight bytes of time (s, POSIX, big-endian) and the signature over the message that its type
fixes. Type 0x06 names its signer and does not cover what stands beyond origin, size and root; logs sign with it too.
"""

from __future__ import annotations

from typing import Final, Protocol

from answerable.crypto import ed25519, mldsa
from answerable.errors import VerificationError
from answerable.log import head

ED25519: Final = 0x04
MLDSA: Final = 0x06
MAX_TIME: Final = 2**63 - 1
_TIME: Final = 8
# A vector of one length byte holds no more (RFC 8446, section 3.4).
_MAX_NAME: Final = 255


class Signing(Protocol):
    """A private key of either algorithm."""

    @property
    def public(self) -> bytes: ...

    def sign(self, message: bytes) -> bytes: ...


def sign(kind: int, name: str, text: str, time: int, signer: Signing) -> bytes:
    """The value of a cosignature by `name`. kind: `ED25519` or `MLDSA`, the signer's own; text: a checkpoint's; time:
    s, POSIX. Raises VerificationError ``log.checkpoint`` for a text that is none, ``log.note`` for what is too long."""
    return time.to_bytes(_TIME, "big") + signer.sign(_message(kind, name, text, time))


def check(kind: int, name: str, public: bytes, text: str, value: bytes) -> None:
    """Return if `value` is a cosignature of `text` by `name`. Raises VerificationError ``log.signature``."""
    time = time_of(value)
    verify = ed25519.verify if kind == ED25519 else mldsa.verify
    try:
        message = _message(kind, name, text, time)
    except VerificationError:
        raise VerificationError("log.signature") from None
    verify(public, message, value[_TIME:])


def time_of(value: bytes) -> int:
    """When it was given, s. Raises VerificationError ``log.signature`` for a value that holds no time."""
    time = int.from_bytes(value[:_TIME], "big")
    if len(value) < _TIME or time > MAX_TIME:
        raise VerificationError("log.signature")
    return time


def _message(kind: int, name: str, text: str, time: int) -> bytes:
    checkpoint = head.read(text)
    if not 0 <= time <= MAX_TIME:
        raise VerificationError("log.note", detail="a time out of range")
    if kind == ED25519:
        return f"cosignature/v1\ntime {time}\n{text}".encode()
    return b"".join(
        (
            b"subtree/v1\n\x00",
            _opaque(name),
            time.to_bytes(8, "big"),
            _opaque(checkpoint.origin),
            (0).to_bytes(8, "big"),
            checkpoint.size.to_bytes(8, "big"),
            checkpoint.root,
        )
    )


def _opaque(text: str) -> bytes:
    data = text.encode()
    if not 0 < len(data) <= _MAX_NAME:
        raise VerificationError("log.note", detail="a name that is longer than 255 bytes")
    return len(data).to_bytes(1, "big") + data
