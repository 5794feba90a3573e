# SPDX-License-Identifier: Apache-2.0
"""A warrant that was signed on the spot, and the chain that it stands on (`docs/spec/envelope.md`, "On-site warrants").

Its claims are a warrant's with `env` beside them, the digest of its envelope. It is of a type of its own: whoever reads
warrants alone refuses it, whoever reads chains demands the envelope. Reach only narrows, and it never outlives its
envelope: without that each hop would add its own life to the bound of a stop.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from answerable.admission.admit import SKEW_MS, admit
from answerable.admission.envelope import ONSITE_MS, as_envelope, digest_of
from answerable.admission.envelope import parse as parse_envelope
from answerable.admission.stopset import StopSet
from answerable.admission.warrant import claims_of, from_claims
from answerable.crypto import jwt
from answerable.crypto.b64 import unb64u
from answerable.errors import Refused, VerificationError
from answerable.model.envelopes import Chain, Envelope
from answerable.model.scopes import within
from answerable.model.warrants import Warrant

TYPE: Final = "answerable-onsite+jwt"


def sign(warrant: Warrant, envelope: Envelope, envelope_token: str, signer: jwt.Signing) -> str:
    """The token of a warrant under `envelope`, by the on-site issuer's key. Raises VerificationError
    ``envelope.narrow`` for a reach beyond it, ``warrant.*`` for another form."""
    narrows(warrant, envelope)
    claims: dict[str, Any] = {**claims_of(warrant), "env": digest_of(envelope_token)}
    return jwt.encode({"typ": TYPE, "kid": envelope.jti}, claims, signer)


def read(token: str, envelope_token: str, keys: Mapping[str, bytes]) -> Chain:
    """The chain of an on-site warrant and its envelope, which one of `keys` signed (kid -> public key, 32 bytes).
    Whether it admits anything now is for `admits`.

    Raises VerificationError ``envelope.malformed|forged|life|narrow``, ``warrant.malformed|life``; nothing else,
    whatever the bytes.
    """
    envelope = parse_envelope(envelope_token, keys)
    return Chain(envelope=envelope, warrant=under(token, envelope, digest_of(envelope_token)))


def under(token: str, envelope: Envelope, digest: str) -> Warrant:
    """The on-site warrant in a token, under an envelope that was read already. Raises as `read`."""
    try:
        raw = jwt.decode(token, {envelope.jti: unb64u(envelope.key)}, TYPE)
    except VerificationError as error:
        raise as_envelope(error) from None
    if raw.pop("env", None) != digest:
        raise VerificationError("envelope.narrow", what="env")
    warrant = from_claims(raw)
    narrows(warrant, envelope)
    return warrant


def narrows(warrant: Warrant, envelope: Envelope) -> None:
    """Return if `warrant` reaches nowhere that `envelope` does not. Raises VerificationError ``envelope.narrow`` with
    the first member that does."""
    w, e = warrant, envelope
    copy = e.copy(w.copy)
    holds = {
        "iss": w.iss == e.site,
        "aud": w.aud in e.aud,
        "sub": copy is not None and (copy.cpy, copy.key) == (w.copy_rid, w.key),
        "client_id": w.system == e.system,
        "party": w.party == e.party,
        "grant": w.grant == e.grant,
        # Fewer ancestors would be fewer orders that reach it.
        "anc": w.ancestors == e.ancestors,
        "epoch": w.epoch >= e.epoch,
        "worlds": set(w.worlds) <= set(e.worlds),
        "max_criticality": w.max_criticality.rank <= e.max_criticality.rank,
        "tier": w.tier == e.tier,
        "audience": w.audience is e.audience,
        "tools": within(w.tools, e.tools),
        "budget": not e.budget_tokens or 0 < w.budget_tokens <= e.budget_tokens,
        "iat": w.iat_ms >= e.iat_ms,
        "exp": w.exp_ms <= e.exp_ms,
        "life": w.exp_ms - w.iat_ms <= ONSITE_MS,
    }
    for what, held in holds.items():
        if not held:
            raise VerificationError("envelope.narrow", what=what)


def admits(
    chain: Chain,
    *,
    now_ms: int,
    mono_ms: int,
    deadline_mono_ms: int,
    envelope_mono_ms: int,
    stops: StopSet,
    audience: str,
) -> None:
    """Return if the chain admits an action at this instant: its warrant does (`admission.admit`), and its envelope has
    not ended on either clock. envelope_mono_ms: the monotonic instant at which it ends, counted from when it was asked
    for or first seen.

    Raises Refused as `admit`, and ``envelope.expired``.
    """
    admit(
        chain.warrant,
        now_ms=now_ms,
        mono_ms=mono_ms,
        deadline_mono_ms=deadline_mono_ms,
        stops=stops,
        audience=audience,
    )
    lives(chain.envelope, now_ms=now_ms, mono_ms=mono_ms, deadline_mono_ms=envelope_mono_ms)


def lives(envelope: Envelope, *, now_ms: int, mono_ms: int, deadline_mono_ms: int) -> None:
    """Return if the envelope has begun and not ended. Raises Refused ``envelope.expired``, ``warrant.not_yet``."""
    if now_ms >= envelope.exp_ms or mono_ms >= deadline_mono_ms:
        raise Refused("envelope.expired")
    if envelope.iat_ms > now_ms + SKEW_MS:
        raise Refused("warrant.not_yet")


def left_ms(envelope: Envelope, *, now_ms: int, mono_ms: int, deadline_mono_ms: int) -> int:
    """How long the envelope still lives, on the clock that ends it first; 0 when it has ended."""
    return max(0, min(envelope.exp_ms - now_ms, deadline_mono_ms - mono_ms))
