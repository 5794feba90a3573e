# SPDX-License-Identifier: Apache-2.0
"""A copy proves that it holds its key: it signs a challenge of 32 random bytes that it is sent over its own socket.

    POST /answerable/possession  {"challenge": base64url}  ->  {"key": base64url, "signature": base64url}

The signature is Ed25519 (RFC 8032) over ``answerable/possession/v1 || 0x00 || challenge``.
"""

from __future__ import annotations

import secrets
from contextlib import closing
from typing import Final

import msgspec

from answerable.crypto.b64 import b64u, unb64u
from answerable.crypto.ed25519 import verify
from answerable.errors import Unavailable, VerificationError
from answerable.net.pool import Pool, head, request
from answerable.ports import Signer

PATH: Final = "/answerable/possession"
DOMAIN: Final = b"answerable/possession/v1\x00"
CHALLENGE_BYTES: Final = 32
MAX_BODY: Final = 4096


class Challenge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    challenge: str


class Proof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: str
    signature: str


def answer(body: bytes, signer: Signer) -> bytes:
    """The copy's side. Raises VerificationError ``log.encoding`` for a body that is not a challenge."""
    try:
        challenge = unb64u(msgspec.json.decode(body, type=Challenge).challenge)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise VerificationError("log.encoding", detail="not a challenge") from None
    if len(challenge) != CHALLENGE_BYTES:
        raise VerificationError("log.encoding", detail="not 32 bytes")
    return msgspec.json.encode(Proof(b64u(signer.public), b64u(signer.sign(DOMAIN + challenge))))


async def require(pool: Pool, key: str) -> None:
    """The asker's side: raises Unavailable ``upstream.possession`` unless the server behind `pool` proves that it holds
    `key` (base64url of 32 bytes)."""
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    ask = request(
        head("POST", PATH, pool.endpoint, (("content-type", "application/json"),)),
        msgspec.json.encode(Challenge(b64u(challenge))),
    )
    with closing(await pool.ask(ask)) as reply:
        body = await reply.whole(MAX_BODY)
    try:
        proof = msgspec.json.decode(body, type=Proof)
        verify(unb64u(key), DOMAIN + challenge, unb64u(proof.signature))
    except (msgspec.DecodeError, UnicodeDecodeError, VerificationError):
        raise Unavailable("upstream.possession") from None
    if reply.status != 200 or proof.key != key:
        raise Unavailable("upstream.possession")
