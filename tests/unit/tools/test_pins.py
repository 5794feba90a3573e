# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import contextlib
import hashlib
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from answerable.errors import Refused
from answerable.tools import pins
from tests.small_tools import WEATHER, body

DEEP: Any = {}
for _ in range(40):
    DEEP = {"a": DEEP}


def code(value: Any) -> str:
    with pytest.raises(Refused) as refused:
        pins.definition(value)
    assert refused.value.reason("zh")
    return refused.value.code


def test_the_pin_is_over_every_member() -> None:
    made = pins.definition(WEATHER)
    assert made.pin == "sha256:" + hashlib.sha256(rfc8785.dumps(WEATHER)).hexdigest()
    assert pins.definition(dict(reversed(WEATHER.items()))).pin == made.pin, "their order is nothing"
    others = [
        {**WEATHER, "description": "Tell the weather. "},
        {**WEATHER, "title": "Weather"},
        {**WEATHER, "annotations": {"readOnlyHint": True}},
        {**WEATHER, "outputSchema": {"type": "object"}},
        {**WEATHER, "icons": []},
        {**WEATHER, "x-unknown": 1},
        {**WEATHER, "inputSchema": {"type": "object"}},
    ]
    assert len({made.pin, *(pins.definition(other).pin for other in others)}) == len(others) + 1
    assert (made.name, made.description, made.input_schema) == (
        "weather", WEATHER["description"], WEATHER["inputSchema"]
    )  # fmt: skip
    assert pins.is_pin(made.pin)
    assert not any(map(pins.is_pin, ["", made.pin[:-1], made.pin.upper(), "sha256:" + "g" * 64, made.pin + "0"]))


def test_numbers_are_those_of_rfc_8785() -> None:
    """The largest 64-bit integer stands in many schemas."""
    made = pins.definition(body("w", properties={"n": {"maximum": 9223372036854775807, "minimum": -0.5}}))
    assert b'"maximum":9223372036854776000' in made.canonical
    assert b'"minimum":-0.5' in made.canonical


@pytest.mark.parametrize("name", ["pay now", "p\u0430y", "", "answerable_x", 7, None])
def test_names_that_mcp_does_not_allow(name: Any) -> None:
    assert code({**WEATHER, "name": name}) == "tool.name"


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        "tool",
        {**WEATHER, "inputSchema": None},
        {**WEATHER, "inputSchema": {"type": "array"}},
        {"name": "weather"},
        {**WEATHER, "x": DEEP},
        {**WEATHER, "x": "y" * 70_000},
        {**WEATHER, "x": 10**400},
        {**WEATHER, "description": "Safe.\u200b"},
        {**WEATHER, "description": "Safe.\U000e0041"},
        {**WEATHER, "description": "Safe.\u202e"},
        {**WEATHER, "description": "Safe.\x1b[2K"},
        {**WEATHER, "\u2063": 1},
        {**WEATHER, "x": [{"y": "\ufeff"}]},
    ],
)
def test_what_nobody_can_stand_for(wrong: Any) -> None:
    assert code(wrong) == "tool.definition"


def test_people_see_line_breaks_emoji_and_their_own_scripts() -> None:
    text = "第一行\nligne\tdeux — \U0001f469\u200d\U0001f52c ‌نمی\u200cدانم"
    assert pins.definition({**WEATHER, "description": text}).description == text


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_anything_is_pinned_or_refused(value: Any) -> None:
    with contextlib.suppress(Refused):
        made = pins.definition({**WEATHER, "x": value})
        assert pins.definition(msgspec.json.decode(made.canonical)).canonical == made.canonical
