# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.admission import node_answer
from answerable.crypto.ed25519 import Key
from answerable.errors import VerificationError

KEY = Key.generate()
ORIGIN, NONCE = "demo.invalid", "a nonce"


def read(raw: bytes, **other: object) -> bytes:
    told: dict[str, object] = {"origin": ORIGIN, "nonce": NONCE, "public": KEY.public} | other
    return node_answer.read(raw, **told)  # type: ignore[arg-type]


def made(data: bytes = b'{"rows":[]}') -> bytes:
    return node_answer.make(data, origin=ORIGIN, nonce=NONCE, signer=KEY)


@given(st.text())
def test_what_was_signed_is_what_is_read(text: str) -> None:
    data = text.encode("utf-8", "replace")
    assert read(made(data)) == data


@pytest.mark.parametrize(
    "other",
    [{"origin": "other.invalid"}, {"nonce": "another"}, {"public": Key.generate().public}],
    ids=lambda other: next(iter(other)),
)
def test_an_answer_to_another_question_or_by_another_is_none(other: dict[str, object]) -> None:
    with pytest.raises(VerificationError, match=r"node\.answer"):
        read(made(), **other)


def test_one_that_was_changed_is_none() -> None:
    with pytest.raises(VerificationError, match=r"node\.answer"):
        read(made().replace(b"rows", b"rowz"))


@given(st.binary(max_size=400))
def test_whatever_the_bytes_it_is_refused_in_one_way(raw: bytes) -> None:
    with pytest.raises(VerificationError, match=r"node\.answer"):
        read(raw)


def test_it_is_bounded() -> None:
    with pytest.raises(VerificationError, match=r"node\.answer"):
        read(b" " * (node_answer.MAX_ANSWER + 1))
