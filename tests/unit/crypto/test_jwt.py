# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from typing import Any

import pytest

from answerable.crypto import jwt
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.errors import VerificationError

KEY = Key.from_seed(b"\x01" * 32)
KEYS = {"k1": KEY.public}
HEADER = {"typ": "example+jwt", "kid": "k1"}
CLAIMS = {"sub": "x", "anc": [1, 2]}
GOOD = jwt.encode(HEADER, CLAIMS, KEY)


def token(header: Any, claims: Any = CLAIMS) -> str:
    """A token signed for whatever stands in it."""
    parts = [raw if isinstance(raw, str) else json.dumps(raw) for raw in (header, claims)]
    signed = ".".join(b64u(part.encode()) for part in parts)
    return f"{signed}.{b64u(KEY.sign(signed.encode()))}"


def code(text: str, typ: str = "example+jwt") -> str:
    with pytest.raises(VerificationError) as caught:
        jwt.decode(text, KEYS, typ)
    return caught.value.code


def test_a_token_reads_back() -> None:
    assert jwt.decode(GOOD, KEYS, "example+jwt") == CLAIMS
    header, claims = jwt.peek(GOOD)
    assert (header["alg"], header["kid"], claims) == ("Ed25519", "k1", CLAIMS)
    assert token({**HEADER, "alg": "Ed25519"}) != ""
    assert jwt.decode(token({**HEADER, "alg": "Ed25519"}), KEYS, "example+jwt") == CLAIMS


@pytest.mark.parametrize("alg", ["none", "EdDSA", "HS256", "ed25519", "", None, 1])
def test_there_is_one_algorithm(alg: Any) -> None:
    assert code(token({**HEADER, "alg": alg})) == "warrant.malformed"


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "Ed25519", "kid": "k1"},
        {"alg": "Ed25519", "typ": "example+jwt"},
        {**HEADER, "alg": "Ed25519", "jwk": {}},
        {**HEADER, "alg": "Ed25519", "crit": ["exp"]},
        {**HEADER, "alg": "Ed25519", "kid": 1},
        [],
        '{"alg":"Ed25519","alg":"Ed25519","kid":"k1","typ":"example+jwt"}',
        "{",
    ],
)
def test_the_header_is_exact(header: Any) -> None:
    assert code(token(header)) == "warrant.malformed"


@pytest.mark.parametrize("claims", ['{"sub":"a","sub":"b"}', "[]", '{"exp":1.5}', '"x"', "{"])
def test_claims_are_strict_json(claims: str) -> None:
    assert code(token({**HEADER, "alg": "Ed25519"}, claims)) == "warrant.malformed"


@pytest.mark.parametrize(
    "text", ["", "a", "a.b", GOOD + ".", GOOD + "=", GOOD.replace(".", ". "), "x" * 20_000, "é.é.é"]
)
def test_the_form_is_exact(text: str) -> None:
    assert code(text) == "warrant.malformed"


def test_another_type_is_refused() -> None:
    assert code(GOOD, "other+jwt") == "warrant.malformed"


def test_forgeries() -> None:
    assert code(jwt.encode({**HEADER, "kid": "k2"}, CLAIMS, KEY)) == "warrant.forged"
    assert code(jwt.encode(HEADER, CLAIMS, Key.from_seed(b"\x02" * 32))) == "warrant.forged"
    head, _, signature = GOOD.split(".")
    assert code(f"{head}.{b64u(json.dumps({'sub': 'y'}).encode())}.{signature}") == "warrant.forged"


def test_any_flipped_character_is_refused() -> None:
    for place, character in enumerate(GOOD):
        other = "A" if character != "A" else "B"
        assert code(GOOD[:place] + other + GOOD[place + 1 :]) in {"warrant.malformed", "warrant.forged"}


def test_what_is_never_written() -> None:
    for header, claims in (({"typ": "x"}, {}), (HEADER, {"a": "x" * 20_000}), (HEADER, {"a": 0.5})):
        with pytest.raises(VerificationError):
            jwt.encode(header, claims, KEY)
