# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec
import pytest

from answerable.admission.claims import MAX_ANCESTORS, MAX_NUMBER, MAX_TEXT, Cnf, Part, cnf_of, detail_of, flaw, is_key
from answerable.crypto.b64 import b64u
from answerable.errors import VerificationError
from answerable.model.terms import World

KEY = b64u(bytes(32))
WORLDS = (World.INFORMATION,)


class Detail(Part, frozen=True, kw_only=True):
    type: str


class Some(Part, frozen=True, kw_only=True):
    authorization_details: tuple[Detail, ...] = (Detail(type="a"),)
    cnf: Cnf = cnf_of(KEY)
    exp: int = 2
    exp_ms: int = 2_999
    iat: int = 1
    iat_ms: int = 1_000


def test_the_one_detail_of_its_kind_is_given() -> None:
    assert detail_of(Some(), "a", "warrant.malformed") is Some().authorization_details[0]


@pytest.mark.parametrize(
    "change",
    [
        {"authorization_details": ()},
        {"authorization_details": (Detail(type="a"), Detail(type="a"))},
        {"authorization_details": (Detail(type="b"),)},
        {"cnf": msgspec.convert({"jwk": {"crv": "P-256", "kty": "OKP", "x": KEY}}, Cnf)},
        {"cnf": msgspec.convert({"jwk": {"crv": "Ed25519", "kty": "EC", "x": KEY}}, Cnf)},
        {"exp": 3},
        {"iat": 0},
    ],
)
@pytest.mark.parametrize("code", ["warrant.malformed", "envelope.malformed"])
def test_anything_else_is_refused_under_the_code_of_who_asks(change: dict[str, Any], code: str) -> None:
    with pytest.raises(VerificationError) as refused:
        detail_of(msgspec.structs.replace(Some(), **change), "a", code)
    assert refused.value.code == code


@pytest.mark.parametrize("text", ["", "x" * (MAX_TEXT + 1), "ü", "a\n"])
def test_a_name_is_printable_ascii_within_its_bound(text: str) -> None:
    assert flaw(["x" * MAX_TEXT], [0], (1,), WORLDS) == ""
    assert "identifier" in flaw(["a", text], [0], (1,), WORLDS)


@pytest.mark.parametrize("number", [-1, MAX_NUMBER + 1])
def test_a_number_is_one_that_json_holds_everywhere(number: int) -> None:
    assert flaw(["a"], [0, MAX_NUMBER], (1,), WORLDS) == ""
    assert "number" in flaw(["a"], [0, number], (1,), WORLDS)


@pytest.mark.parametrize("ancestors", [(), (1, 1), (2, 1), tuple(range(MAX_ANCESTORS + 1))])
def test_ancestors_rise_and_are_not_too_many(ancestors: tuple[int, ...]) -> None:
    assert flaw(["a"], [0], tuple(range(MAX_ANCESTORS)), WORLDS) == ""
    assert "anc" in flaw(["a"], [0], ancestors, WORLDS)


@pytest.mark.parametrize("worlds", [(), WORLDS * 2])
def test_worlds_are_some_and_each_once(worlds: tuple[World, ...]) -> None:
    assert "worlds" in flaw(["a"], [0], (1,), worlds)


def test_a_key_is_32_bytes() -> None:
    assert is_key(KEY)
    assert not any(map(is_key, (b64u(bytes(31)), b64u(bytes(33)), "=", "")))
