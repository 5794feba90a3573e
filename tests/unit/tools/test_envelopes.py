# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.errors import Refused
from answerable.model.tools import Bound
from answerable.tools.envelopes import MAX_BOUNDS, breach, check

MOVE = (
    Bound(at="/speed", least="0", most="0.25"),
    Bound(at="/mode", one_of=("slow", "fine")),
    Bound(at="/points", longest=2),
    Bound(at="/points/*/x", least="-1", most="1"),
    Bound(at="/note", longest=5, optional=True),
)
INSIDE: dict[str, Any] = {"speed": 0.25, "mode": "slow", "points": [{"x": 1}, {"x": -0.5}]}


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({}, ""),
        ({"speed": "0.2"}, ""),
        ({"note": "hello"}, ""),
        ({"points": []}, ""),
        ({"speed": 0.26}, "/speed"),
        ({"speed": -0.001}, "/speed"),
        ({"speed": "fast"}, "/speed"),
        ({"speed": True}, "/speed"),
        ({"speed": None}, "/speed"),
        ({"speed": "1e-9"}, "/speed"),
        ({"speed": [0.1]}, "/speed"),
        ({"mode": "fast"}, "/mode"),
        ({"mode": "Slow"}, "/mode"),
        ({"mode": ["slow"]}, "/mode"),
        ({"points": [{"x": 0}] * 3}, "/points"),
        ({"points": [{"x": 0}, {"x": 2}]}, "/points/1/x"),
        ({"points": [{"x": 0, "y": 0}]}, "/points/0/y"),
        ({"points": [{}]}, "/points/0/x"),
        ({"points": [{"x": 0}, {}]}, "/points/1/x"),
        ({"points": {"0": {"x": 0}}}, "/points"),
        ({"note": "longer"}, "/note"),
        ({"force": 1}, "/force"),
        ({"force": {}}, "/force"),
        ({"force": None}, "/force"),
        ({"": 1}, "/"),
        ({"a/b": 1}, "/a~1b"),
    ],
)
def test_inside_or_where_it_is_outside(change: dict[str, Any], at: str) -> None:
    assert breach(MOVE, {**INSIDE, **change}) == at


@pytest.mark.parametrize("left_out", ["speed", "mode", "points"])
def test_a_bounded_argument_that_is_left_out_is_outside(left_out: str) -> None:
    arguments = {name: value for name, value in INSIDE.items() if name != left_out}
    assert breach(MOVE, arguments).startswith(f"/{left_out}")


def test_an_empty_envelope_permits_no_argument() -> None:
    assert breach((), {}) == ""
    assert breach((), {"a": 1}) == "/a"
    assert breach((Bound(at="/a"),), {"a": {"anything": [1, {}]}}) == ""


@pytest.mark.parametrize(
    ("bounds", "code"),
    [
        ((Bound(at="speed"),), "tool.pointer"),
        ((Bound(at="/a", least="1e3"),), "tool.bound"),
        ((Bound(at="/a", most="x"),), "tool.bound"),
        ((Bound(at="/a", least="2", most="1"),), "tool.bound"),
        ((Bound(at="/a", least="1", one_of=("x",)),), "tool.bound"),
        ((Bound(at="/a"), Bound(at="/a")), "tool.bound"),
        (tuple(Bound(at=f"/{i}") for i in range(MAX_BOUNDS + 1)), "tool.bound"),
    ],
)
def test_what_cannot_be_kept_to(bounds: tuple[Bound, ...], code: str) -> None:
    with pytest.raises(Refused) as refused:
        check(bounds)
    assert refused.value.code == code
    check(MOVE)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["speed", "mode", "points", "note", "other", ""]), json_values))
def test_whatever_is_inside_keeps_every_bound(arguments: dict[str, Any]) -> None:
    if breach(MOVE, arguments):
        return
    assert 0 <= float(arguments["speed"]) <= 0.25
    assert arguments["mode"] in ("slow", "fine")
    assert all(set(point) == {"x"} and -1 <= float(point["x"]) <= 1 for point in arguments["points"])
    assert set(arguments) <= {"speed", "mode", "points", "note"}
