# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.crypto.cbor import MAX_DEPTH, Tag, loads
from answerable.errors import VerificationError

LEAVES = st.none() | st.integers(-(2**64), 2**64 - 1) | st.binary(max_size=300) | st.text(max_size=300)
KEYS = st.integers(-(2**64), 2**64 - 1) | st.text(max_size=20)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4))


@given(VALUES)
def test_what_another_writes_is_read(value: Any) -> None:
    assert loads(cbor2.dumps(value)) == value


def test_tags_are_left_as_they_are() -> None:
    assert loads(cbor2.dumps(cbor2.CBORTag(18, [b"a", {1: 2}]))) == Tag(18, [b"a", {1: 2}])
    assert loads(b"\xc2\x41\x07") == Tag(2, b"\x07")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\x00",  # two items
        b"\x18",  # cut
        b"\x42a",
        b"\x82\x00",
        b"\x9b" + b"\xff" * 8,  # announces what is not there
        b"\x5b" + b"\xff" * 8,
        b"\xbb" + b"\xff" * 8,
        b"\x5f\x41a\xff",  # indefinite lengths
        b"\x9f\xff",
        b"\x1c",
        b"\x61\xff",  # not UTF-8
        b"\xa2\x01\x00\x01\x00",  # a key twice
        b"\xa1\x41a\x00",  # a key of another kind
        b"\xa1\xf6\x00",
        b"\xf5",  # booleans and floats stand in no receipt
        b"\xf9\x00\x00",
        b"\xd2" * (MAX_DEPTH + 1) + b"\x00",
        b"\x81" * 100_000,
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(VerificationError) as caught:
        loads(data)
    assert caught.value.code == "log.encoding"


@given(st.binary(max_size=200))
def test_any_bytes_give_a_value_or_our_error(data: bytes) -> None:
    with suppress(VerificationError):
        loads(data)


def test_a_strangers_tags_cost_nothing() -> None:
    """A decimal fraction over an integer of a million bytes: minutes, for a reader that makes a decimal of it."""
    size = 1_000_000
    began = time.perf_counter()
    assert loads(b"\xc4\x82\x00\xc2\x5a" + size.to_bytes(4, "big") + b"\xff" * size).number == 4
    assert time.perf_counter() - began < 1
