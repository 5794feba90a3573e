# SPDX-License-Identifier: Apache-2.0
"""The warrant on the wire: a JWT (RFC 7519) in one form alone, `docs/spec/warrant.md`.

``alg: Ed25519`` (RFC 9864), audience as a resource indicator (RFC 8707), the copy's key in `cnf` (RFC 7800), the reach
in `authorization_details` (RFC 9396). `exp_ms` is what counts; `exp` is its second, rounded down, for other readers.
Reading is strict: an unknown claim may narrow what the issuer meant, so it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

import msgspec

from answerable.admission.ttl import life_class
from answerable.crypto import jwt
from answerable.crypto.b64 import unb64u
from answerable.errors import VerificationError
from answerable.model.terms import Audience, Criticality, World
from answerable.model.warrants import Warrant

TYPE: Final = "answerable-warrant+jwt"
DETAIL: Final = "answerable_warrant"
MAX_ANCESTORS: Final = 256  # in a synthetic million systems the longest list had 191
MAX_TOOLS: Final = 64
MAX_TEXT: Final = 512  # characters of one identifier
MAX_TIER: Final = 4
MAX_NUMBER: Final = 2**53 - 1  # what JSON numbers hold everywhere


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A member of the claims."""


class _Jwk(_Part, frozen=True, kw_only=True):
    crv: str
    kty: str
    x: str


class _Cnf(_Part, frozen=True, kw_only=True):
    jwk: _Jwk


class _Detail(_Part, frozen=True, kw_only=True):
    audience: Audience
    budget: int
    max_criticality: Criticality
    tier: int
    tools: tuple[str, ...]
    type: str
    worlds: tuple[World, ...]


class _Claims(_Part, frozen=True, kw_only=True):
    anc: tuple[int, ...]
    aud: str
    authorization_details: tuple[_Detail, ...]
    client_id: str
    cnf: _Cnf
    cpy: str
    epoch: int
    exp: int
    exp_ms: int
    grant: str
    iat: int
    iat_ms: int
    iss: str
    jti: str
    nonce: str
    party: str
    seq: int
    sub: str


def issue(warrant: Warrant, signer: jwt.Signing, kid: str) -> str:
    """The signed token that carries `warrant`. kid: names the issuer's key among those that verifiers trust.

    Raises VerificationError ``warrant.malformed`` or ``warrant.life`` for what `parse` would not read back.
    """
    return jwt.encode({"typ": TYPE, "kid": kid}, claims_of(warrant), signer)


def parse(token: str, keys: Mapping[str, bytes]) -> Warrant:
    """The warrant in a token signed by one of `keys` (kid -> public key, 32 bytes). Whether it admits anything now is
    for `admission.admit`.

    Raises VerificationError ``warrant.malformed`` for another form, ``warrant.forged`` for an unknown key or a bad
    signature, ``warrant.life`` for a life longer than its class allows; nothing else, whatever the bytes.
    """
    return from_claims(jwt.decode(token, keys, TYPE))


def claims_of(warrant: Warrant) -> dict[str, Any]:
    """The claims that carry `warrant`. Raises as `issue`."""
    _check(warrant)
    claims: dict[str, Any] = msgspec.to_builtins(_to_claims(warrant))
    return claims


def from_claims(raw: Mapping[str, Any]) -> Warrant:
    """The warrant in claims whose signature was checked. Raises VerificationError ``warrant.malformed``,
    ``warrant.life``."""
    try:
        claims = msgspec.convert(raw, _Claims, strict=True)
    except (msgspec.ValidationError, OverflowError) as error:
        # The message names a member and a type, never a value of the token.
        raise VerificationError("warrant.malformed", detail=_named(error)) from None
    warrant = _from_claims(claims)
    _check(warrant)
    return warrant


