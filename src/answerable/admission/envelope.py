# SPDX-License-Identifier: Apache-2.0
"""The envelope on the wire: what the issuer delegates beforehand to an on-site issuer (`docs/spec/envelope.md`).

A JWT (RFC 7519) in the one form of `crypto.jwt`: the on-site issuer's key in `cnf` (RFC 7800), the reach in
`authorization_details` (RFC 9396). Reading is strict, as a warrant's is: what is unknown is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import msgspec

from answerable.admission.bound import ANYWHERE, Clocks, bound
from answerable.admission.claims import MAX_TEXT, MAX_TIER, MAX_TOOLS, Cnf, Part, cnf_of, detail_of, flaw, is_key
from answerable.crypto import jwt
from answerable.errors import VerificationError
from answerable.model.envelopes import Envelope, EnvelopeCopy, Motion, Zone
from answerable.model.terms import Audience, Criticality, World

TYPE: Final = "answerable-envelope+jwt"
DETAIL: Final = "answerable_envelope"
LONGEST_MS: Final = 3_600_000  # an outage that is planned for longer is planned as several
ONSITE_MS: Final = 2_000  # the life of a warrant that is signed on the spot, at most
MAX_COPIES: Final = 16
MAX_AUDIENCES: Final = 16
MAX_ZONES: Final = 32
MAX_SPEED: Final = 100_000  # mm/s
MAX_MM: Final = 10_000_000_000  # 10,000 km: no site is larger


class _Detail(Part, frozen=True, kw_only=True):
    audience: Audience
    budget: int
    max_criticality: Criticality
    motion: Motion | None
    tier: int
    tools: tuple[str, ...]
    type: str
    worlds: tuple[World, ...]


class _Claims(Part, frozen=True, kw_only=True):
    anc: tuple[int, ...]
    aud: tuple[str, ...]
    authorization_details: tuple[_Detail, ...]
    bound: int
    client_id: str
    cnf: Cnf
    copies: tuple[EnvelopeCopy, ...]
    epoch: int
    exp: int
    exp_ms: int
    grant: str
    iat: int
    iat_ms: int
    iss: str
    jti: str
    party: str
    sub: str


def bound_ms(life_ms: int, clocks: Clocks = ANYWHERE) -> int:
    """By when nothing is admitted any more under an envelope of that life, ms after the order, if no word of the order
    ever comes to the site, whose clock is not the issuer's. On monotonic clocks alone the last warrant, signed as the
    envelope ends by the site's clock, adds the drift of its holder's over its own life; nothing else, since it ends
    with its envelope.

    Raises ValueError as `admission.bound`.
    """
    whole, last = bound("envelope", life_ms, clocks), bound("last", ONSITE_MS, clocks)
    return max(whole.synced, whole.monotonic + last.monotonic - clocks.view_ms - ONSITE_MS)


def digest_of(token: str) -> str:
    """What an on-site warrant names its envelope by: SHA-256 of the token, hex."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def issue(envelope: Envelope, signer: jwt.Signing, kid: str) -> str:
    """The signed token. Raises VerificationError ``envelope.malformed``, ``envelope.life`` for what `parse` would not
    read back, ``warrant.malformed`` for a token over 16 KiB."""
    _check(envelope)
    claims: dict[str, Any] = msgspec.to_builtins(_to_claims(envelope))
    return jwt.encode({"typ": TYPE, "kid": kid}, claims, signer)


def parse(token: str, keys: Mapping[str, bytes]) -> Envelope:
    """The envelope in a token signed by one of `keys` (kid -> public key, 32 bytes). Times are not looked at.

    Raises VerificationError ``envelope.malformed``, ``envelope.forged``, ``envelope.life``; nothing else, whatever the
    bytes.
    """
    try:
        raw = jwt.decode(token, keys, TYPE)
    except VerificationError as error:
        raise as_envelope(error) from None
    try:
        claims = msgspec.convert(raw, _Claims, strict=True)
    except (msgspec.ValidationError, OverflowError):
        raise VerificationError("envelope.malformed", detail="a member that is missing, unknown or misshapen") from None
    envelope = _from_claims(claims)
    _check(envelope)
    return envelope


def as_envelope(error: VerificationError) -> VerificationError:
    """The same finding, said of an envelope or of what stands on one."""
    if error.code == "warrant.forged":
        return VerificationError("envelope.forged")
    return VerificationError("envelope.malformed", detail=str(error.params.get("detail") or error.code))


