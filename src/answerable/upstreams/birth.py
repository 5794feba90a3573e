# SPDX-License-Identifier: Apache-2.0
"""A copy in a child process signs its own copy leaf: its registration is the copy's word, not its parent's.

    POST /answerable/copy  {"id", "n", "origin", "sys"}  ->  {"signature": base64url}

The child builds the leaf itself, with its own key in it, so that whoever reaches its socket gets no other statement
signed than "I, with this key, am a copy of that system" (`docs/spec/statements.md`, kind copy).
"""

from __future__ import annotations

from contextlib import closing
from typing import Final

import msgspec

from answerable.crypto.b64 import b64u, unb64u
from answerable.crypto.ed25519 import Key
from answerable.errors import Unavailable, VerificationError
from answerable.log.statement import to_sign
from answerable.model.leaves import CopyLeaf
from answerable.net.pool import Pool, head, request
from answerable.registry.copies import START

PATH: Final = "/answerable/copy"
MAX_BODY: Final = 4096


class Birth(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """id: SPIFFE id of the copy; n: nonce of the leaf; origin: of the log; sys: rid of the system."""

    id: str
    n: str
    origin: str
    sys: str


class Signed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    signature: str


def answer(body: bytes, key: Key) -> bytes:
    """The copy's side. Raises VerificationError ``log.*`` for a body that asks for no copy leaf."""
    try:
        asked = msgspec.json.decode(body, type=Birth)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise VerificationError("log.encoding", detail="not a copy leaf") from None
    leaf = CopyLeaf(id=asked.id, loc="process", n=asked.n, pub=b64u(key.public), st=START, sys=asked.sys, t=0)
    return msgspec.json.encode(Signed(b64u(key.sign(to_sign(leaf, asked.origin)))))


async def ask(pool: Pool, birth: Birth) -> str:
    """The asker's side: the signature, which the registry checks. Raises Unavailable ``upstream.possession``."""
    message = request(
        head("POST", PATH, pool.endpoint, (("content-type", "application/json"),)), msgspec.json.encode(birth)
    )
    with closing(await pool.ask(message)) as reply:
        body = await reply.whole(MAX_BODY)
    try:
        signature = msgspec.json.decode(body, type=Signed).signature
        unb64u(signature)
    except (msgspec.DecodeError, UnicodeDecodeError, VerificationError):
        raise Unavailable("upstream.possession") from None
    if reply.status != 200:
        raise Unavailable("upstream.possession")
    return signature
