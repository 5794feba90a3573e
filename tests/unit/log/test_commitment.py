# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import hmac

import pytest

from answerable.crypto.b64 import unb64u
from answerable.errors import VerificationError
from answerable.log.commitment import check, commit

SALT = bytes(range(32))


def test_it_is_the_hmac_of_the_specification() -> None:
    expected = hmac.new(SALT, b"answerable/commitment/v1/out\x00words", hashlib.sha256).digest()
    assert unb64u(commit("out", SALT, b"words")) == expected
    check(commit("out", SALT, b"words"), "out", SALT, b"words")


@pytest.mark.parametrize(
    ("group", "salt", "payload"),
    [("in", SALT, b"words"), ("out", bytes(32), b"words"), ("out", SALT, b"word"), ("out", SALT[:31], b"words")],
)
def test_anything_else_is_refused(group: str, salt: bytes, payload: bytes) -> None:
    with pytest.raises(VerificationError) as caught:
        check(commit("out", SALT, b"words"), group, salt, payload)
    assert caught.value.code == "log.commitment"


def test_group_and_payload_cannot_be_shifted() -> None:
    assert commit("in", SALT, b"x") != commit("i", SALT, b"nx")


@pytest.mark.parametrize("commitment", ["", "é", "A" * 43])
def test_foreign_commitments(commitment: str) -> None:
    with pytest.raises(VerificationError):
        check(commitment, "out", SALT, b"words")
