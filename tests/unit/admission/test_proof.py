# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.admission import proof
from answerable.crypto.ed25519 import Key
from answerable.errors import Refused

KEY = Key.from_seed(b"k" * 32)
NOW = 1_763_782_764_123
REQUEST = {"origin": "log.example", "method": "POST", "path": "/control/v1/systems?x=1", "body": b"{}"}


def made(**changed: object) -> str:
    values = REQUEST | {"typ": proof.PERSON, "kid": "a" * 32, "now_ms": NOW} | changed
    return proof.make(KEY, **values)  # type: ignore[arg-type]


def checked(token: str, **changed: object) -> proof.Proof:
    values = REQUEST | {"typ": proof.PERSON, "now_ms": NOW} | changed
    return proof.check(token, {"a" * 32: KEY.public}, **values)  # type: ignore[arg-type]


def test_a_proof_of_this_request_holds() -> None:
    token = made()
    found = checked(token)
    assert found.kid == proof.kid_of(token) == "a" * 32
    assert found.iat_ms == NOW


@pytest.mark.parametrize(
    "changed",
    [
        {"origin": "another.example"},
        {"method": "GET"},
        {"path": "/control/v1/systems"},
        {"body": b"{} "},
        {"typ": proof.COPY},
        {"now_ms": NOW + proof.WINDOW_MS + 1},
        {"now_ms": NOW - proof.WINDOW_MS - 1},
    ],
)
def test_a_proof_of_another_request_does_not(changed: dict[str, object]) -> None:
    with pytest.raises(Refused, match=r"admin\.unsigned"):
        checked(made(), **changed)


def test_a_proof_by_another_key_does_not() -> None:
    other = Key.generate()
    token = proof.make(other, typ=proof.PERSON, kid="a" * 32, now_ms=NOW, **REQUEST)  # type: ignore[arg-type]
    with pytest.raises(Refused, match=r"admin\.unsigned"):
        checked(token)


def test_two_proofs_of_one_request_differ() -> None:
    assert checked(made()).jti != checked(made()).jti


@given(
    st.one_of(st.text(max_size=200), st.from_regex(r"[A-Za-z0-9_-]{0,40}(\.[A-Za-z0-9_-]{0,40}){2}", fullmatch=True))
)
def test_arbitrary_text_is_refused_with_our_code(token: str) -> None:
    with pytest.raises(Refused):
        proof.kid_of(token)
        checked(token)
