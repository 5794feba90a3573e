# SPDX-License-Identifier: Apache-2.0
"""DSSE v1.0, the in-toto signing envelope: a payload, its type, and signatures over both (PAE)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from answerable.crypto import canonical, ed25519
from answerable.crypto.b64 import b64, unb64
from answerable.errors import VerificationError

MAX_ENVELOPE: Final = 1 << 20
# Bounds the work that a stranger's envelope can ask for.
MAX_SIGNATURES: Final = 16


class Signing(Protocol):
    def sign(self, message: bytes) -> bytes: ...


def pae(payload_type: str, payload: bytes) -> bytes:
    """Pre-authentication encoding: what is signed. Lengths in bytes."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def sign(payload_type: str, payload: bytes, signer: Signing, keyid: str) -> bytes:
    """The envelope as canonical JSON."""
    signature = signer.sign(pae(payload_type, payload))
    return canonical.dumps(
        {
            "payload": b64(payload),
            "payloadType": payload_type,
            "signatures": [{"keyid": keyid, "sig": b64(signature)}],
        }
    )


def verify(envelope: bytes, keys: Mapping[str, bytes]) -> tuple[str, bytes, tuple[str, ...]]:
    """(payload type, payload, ids of the keys that signed). keys: key id -> public key.

    Signatures by unknown keys are passed over; one by a known key must be good, and at least one must be there.
    Raises VerificationError ``log.encoding`` for what is not an envelope, ``log.signature`` otherwise.
    """
    if len(envelope) > MAX_ENVELOPE:
        raise VerificationError("log.encoding", detail="an envelope over 1 MiB")
    body = canonical.loads(envelope)
    if not isinstance(body, dict) or set(body) != {"payload", "payloadType", "signatures"}:
        raise VerificationError("log.encoding", detail="not a DSSE envelope")
    kind, signatures = body["payloadType"], body["signatures"]
    if not isinstance(kind, str) or not isinstance(signatures, list) or len(signatures) > MAX_SIGNATURES:
        raise VerificationError("log.encoding", detail="not a DSSE envelope")
    payload = _bytes(body["payload"])
    message = pae(kind, payload)
    by: list[str] = []
    for signature in signatures:
        if not isinstance(signature, dict) or set(signature) != {"keyid", "sig"}:
            raise VerificationError("log.encoding", detail="not a DSSE signature")
        keyid = signature["keyid"]
        if not isinstance(keyid, str) or keyid in by:
            raise VerificationError("log.encoding", detail="not a DSSE signature")
        if keyid in keys:
            ed25519.verify(keys[keyid], message, _bytes(signature["sig"]))
            by.append(keyid)
    if not by:
        raise VerificationError("log.signature")
    return kind, payload, tuple(by)


def _bytes(text: Any) -> bytes:
    if not isinstance(text, str):
        raise VerificationError("log.encoding", detail="not a DSSE envelope")
    return unb64(text)
