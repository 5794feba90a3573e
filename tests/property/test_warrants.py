# SPDX-License-Identifier: Apache-2.0
"""Readers of warrants, handles and requests on arbitrary bytes: our errors alone."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from answerable.admission.warrant import TYPE, issue, parse
from answerable.crypto import jwt
from answerable.crypto.b64 import b64u
from answerable.errors import Refused, VerificationError
from answerable.model.terms import Criticality, World
from answerable.model.warrants import Peer
from answerable.warrants.bindings import Binding
from tests.unit.admission.a_warrant import ISSUER_KEY, KEYS, KID, WARRANT

TOKEN = issue(WARRANT, ISSUER_KEY, KID)
CODES = {"warrant.malformed", "warrant.forged", "warrant.life"}

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.floats(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def refused(token: str) -> None:
    with pytest.raises(VerificationError) as error:
        parse(token, KEYS)
    assert error.value.code in CODES


@given(st.text(max_size=400))
@example("..")
@example("a.b.c.d")
@example("\ud800.\ud800.\ud800")
def test_any_text(text: str) -> None:
    refused(text)


@given(st.lists(st.binary(max_size=200), min_size=3, max_size=3))
@example([b"{}", b"[" * 100_000, b""])
def test_any_three_parts(parts: list[bytes]) -> None:
    refused(".".join(b64u(part) for part in parts))


@given(st.integers(0, len(TOKEN) - 1), st.characters(codec="ascii"))
def test_any_changed_character(at: int, char: str) -> None:
    changed = TOKEN[:at] + char + TOKEN[at + 1 :]
    if changed != TOKEN:
        refused(changed)


@given(values)
def test_any_signed_claims(claims: Any) -> None:
    """Even an issuer that signs nonsense gets nothing but our errors."""
    body = json.dumps(claims).encode("utf-8", "surrogatepass")
    signed = b64u(json.dumps({"alg": "Ed25519", "kid": KID, "typ": TYPE}).encode()) + "." + b64u(body)
    refused(signed + "." + b64u(ISSUER_KEY.sign(signed.encode())))


@given(st.sampled_from(sorted(jwt.peek(TOKEN)[1])), values)
def test_any_signed_claim(name: str, value: Any) -> None:
    _, claims = jwt.peek(TOKEN)
    if claims[name] == value:
        return
    claims[name] = value
    body = json.dumps(claims).encode("utf-8", "surrogatepass")
    signed = b64u(json.dumps({"alg": "Ed25519", "kid": KID, "typ": TYPE}).encode()) + "." + b64u(body)
    token = signed + "." + b64u(ISSUER_KEY.sign(signed.encode()))
    try:
        read = parse(token, KEYS)
    except VerificationError:
        refused(token)
    else:
        assert parse(issue(read, ISSUER_KEY, KID), KEYS) == read


@given(
    st.lists(st.integers(0, 2**53 - 1), min_size=1, max_size=256, unique=True).map(sorted),
    st.lists(st.sampled_from(World), min_size=1, unique=True),
    st.sampled_from(Criticality),
    st.integers(0, 4),
    st.integers(1, 2_000),
)
def test_every_warrant_comes_back(
    anc: list[int], worlds: list[World], criticality: Criticality, tier: int, life: int
) -> None:
    warrant = msgspec.structs.replace(
        WARRANT,
        ancestors=tuple(anc),
        worlds=tuple(worlds),
        max_criticality=criticality,
        tier=tier,
        exp_ms=WARRANT.iat_ms + life,
    )
    assert parse(issue(warrant, ISSUER_KEY, KID), KEYS) == warrant


@given(st.text(max_size=80) | st.text(max_size=40).map("cidr:{}".format), st.text(max_size=40))
@example("cidr:0.0.0.0/33", "::ffff:127.0.0.1")
@example("cidr:fe80::%eth0/64", "fe80::1%eth0")
def test_any_binding_and_address(text: str, address: str) -> None:
    try:
        binding = Binding.parse(text)
    except Refused:
        return
    assert binding.holds(Peer(address=address)) in (True, False)
