# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.errors import Refused
from answerable.tools import pins
from answerable.upstreams import mcp_headers
from tests.small_tools import body


def mirrored(properties: dict[str, Any]) -> mcp_headers.Mirrors:
    return mcp_headers.mirrors(pins.definition(body("query", properties=properties)))


def test_marked_arguments_are_repeated() -> None:
    nested = {"type": "object", "properties": {"zone": {"type": "integer", "x-mcp-header": "Zone"}}}
    found = mirrored({"region": {"type": "string", "x-mcp-header": "Region"}, "place": nested, "q": {"type": "string"}})
    assert found == ((("place", "zone"), "Zone"), (("region",), "Region"))
    arguments = {"region": "us-west1", "place": {"zone": -7}, "q": "x"}
    assert mcp_headers.values(found, arguments) == (("mcp-param-zone", "-7"), ("mcp-param-region", "us-west1"))
    assert mcp_headers.values(found, {"region": None, "place": 5}) == (), "what is not there is left out"
    assert mcp_headers.values(((("on",), "On"),), {"on": True}) == (("mcp-param-on", "true"),)


@pytest.mark.parametrize(
    "properties",
    [
        {"a": {"type": "number", "x-mcp-header": "A"}},
        {"a": {"type": "string", "x-mcp-header": ""}},
        {"a": {"type": "string", "x-mcp-header": "a b"}},
        {"a": {"type": "string", "x-mcp-header": 7}},
        {"a": {"type": "string", "x-mcp-header": "A"}, "b": {"type": "string", "x-mcp-header": "a"}},
        {"a": {"type": "array", "items": {"type": "string", "x-mcp-header": "A"}}},
        {"a": {"anyOf": [{"type": "string", "x-mcp-header": "A"}]}},
        {f"a{number}": {"type": "string", "x-mcp-header": f"A{number}"} for number in range(17)},
        {"a": {"type": ["string", "null"], "x-mcp-header": "A"}},
        {"a": {"type": {}, "x-mcp-header": "A"}},
    ],
)
def test_marks_where_they_must_not_stand(properties: dict[str, Any]) -> None:
    with pytest.raises(Refused) as found:
        mirrored(properties)
    assert found.value.code == "tool.definition"


def test_an_argument_of_that_name_is_no_mark() -> None:
    assert mirrored({"x-mcp-header": {"type": "string"}}) == ()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("us-west1", "us-west1"),
        ("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="),
        (" padded ", "=?base64?IHBhZGRlZCA=?="),
        ("line1\nline2", "=?base64?bGluZTEKbGluZTI=?="),
        ("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
        ("", "=?base64??="),
    ],
)
def test_the_examples_of_the_specification(text: str, value: str) -> None:
    assert mcp_headers.encoded(text) == value


@given(st.text())
def test_no_value_breaks_out_of_its_line(text: str) -> None:
    made = mcp_headers.encoded(text)
    assert made.isascii()
    assert made.isprintable()


def test_what_no_header_can_hold() -> None:
    for value in ([1], {"a": 1}, 1.5, "x" * 5_000):
        with pytest.raises(Refused):
            mcp_headers.values(((("a",), "A"),), {"a": value})
