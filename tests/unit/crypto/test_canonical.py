# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from answerable.crypto.canonical import MAX_DEPTH, MAX_INTEGER, dumps, loads, ordered
from answerable.errors import VerificationError
from answerable.model.terms import World

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def code(value: Any) -> str:
    with pytest.raises(VerificationError) as caught:
        loads(value) if isinstance(value, bytes) else dumps(value)
    return caught.value.code


@given(VALUES)
def test_the_same_bytes_as_another_implementation_of_rfc_8785(value: Any) -> None:
    assert dumps(value) == rfc8785.dumps(value)
    assert loads(dumps(value)) == value


def test_keys_are_ordered_by_utf16_units() -> None:
    # U+1F600 is D83D DE00 in UTF-16: before U+FB33 there, after it by code point.
    assert dumps({"\ufb33": 1, "\U0001f600": 2}) == '{"\U0001f600":2,"\ufb33":1}'.encode()


def test_enumerations_are_their_values() -> None:
    assert dumps([World.PHYSICAL]) == b'["physical"]'


@pytest.mark.parametrize(
    "value", [1.0, float("nan"), MAX_INTEGER + 1, -MAX_INTEGER - 1, "\ud800", {1: 2}, {"\udc00": 1}, b"x", {1, 2}]
)
def test_what_canonical_json_cannot_hold(value: Any) -> None:
    assert code(value) == "log.encoding"


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"{} {}", b'{"a":1,"a":2}', b"1.0", b"1e3", b"-0.0", b"NaN", b"Infinity", b"9007199254740992",
        b"1" * 100_000, b'"\xff"', b'"\\ud800"', b'{"\\udc00":1}', b"[" * 100_000, b"\xef\xbb\xbf{}", b"'a'", b'"\n"',
    ],
)  # fmt: skip
def test_what_the_reader_refuses(data: bytes) -> None:
    assert code(data) == "log.encoding"


def test_depth_is_bounded_both_ways() -> None:
    deep: Any = 0
    for _ in range(MAX_DEPTH):
        deep = [deep]
    assert loads(dumps(deep)) == deep
    assert code([deep]) == "log.encoding"
    assert code(b"[" + dumps(deep) + b"]") == "log.encoding"


def test_the_reader_takes_json_that_is_not_canonical() -> None:
    assert loads(b' {"b" : [1, true, null], "a": "\\u0041"} ') == {"a": "A", "b": [1, True, None]}


def test_keys_stand_in_the_order_of_utf_16() -> None:
    """U+FB33 is one unit above the surrogates that U+1F600 is written with, and a code point below it."""
    assert ordered({"b": 1, "a": 2}) == ["a", "b"]
    assert ordered({"\ufb33": 1, "\U0001f600": 2, "z": 3}) == ["z", "\U0001f600", "\ufb33"]
    with pytest.raises(VerificationError):
        ordered({"a": 1, 2: 3})
