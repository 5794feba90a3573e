# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

import pytest

from answerable.labels.rules.hidden import Why
from answerable.labels.rules.word_styles import BLACK, MAX_CHAIN, Styles, merged, paragraph_why, run_why, shaded

WHITE = (255, 255, 255)


def styles(*chain: str, kind: str = "character") -> Styles:
    """One based on the next."""
    part = Element("w-styles")
    for name, base in zip(chain, (*chain[1:], ""), strict=True):
        style = SubElement(part, "w-style", {"type": kind, "styleId": name})
        if base:
            SubElement(style, "w-basedOn", {"val": base})
        SubElement(SubElement(style, "w-rPr"), f"w-{name}", {"val": name})
    return Styles(part)


def test_the_last_that_says_something_holds_but_for_what_hides() -> None:
    assert merged([{"w-sz": {"val": "1"}}, {"w-sz": {"val": "2"}}]) == {"w-sz": {"val": "2"}}
    off, on = {"w-vanish": {"val": "0"}}, {"w-vanish": {}}
    assert run_why(merged([on, off, {}]), WHITE) is Why.HIDDEN
    assert run_why(merged([on, {}, off]), WHITE) is None
    assert run_why(merged([on, on]), WHITE) is Why.HIDDEN


def test_styles_are_based_on_others_and_on_none_for_ever() -> None:
    found = styles("a", "b", "c").run({}, {"w-rStyle": {"val": "a"}})
    assert found is not None
    assert {"w-a", "w-b", "w-c"} <= {*found}
    assert styles("a").run({}, {"w-rStyle": {"val": "missing"}}) is None
    assert styles("a", "b", "a").run({}, {"w-rStyle": {"val": "a"}}) is None
    long = tuple(f"s{number}" for number in range(MAX_CHAIN + 1))
    assert styles(*long).run({}, {"w-rStyle": {"val": "s0"}}) is None
    assert Styles(None).paragraph({}) == ({}, {})
    assert Styles(None).paragraph({"w-pStyle": {"val": "x"}}) is None


@pytest.mark.parametrize(
    ("found", "behind", "why"),
    [
        ({}, WHITE, None),
        ({}, None, Why.UNKNOWN),
        ({}, BLACK, Why.COLOUR),
        ({"w-color": {"val": "auto"}}, WHITE, None),
        ({"w-color": {"val": "zzz"}}, WHITE, Why.UNKNOWN),
        ({"w-highlight": {"val": "none"}}, WHITE, Why.UNKNOWN),
        ({"w-highlight": {"val": "unheard"}}, WHITE, Why.UNKNOWN),
        ({"w-sz": {"val": "x"}}, WHITE, Why.TINY),
        ({"w-sz": {"val": "8"}}, WHITE, None),
        ({"w-strike": {}}, WHITE, Why.UNKNOWN),
        ({"w-strike": {"val": "false"}}, WHITE, None),
        ({"x-glow": {}}, WHITE, Why.UNKNOWN),
        ({"w-spacing": {"val": "40"}}, WHITE, None),
    ],
)
def test_runs(found: dict[str, dict[str, str]], behind: tuple[int, int, int] | None, why: Why | None) -> None:
    assert run_why(found, behind) is why


def test_paragraphs_and_shadings() -> None:
    assert paragraph_why({"w-jc": {"val": "center"}, "w-ind": {"left": "720"}}) is None
    assert paragraph_why({"w-spacing": {"line": "240", "lineRule": "exact"}}) is None
    assert paragraph_why({"w-spacing": {"line": "20"}}) is Why.UNKNOWN
    assert paragraph_why({"w-ind": {"left": "x"}}) is Why.UNKNOWN
    assert shaded({}, WHITE) == WHITE
    assert shaded({"w-shd": {"val": "clear", "fill": "auto"}}, WHITE) == WHITE
    assert shaded({"w-shd": {"val": "clear", "fill": "010203"}}, WHITE) == (1, 2, 3)
    assert shaded({"w-shd": {"val": "clear", "themeFill": "accent1"}}, WHITE) is None
    assert shaded({"w-shd": {"val": "nil", "fill": "010203"}}, WHITE) == WHITE
