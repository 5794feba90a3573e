# SPDX-License-Identifier: Apache-2.0
"""Proof that a request to the control plane comes from the holder of a key: a JWT over method, path and body.

The shape follows RFC 9449 (DPoP) section 4.2: `htm`, `htu`, `iat`, `jti`; `bh` adds the SHA-256 of the body, because
here the body is what is asked for. `aud` is the log's origin, so a proof for one registry is none for another.
Pure: the clock's reading and the set of known `jti` come in from outside.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from answerable.crypto.b64 import b64u
from answerable.crypto.jwt import Signing, decode, encode, peek
from answerable.crypto.random import nonce
from answerable.errors import Refused, VerificationError

PERSON: Final = "answerable-person+jwt"
COPY: Final = "answerable-copy+jwt"
PARTY: Final = "answerable-party+jwt"
NODE: Final = "answerable-node+jwt"
WINDOW_MS: Final = 60_000  # a proof is fresh this long; its `jti` must be remembered for twice as long


@dataclass(frozen=True, slots=True)
class Proof:
    """kid: rid of the key leaf (people, parties) or of the copy leaf (copies)."""

    kid: str
    jti: str
    iat_ms: int


def make(signer: Signing, *, typ: str, kid: str, origin: str, method: str, path: str, body: bytes, now_ms: int) -> str:
    """The proof as a compact JWS. path: with its query."""
    claims = {
        "aud": origin,
        "bh": b64u(hashlib.sha256(body).digest()),
        "htm": method,
        "htu": path,
        "iat": now_ms // 1000,
        "iat_ms": now_ms,
        "jti": nonce(),
    }
    return encode({"alg": "Ed25519", "kid": kid, "typ": typ}, claims, signer)


def kid_of(token: str) -> str:
    """The key that a proof says it is by; nothing is verified. Raises Refused ``admin.unsigned``."""
    try:
        header, _ = peek(token)
    except VerificationError as error:
        raise Refused("admin.unsigned", detail=error.reason()) from None
    kid = header.get("kid")
    if not isinstance(kid, str):
        raise Refused("admin.unsigned", detail="no kid")
    return kid


def check(
    token: str, keys: Mapping[str, bytes], *, typ: str, origin: str, method: str, path: str, body: bytes, now_ms: int
) -> Proof:
    """Raises Refused ``admin.unsigned`` for anything that does not match. keys: kid -> 32 bytes."""
    try:
        claims = decode(token, keys, typ)
    except VerificationError as error:
        raise Refused("admin.unsigned", detail=error.reason()) from None
    expected = {"aud": origin, "bh": b64u(hashlib.sha256(body).digest()), "htm": method, "htu": path}
    for name, value in expected.items():
        if claims.get(name) != value:
            raise Refused("admin.unsigned", detail=f"its {name} is of another request")
    iat, jti = claims.get("iat_ms"), claims.get("jti")
    if not isinstance(iat, int) or isinstance(iat, bool) or not isinstance(jti, str) or not jti:
        raise Refused("admin.unsigned", detail="no iat_ms or jti")
    if abs(now_ms - iat) > WINDOW_MS:
        raise Refused("admin.unsigned", detail="it was made too long ago, or the clocks differ")
    return Proof(kid_of(token), jti, iat)
