# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from decimal import Decimal

import pytest

from answerable.errors import Refused
from answerable.tools import pointers

VALUE = {"a": {"b": [1, {"c": 2}, {"c": 3}], "~/x": 4}, "": 5}


@pytest.mark.parametrize(
    ("pointer", "found"),
    [
        ("/a/b/0", [("/a/b/0", 1)]),
        ("/a/b/*/c", [("/a/b/1/c", 2), ("/a/b/2/c", 3)]),
        ("/a/~0~1x", [("/a/~0~1x", 4)]),
        ("/", [("/", 5)]),
        ("/a/b/01", []),
        ("/a/b/-", []),
        ("/a/*", []),
        ("/nowhere", []),
        ("/a/b/9", []),
    ],
)
def test_where_a_pointer_leads(pointer: str, found: list[tuple[str, object]]) -> None:
    assert list(pointers.found(VALUE, pointers.segments(pointer))) == found


@pytest.mark.parametrize("wrong", ["", "a", "a/b", "/a~2", "/a~", "/" + "x" * 500])
def test_what_is_no_pointer(wrong: str) -> None:
    with pytest.raises(Refused) as refused:
        pointers.segments(wrong)
    assert refused.value.code == "tool.pointer"


def test_the_one_value() -> None:
    assert pointers.one(VALUE, "/a/b/1/c") == 2
    assert pointers.one(VALUE, "/a/b/*/c") is None
    assert pointers.one(VALUE, "/nowhere") is None


@pytest.mark.parametrize("text", ["0", "-1", "12.50", "999999999999999999", "0.000000000001"])
def test_plain_decimals(text: str) -> None:
    assert pointers.decimal(text) == Decimal(text)
    assert pointers.number(text) == Decimal(text)


@pytest.mark.parametrize(
    "text", ["", "+1", "01", ".5", "5.", "1e9", "0x10", "1_000", "NaN", "Infinity", " 1", "1\n", "٣", "1" * 19]
)
def test_what_two_readers_could_read_differently_is_no_number(text: str) -> None:
    assert pointers.decimal(text) is None
    assert pointers.number(text) is None


def test_numbers_of_json() -> None:
    assert pointers.number(7) == 7
    assert pointers.number(0.1) == Decimal("0.1"), "what was written, and not its binary neighbour"
    for wrong in (True, None, [], {}, float("nan"), float("inf"), 1e18, 10**18, -(10**18)):
        assert pointers.number(wrong) is None
