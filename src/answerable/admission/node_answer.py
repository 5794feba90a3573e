# SPDX-License-Identifier: Apache-2.0
"""What the control plane tells a gateway node, signed by the issuer's key over the node's own nonce.

The way between the two need not be trusted: an answer to another question, of another registry, or of the past does not
verify (`docs/spec/node.md`).
"""

from __future__ import annotations

from typing import Final, Protocol

import msgspec

from answerable.crypto import ed25519
from answerable.crypto.b64 import b64u, unb64u
from answerable.errors import VerificationError

DOMAIN: Final = b"answerable/node-answer/v1"
MAX_ANSWER: Final = 16 << 20


class Signing(Protocol):
    def sign(self, message: bytes) -> bytes: ...


class _Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    data: str
    sig: str


def make(data: bytes, *, origin: str, nonce: str, signer: Signing) -> bytes:
    """data: UTF-8 text. nonce: the node's, of its question."""
    return msgspec.json.encode(_Answer(data=data.decode(), sig=b64u(signer.sign(_signed(data, origin, nonce)))))


def read(raw: bytes, *, origin: str, nonce: str, public: bytes) -> bytes:
    """The data. Raises VerificationError ``node.answer``; nothing else, whatever the bytes."""
    if len(raw) > MAX_ANSWER:
        raise VerificationError("node.answer", detail=f"longer than {MAX_ANSWER} bytes")
    try:
        answer = msgspec.json.decode(raw, type=_Answer)
        data = answer.data.encode()
        ed25519.verify(public, _signed(data, origin, nonce), unb64u(answer.sig))
    except (msgspec.MsgspecError, UnicodeError):
        raise VerificationError("node.answer", detail="its form") from None
    except VerificationError:
        raise VerificationError("node.answer", detail="its signature") from None
    return data


def _signed(data: bytes, origin: str, nonce: str) -> bytes:
    return b"\x00".join((DOMAIN, origin.encode(), nonce.encode(), data))
