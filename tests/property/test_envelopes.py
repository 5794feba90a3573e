# SPDX-License-Identifier: Apache-2.0
"""Readers of envelopes and of on-site warrants on arbitrary bytes: our errors alone. And whatever a site signs, what is
read under its envelope reaches nowhere that the envelope does not."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from answerable.admission import onsite
from answerable.admission.envelope import ONSITE_MS, TYPE, bound_ms, digest_of, issue, parse
from answerable.admission.warrant import claims_of
from answerable.crypto import jwt
from answerable.crypto.b64 import b64u
from answerable.errors import VerificationError
from answerable.model.envelopes import Motion, Zone
from answerable.model.terms import Criticality, World
from tests.property.test_warrants import values
from tests.unit.admission.a_warrant import ISSUER_KEY, KEYS, KID, T0
from tests.unit.admission.an_envelope import ENVELOPE, LIFE, ONSITE, ONSITE_TOKEN, SITE_KEY, TOKEN

CODES = {"envelope.malformed", "envelope.forged", "envelope.life"}
CHAIN_CODES = CODES | {"envelope.narrow", "warrant.malformed", "warrant.life"}


def signed(typ: str, kid: str, claims: Any, signer: Any) -> str:
    body = json.dumps(claims).encode("utf-8", "surrogatepass")
    text = b64u(json.dumps({"alg": "Ed25519", "kid": kid, "typ": typ}).encode()) + "." + b64u(body)
    return text + "." + b64u(signer.sign(text.encode()))


def refused(token: str) -> None:
    with pytest.raises(VerificationError) as error:
        parse(token, KEYS)
    assert error.value.code in CODES


@given(st.text(max_size=400))
@example("..")
@example("\ud800.\ud800.\ud800")
def test_any_text(text: str) -> None:
    refused(text)
    with pytest.raises(VerificationError) as error:
        onsite.read(text, TOKEN, KEYS)
    assert error.value.code in CHAIN_CODES


@given(st.integers(0, len(TOKEN) - 1), st.characters(codec="ascii"))
def test_any_changed_character(at: int, char: str) -> None:
    changed = TOKEN[:at] + char + TOKEN[at + 1 :]
    if changed != TOKEN:
        refused(changed)


@given(values)
def test_any_signed_claims(claims: Any) -> None:
    refused(signed(TYPE, KID, claims, ISSUER_KEY))


@given(st.sampled_from(sorted(jwt.peek(TOKEN)[1])), values)
def test_any_signed_claim(name: str, value: Any) -> None:
    _, claims = jwt.peek(TOKEN)
    claims[name] = value
    token = signed(TYPE, KID, claims, ISSUER_KEY)
    try:
        read = parse(token, KEYS)
    except VerificationError:
        refused(token)
    else:
        assert parse(issue(read, ISSUER_KEY, KID), KEYS) == read


mm = st.integers(-(10**10), 10**10)
zones = st.tuples(mm, mm, mm, mm).map(
    lambda four: Zone(x0=min(four[:2]), x1=max(four[:2]), y0=min(four[2:]), y1=max(four[2:]))
)


@given(
    st.lists(zones, min_size=1, max_size=16),
    st.lists(zones, max_size=16),
    st.integers(1, 100_000),
    st.lists(st.sampled_from(World), min_size=1, unique=True),
    st.integers(1, 3_600_000),
)
def test_every_envelope_comes_back(
    area: list[Zone], keep_out: list[Zone], speed: int, worlds: list[World], life: int
) -> None:
    envelope = msgspec.structs.replace(
        ENVELOPE,
        motion=Motion(area=tuple(area), frame="f", keep_out=tuple(keep_out), max_speed=speed),
        worlds=tuple(worlds),
        exp_ms=T0 + life,
        bound=bound_ms(life),
    )
    assert parse(issue(envelope, ISSUER_KEY, KID), KEYS) == envelope


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "iss": st.sampled_from([ENVELOPE.site, ENVELOPE.iss]),
            "worlds": st.lists(st.sampled_from(World), min_size=1, unique=True).map(tuple),
            "max_criticality": st.sampled_from(Criticality),
            "tier": st.integers(0, 4),
            "ancestors": st.sampled_from([(3, 17, 40), (17, 40), (3, 17, 40, 99)]),
            "tools": st.lists(st.sampled_from(["drive", "lift", "dig"]), unique=True).map(tuple),
            "budget_tokens": st.integers(0, 20_000),
            "epoch": st.integers(0, 9),
            "iat_ms": st.integers(T0 - 5_000, T0 + LIFE + 5_000),
        },
    ),
    st.integers(1, 2_500),
)
def test_what_is_read_under_an_envelope_lies_within_it(members: dict[str, Any], life: int) -> None:
    warrant = msgspec.structs.replace(ONSITE, **members)
    warrant = msgspec.structs.replace(warrant, exp_ms=warrant.iat_ms + life)
    try:
        claims = {**claims_of(warrant), "env": digest_of(TOKEN)}
        read = onsite.read(jwt.encode({"typ": onsite.TYPE, "kid": ENVELOPE.jti}, claims, SITE_KEY), TOKEN, KEYS).warrant
    except VerificationError:
        return
    assert read == warrant
    assert ENVELOPE.iat_ms <= read.iat_ms < read.exp_ms <= ENVELOPE.exp_ms
    assert read.exp_ms - read.iat_ms <= ONSITE_MS
    assert set(read.worlds) <= set(ENVELOPE.worlds)
    assert set(read.tools) <= set(ENVELOPE.tools)
    assert read.max_criticality.rank <= ENVELOPE.max_criticality.rank
    assert 0 < read.budget_tokens <= ENVELOPE.budget_tokens
    assert (read.ancestors, read.tier, read.iss) == (ENVELOPE.ancestors, ENVELOPE.tier, ENVELOPE.site)
    assert read.epoch >= ENVELOPE.epoch


def test_the_good_chain_is_read() -> None:
    assert onsite.read(ONSITE_TOKEN, TOKEN, KEYS).warrant == ONSITE