def _to_claims(e: Envelope) -> _Claims:
    detail = _Detail(
        audience=e.audience,
        budget=e.budget_tokens,
        max_criticality=e.max_criticality,
        motion=e.motion,
        tier=e.tier,
        tools=e.tools,
        type=DETAIL,
        worlds=e.worlds,
    )
    return _Claims(
        anc=e.ancestors,
        aud=e.aud,
        authorization_details=(detail,),
        bound=e.bound,
        client_id=e.system,
        cnf=cnf_of(e.key),
        copies=e.copies,
        epoch=e.epoch,
        exp=e.exp_ms // 1000,
        exp_ms=e.exp_ms,
        grant=e.grant,
        iat=e.iat_ms // 1000,
        iat_ms=e.iat_ms,
        iss=e.iss,
        jti=e.jti,
        party=e.party,
        sub=e.site,
    )


def _from_claims(c: _Claims) -> Envelope:
    detail = detail_of(c, DETAIL, "envelope.malformed")
    return Envelope(
        iss=c.iss,
        site=c.sub,
        aud=c.aud,
        system=c.client_id,
        party=c.party,
        grant=c.grant,
        copies=c.copies,
        ancestors=c.anc,
        iat_ms=c.iat_ms,
        exp_ms=c.exp_ms,
        bound=c.bound,
        jti=c.jti,
        epoch=c.epoch,
        key=c.cnf.jwk.x,
        worlds=detail.worlds,
        max_criticality=detail.max_criticality,
        tier=detail.tier,
        audience=detail.audience,
        tools=detail.tools,
        budget_tokens=detail.budget,
        motion=detail.motion,
    )


def _check(e: Envelope) -> None:
    """What both sides hold an envelope to. Raises VerificationError ``envelope.malformed`` or ``envelope.life``."""
    texts = [e.iss, e.site, e.system, e.party, e.grant, e.jti, *e.aud, *e.tools]
    texts += [text for copy in e.copies for text in (copy.cpy, copy.sub)]
    numbers = (e.iat_ms, e.exp_ms, e.bound, e.epoch, e.budget_tokens, *e.ancestors)
    problem = flaw(texts, numbers, e.ancestors, e.worlds) or _flaw(e)
    if problem:
        raise VerificationError("envelope.malformed", detail=problem)
    life = e.exp_ms - e.iat_ms
    if life > LONGEST_MS or e.bound < life:
        raise VerificationError("envelope.life", life=life, allowed=min(LONGEST_MS, e.bound))


def _flaw(e: Envelope) -> str:
    """What is wrong with whom and what it is for, or ""."""
    if not 0 < len(e.aud) <= MAX_AUDIENCES or len(set(e.aud)) != len(e.aud):
        return "audiences that are none, repeated or too many"
    if not 0 < len(e.copies) <= MAX_COPIES or len({copy.sub for copy in e.copies}) != len(e.copies):
        return "copies that are none, repeated or too many"
    if not all(copy.sub.startswith(e.system + "/copy/") for copy in e.copies):
        return "a copy that is not of its system"
    if not all(is_key(key) for key in (e.key, *(copy.key for copy in e.copies))):
        return "a key that is not Ed25519"
    if any(copy.key == e.key for copy in e.copies):
        return "an on-site key that is a copy's own"  # who acts must not sign its own leave to act
    if not 0 <= e.tier <= MAX_TIER or len(e.tools) > MAX_TOOLS:
        return "a tier or tools outside their bounds"
    if e.exp_ms <= e.iat_ms:
        return "an end before its beginning"
    if World.PHYSICAL in e.worlds and e.motion is None:
        return "the physical world without limits of motion"
    return "" if e.motion is None else _motion(e.motion)


def _motion(motion: Motion) -> str:
    """What is wrong with limits of motion, or ""."""
    zones: tuple[Zone, ...] = (*motion.area, *motion.keep_out)
    if not motion.area or len(zones) > MAX_ZONES:
        return "an area of no zones, or too many zones"
    if any(zone.x0 > zone.x1 or zone.y0 > zone.y1 for zone in zones):
        return "a zone that ends before it begins"
    if any(abs(mm) > MAX_MM for zone in zones for mm in (zone.x0, zone.x1, zone.y0, zone.y1)):
        return "a zone beyond the earth"
    if not 0 < len(motion.frame) <= MAX_TEXT or not (motion.frame.isascii() and motion.frame.isprintable()):
        return "a frame without a name"
    return "" if 0 < motion.max_speed <= MAX_SPEED else "a highest speed outside its bounds"
