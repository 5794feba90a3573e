# SPDX-License-Identifier: Apache-2.0
import json
import sys
from typing import Any

import pytest

from answerable.errors import Refused
from answerable.protocols.mcp.strict import MAX_DEPTH, MAX_INTEGER, MAX_VALUES, load


def refused(body: bytes) -> tuple[str, str]:
    with pytest.raises(Refused) as caught:
        load(body)
    return caught.value.code, str(caught.value.params.get("detail") or caught.value.params.get("what"))


def test_an_object_is_its_members() -> None:
    assert load(b' {"a": [1, -2.5, true, null, "\xe4\xb8\xad"], "b": {"c:d": "e:f"}} ') == {
        "a": [1, -2.5, True, None, "中"],
        "b": {"c:d": "e:f"},
    }


@pytest.mark.parametrize(
    "body",
    [
        b'{"name":"read","name":"pay"}',
        b'{"a":{"b":1,"b":2}}',
        b'{"a":[{"b":1,"b":1}]}',
        rb'{"name":"read","n\u0061me":"pay"}',
        # The colon of a lost member, put back by an escape.
        rb'{"name":"read\u003a","name":"pay\u003a"}',
        rb'{"a":1,"a":"\u003A"}',
        rb'{"a":"x","a":"\u003a"}',
        rb'{"a\u003ab":1,"a:b":2}',
    ],
)
def test_a_member_that_stands_twice_is_refused(body: bytes) -> None:
    assert refused(body) == ("request.malformed", "a member that stands twice")


@pytest.mark.parametrize(
    "body",
    [rb'{"a":"\u003a"}', rb'{"a":"\\u003a"}', rb'{"a\u003a":{"b":"\u003A:"}}', rb'{":":":","::":["a:b",{"x":":"}]}'],
)
def test_colons_in_texts_are_no_members(body: bytes) -> None:
    assert load(body) == json.loads(body)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "not JSON"),
        (b"[]", "not one object, or a number out of range"),
        (b'[{"a":1}]', "not one object, or a number out of range"),
        (b"1", "not one object, or a number out of range"),
        (b'{"a":1}{"b":2}', "not JSON"),
        (b'{"a":NaN}', "not JSON"),
        (b'{"a":-Infinity}', "not JSON"),
        (b'{"a":1e999}', "not one object, or a number out of range"),
        (b'{"a":01}', "not JSON"),
        (b'{"a":"\xff"}', "not UTF-8"),
        (b'{"a":"\xed\xa0\x80"}', "not UTF-8"),
        (rb'{"a":"\ud800"}', "not JSON"),
        (rb'{"a":"\udc00\ud800"}', "not JSON"),
        (b'\xef\xbb\xbf{"a":1}', "not JSON"),
        (b'{"a":1,}', "not JSON"),
        (b"{'a':1}", "not JSON"),
        (b'{"a":1/**/}', "not JSON"),
        (b'{"a":9007199254740992}', "an integer beyond 2**53"),
        (b'{"a":{"b":[-9007199254740992]}}', "an integer beyond 2**53"),
        (b'{"a":1.981817816561431e16}', "a number beyond 2**53"),
        (b'{"a":[-9007199254740993.0]}', "a number beyond 2**53"),
    ],
)
def test_what_two_readers_may_take_differently_is_refused(body: bytes, detail: str) -> None:
    assert refused(body) == ("request.malformed", detail)


def test_the_largest_whole_number_is_taken() -> None:
    assert load(b'{"a":%d,"b":-%d}' % (MAX_INTEGER, MAX_INTEGER)) == {"a": MAX_INTEGER, "b": -MAX_INTEGER}


def test_floats_that_stay_floats_are_taken() -> None:
    assert load(b'{"a":6.02e23,"b":0.1,"c":9007199254740991.0}') == {"a": 6.02e23, "b": 0.1, "c": float(MAX_INTEGER)}
    assert load(b'{"a":1.981817816561431e16}', exact=False) == {"a": 1.981817816561431e16}


def test_depth_is_bounded_without_recursion() -> None:
    def nested(levels: int) -> bytes:
        return b'{"a":' * (levels - 1) + b"{}" + b"}" * (levels - 1)

    value: Any = load(nested(MAX_DEPTH))
    for _ in range(MAX_DEPTH - 1):
        value = value["a"]
    assert value == {}
    assert refused(nested(MAX_DEPTH + 1)) == ("request.too_complex", "levels")
    before = sys.getrecursionlimit()
    for deep in (10_000, 90_000):
        assert refused(nested(deep)) == ("request.too_complex", "levels")
        assert refused(b'{"a":' + b"[" * deep + b"]" * deep + b"}") == ("request.too_complex", "levels")
    assert sys.getrecursionlimit() == before


def test_the_number_of_values_is_bounded_before_anything_is_decoded() -> None:
    assert refused(b'{"a":[' + b"0," * MAX_VALUES + b"0]}") == ("request.too_complex", "values")
    assert refused(b"[" * (MAX_VALUES + 1)) == ("request.too_complex", "values")
