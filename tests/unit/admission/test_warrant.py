# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from answerable.admission.claims import MAX_ANCESTORS
from answerable.admission.warrant import TYPE, issue, parse
from answerable.crypto import jwt
from answerable.errors import VerificationError
from answerable.model.terms import Criticality, World
from answerable.model.warrants import Warrant
from tests.fleet import key
from tests.unit.admission.a_warrant import ISSUER_KEY, KEYS, KID, T0, WARRANT

VECTORS = json.loads((Path(__file__).parents[3] / "docs/spec/vectors/warrant.json").read_text(encoding="utf-8"))


def code(token: str) -> str:
    with pytest.raises(VerificationError) as error:
        parse(token, KEYS)
    return error.value.code


def tampered(**changed: Any) -> str:
    """A token with other claims, well signed: what only a strict reader refuses."""
    _, claims = jwt.peek(issue(WARRANT, ISSUER_KEY, KID))
    claims.update(changed)
    return jwt.encode({"typ": TYPE, "kid": KID}, {k: v for k, v in claims.items() if v is not ...}, ISSUER_KEY)


def detail(**changed: Any) -> list[dict[str, Any]]:
    _, claims = jwt.peek(issue(WARRANT, ISSUER_KEY, KID))
    return [{**claims["authorization_details"][0], **changed}]


def test_comes_back_as_it_was() -> None:
    assert parse(issue(WARRANT, ISSUER_KEY, KID), KEYS) == WARRANT


def test_claims_are_those_of_the_specification() -> None:
    header, claims = jwt.peek(issue(WARRANT, ISSUER_KEY, KID))
    assert header == {"alg": "Ed25519", "kid": KID, "typ": "answerable-warrant+jwt"}
    assert claims["exp"] == WARRANT.exp_ms // 1000
    assert claims["exp_ms"] == WARRANT.exp_ms
    assert claims["sub"] == WARRANT.copy
    assert claims["client_id"] == WARRANT.system
    assert claims["anc"] == [3, 17, 40]
    assert claims["cnf"] == {"jwk": {"crv": "Ed25519", "kty": "OKP", "x": WARRANT.key}}
    assert [d["type"] for d in claims["authorization_details"]] == ["answerable_warrant"]


def test_forged() -> None:
    assert code(issue(WARRANT, key("stranger"), KID)) == "warrant.forged"
    assert code(issue(WARRANT, ISSUER_KEY, "another")) == "warrant.forged"
    head, _, sig = issue(WARRANT, ISSUER_KEY, KID).split(".")
    other = issue(msgspec.structs.replace(WARRANT, seq=2), ISSUER_KEY, KID).split(".")
    assert code(f"{head}.{other[1]}.{sig}") == "warrant.forged"


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": T0 // 1000},
        {"anc": []},
        {"anc": [3, 3]},
        {"anc": [4, 3]},
        {"anc": list(range(MAX_ANCESTORS + 1))},
        {"anc": [-1]},
        {"aud": ""},
        {"aud": ["a", "b"]},
        {"sub": "spiffe://demo.invalid/system/else/copy/1"},
        {"seq": -1},
        {"seq": True},
        {"seq": "1"},
        {"iat_ms": T0 + 60_000},
        {"exp_ms": None},
        {"party": ...},
        {"jti": "a\nb"},
        {"jti": "x" * 513},
        {"act": {"sub": "spiffe://demo.invalid/system/else"}},
        {"cnf": {"jwk": {"crv": "Ed25519", "kty": "OKP", "x": "AAAA"}}},
        {"cnf": {"jwk": {"crv": "P-256", "kty": "OKP", "x": WARRANT.key}}},
        {"cnf": {"jwk": {"crv": "Ed25519", "kty": "OKP", "x": WARRANT.key, "d": "x"}}},
        {"authorization_details": []},
        {"authorization_details": detail() * 2},
        {"authorization_details": detail(type="other")},
        {"authorization_details": detail(worlds=[])},
        {"authorization_details": detail(worlds=["information", "information"])},
        {"authorization_details": detail(worlds=["cyber"])},
        {"authorization_details": detail(tier=5)},
        {"authorization_details": detail(max_criticality="grave")},
        {"authorization_details": detail(tools=["t"] * 65)},
        {"authorization_details": detail(extra=1)},
    ],
)
def test_malformed_even_when_signed(changed: dict[str, Any]) -> None:
    assert code(tampered(**changed)) == "warrant.malformed"


@pytest.mark.parametrize(
    "changed",
    [
        {"exp_ms": T0 + 300_001},
        {"tier": 2, "exp_ms": T0 + 60_001},
        {"tier": 3, "exp_ms": T0 + 15_001},
        {"max_criticality": Criticality.CRITICAL, "exp_ms": T0 + 15_001},
        {"worlds": (World.BIOLOGICAL,), "exp_ms": T0 + 5_001},
        {"worlds": (World.INFORMATION, World.PHYSICAL), "exp_ms": T0 + 2_001},
    ],
)
def test_no_warrant_outlives_its_class(changed: dict[str, Any]) -> None:
    long = msgspec.structs.replace(WARRANT, **changed)
    with pytest.raises(VerificationError) as error:
        issue(long, ISSUER_KEY, KID)
    assert error.value.code == "warrant.life"
    issue(msgspec.structs.replace(long, exp_ms=long.exp_ms - 1), ISSUER_KEY, KID)


def test_another_kind_of_token_is_no_warrant() -> None:
    _, claims = jwt.peek(issue(WARRANT, ISSUER_KEY, KID))
    assert code(jwt.encode({"typ": "JWT", "kid": KID}, claims, ISSUER_KEY)) == "warrant.malformed"


def test_what_was_wrong_is_named_and_no_value_shown() -> None:
    with pytest.raises(VerificationError) as error:
        parse(tampered(seq="secret"), KEYS)
    assert "secret" not in str(error.value)
    assert "seq" in str(error.value)


@pytest.mark.parametrize("vector", VECTORS["good"], ids=lambda v: v["name"])
def test_good_vectors(vector: dict[str, Any]) -> None:
    warrant = msgspec.convert(vector["warrant"], Warrant)
    assert issue(warrant, ISSUER_KEY, KID) == vector["token"]
    assert parse(vector["token"], KEYS) == warrant


@pytest.mark.parametrize("vector", VECTORS["bad"], ids=lambda v: v["name"])
def test_bad_vectors(vector: dict[str, Any]) -> None:
    assert code(vector["token"]) == vector["code"]


def test_the_vectors_name_their_keys() -> None:
    assert VECTORS["issuer"] == {"kid": KID, "public": ISSUER_KEY.public.hex()}
