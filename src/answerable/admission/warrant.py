# SPDX-License-Identifier: Apache-2.0
"""The warrant on the wire: a JWT (RFC 7519) in one form alone, `docs/spec/warrant.md`.

``alg: Ed25519`` (RFC 9864), audience as a resource indicator (RFC 8707), the copy's key in `cnf` (RFC 7800), the reach
in `authorization_details` (RFC 9396). `exp_ms` is what counts; `exp` is its second, rounded down, for other readers.
Reading is strict: an unknown claim may narrow what the issuer meant, so it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from answerable.admission.claims import MAX_TIER, MAX_TOOLS, Cnf, Part, cnf_of, detail_of, flaw, is_key
from answerable.admission.ttl import life_class
from answerable.crypto import jwt
from answerable.errors import VerificationError
from answerable.model.terms import Audience, Criticality, World
from answerable.model.warrants import Warrant

TYPE: Final = "answerable-warrant+jwt"
DETAIL: Final = "answerable_warrant"


class _Detail(Part, frozen=True, kw_only=True):
    audience: Audience
    budget: int
    max_criticality: Criticality
    tier: int
    tools: tuple[str, ...]
    type: str
    worlds: tuple[World, ...]


class _Claims(Part, frozen=True, kw_only=True):
    anc: tuple[int, ...]
    aud: str
    authorization_details: tuple[_Detail, ...]
    client_id: str
    cnf: Cnf
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
        cnf=cnf_of(w.key),
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
    detail = detail_of(c, DETAIL, "warrant.malformed")
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
    problem = flaw(texts, numbers, w.ancestors, w.worlds) or _flaw(w)
    if problem:
        raise VerificationError("warrant.malformed", detail=problem)
    if not is_key(w.key):
        raise VerificationError("warrant.malformed", detail="a cnf that is not an Ed25519 key")
    row = life_class(w.tier, w.worlds, w.max_criticality)
    if w.exp_ms - w.iat_ms > row.max_ms:
        raise VerificationError("warrant.life", life=w.exp_ms - w.iat_ms, allowed=row.max_ms, row=row.name)


def _flaw(w: Warrant) -> str:
    """What is wrong with whom and what it is for, or ""."""
    if not 0 <= w.tier <= MAX_TIER or len(w.tools) > MAX_TOOLS:
        return "a tier or tools outside their bounds"
    if not w.copy.startswith(w.system + "/copy/"):
        return "a copy that is not of its system"
    return "an end before its beginning" if w.exp_ms <= w.iat_ms else ""


def _named(error: Exception) -> str:
    text = str(error)
    return text.rpartition(" - at `")[2].rstrip("`") if " - at `" in text else "a member that is missing or unknown"