def _to_claims(w: Warrant) -> _Claims:
    return _Claims(
        anc=w.ancestors,
        aud=w.aud,
        authorization_details=(
            _Detail(
                audience=w.audience,
                budget=w.budget_tokens,
                max_criticality=w.max_criticality,
                tier=w.tier,
                tools=w.tools,
                type=DETAIL,
                worlds=w.worlds,
            ),
        ),
        client_id=w.system,
        cnf=_Cnf(jwk=_Jwk(crv="Ed25519", kty="OKP", x=w.key)),
        cpy=w.copy_rid,
        epoch=w.epoch,
        exp=w.exp_ms // 1000,
        exp_ms=w.exp_ms,
        grant=w.grant,
        iat=w.iat_ms // 1000,
        iat_ms=w.iat_ms,
        iss=w.iss,
        jti=w.jti,
        nonce=w.nonce,
        party=w.party,
        seq=w.seq,
        sub=w.copy,
    )


def _from_claims(c: _Claims) -> Warrant:
    if len(c.authorization_details) != 1 or c.authorization_details[0].type != DETAIL:
        raise VerificationError("warrant.malformed", detail="authorization_details that are not one of its kind")
    if c.cnf.jwk.crv != "Ed25519" or c.cnf.jwk.kty != "OKP":
        raise VerificationError("warrant.malformed", detail="a cnf that is not an Ed25519 key")
    if c.exp != c.exp_ms // 1000 or c.iat != c.iat_ms // 1000:
        raise VerificationError("warrant.malformed", detail="seconds and milliseconds that disagree")
    detail = c.authorization_details[0]
    return Warrant(
        iss=c.iss,
        aud=c.aud,
        copy=c.sub,
        system=c.client_id,
        party=c.party,
        grant=c.grant,
        ancestors=c.anc,
        iat_ms=c.iat_ms,
        exp_ms=c.exp_ms,
        jti=c.jti,
        seq=c.seq,
        nonce=c.nonce,
        epoch=c.epoch,
        key=c.cnf.jwk.x,
        worlds=detail.worlds,
        max_criticality=detail.max_criticality,
        tier=detail.tier,
        audience=detail.audience,
        tools=detail.tools,
        budget_tokens=detail.budget,
        copy_rid=c.cpy,
    )


def _check(w: Warrant) -> None:
    """What both sides hold a warrant to. Raises VerificationError ``warrant.malformed`` or ``warrant.life``."""
    texts = (w.iss, w.aud, w.copy, w.system, w.party, w.grant, w.jti, w.nonce, w.copy_rid, *w.tools)
    numbers = (w.iat_ms, w.exp_ms, w.seq, w.epoch, w.budget_tokens, *w.ancestors)
    problem = ""
    if not all(0 < len(text) <= MAX_TEXT and text.isascii() and text.isprintable() for text in texts):
        problem = "an identifier that is empty, too long or not printable ASCII"
    elif not all(0 <= number <= MAX_NUMBER for number in numbers):
        problem = "a number outside 0 to 2^53 - 1"
    elif not 0 < len(w.ancestors) <= MAX_ANCESTORS or not _rising(w.ancestors):
        problem = f"anc that is not 1 to {MAX_ANCESTORS} rising numbers"
    elif not w.worlds or len(set(w.worlds)) != len(w.worlds):
        problem = "worlds that are none or repeated"
    elif not 0 <= w.tier <= MAX_TIER or len(w.tools) > MAX_TOOLS:
        problem = "a tier or tools outside their bounds"
    elif not w.copy.startswith(w.system + "/copy/"):
        problem = "a copy that is not of its system"
    elif w.exp_ms <= w.iat_ms:
        problem = "an end before its beginning"
    if problem:
        raise VerificationError("warrant.malformed", detail=problem)
    try:
        length = len(unb64u(w.key))
    except VerificationError:
        length = 0
    if length != 32:
        raise VerificationError("warrant.malformed", detail="a cnf that is not an Ed25519 key")
    row = life_class(w.tier, w.worlds, w.max_criticality)
    if w.exp_ms - w.iat_ms > row.max_ms:
        raise VerificationError("warrant.life", life=w.exp_ms - w.iat_ms, allowed=row.max_ms, row=row.name)


def _rising(numbers: tuple[int, ...]) -> bool:
    return all(a < b for a, b in pairwise(numbers))


def _named(error: Exception) -> str:
    text = str(error)
    return text.rpartition(" - at `")[2].rstrip("`") if " - at `" in text else "a member that is missing or unknown"
