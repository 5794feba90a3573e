# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.cli import exactly

CALL: dict[str, Any] = {"server": "bank", "tool": "pay", "principal": "", "arguments": {"amount": 100, "to": "DE02"}}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain 王芳 é", "plain 王芳 é"),
        ("a\x1b[2Jb", "a\\u001b[2Jb"),
        ("\u202eevil\u2066", "\\u202eevil\\u2066"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("no\u00a0break\u3000", "no\\u00a0break\\u3000"),
        ("line\u2028end", "line\\u2028end"),
        ("\U000e0041tag", "\\udb40\\udc41tag"),
        ("\ud800", "\\ud800"),
        ("\ue000", "\\ue000"),
    ],
)
def test_nothing_is_hidden_or_obeyed(text: str, shown: str) -> None:
    assert exactly.visible(text) == shown


leaves = st.none() | st.integers() | st.text() | st.sampled_from(["\\u000a", "a\nb", '"', "\\"])
values = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


@given(values)
def test_what_is_shown_reads_back_as_what_it_is(value: Any) -> None:
    lines = exactly.pretty(value)
    assert json.loads("\n".join(lines)) == value
    assert all(line.isprintable() for line in lines)


def test_changes_are_shown_line_by_line() -> None:
    shown = exactly.changes({"amount": 100, "to": "DE02"}, {"amount": 10, "to": "DE02"})
    assert [line for line in shown if line[0] in "+-"] == ['-  "amount": 100,', '+  "amount": 10,']


def test_letters_that_look_like_others_are_named() -> None:
    assert exactly.strange({"to": "p\u0430ypal", "王": "芳"}) == ["\u0430 U+0430 CYRILLIC SMALL LETTER A"]
    assert exactly.strange({"\u0440ay": [1, {"x": "\u2460"}]}) == [
        "\u0440 U+0440 CYRILLIC SMALL LETTER ER",
        "\u2460 U+2460 CIRCLED DIGIT ONE",
    ]
    assert exactly.strange(["plain", "王芳", "price: 5 \u20ac \U0001f600"]) == []
    assert len(exactly.strange("".join(map(chr, range(0x400, 0x460))))) == exactly.MAX_STRANGE


def test_the_lines_of_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWERABLE_LANG", "en")
    plain = exactly.lines(CALL, None)
    assert plain[:3] == ["server: bank", "tool: pay", "on behalf of: -"]
    assert '    "amount": 100,' in plain
    changed = exactly.lines({**CALL, "principal": "mi\u0430\u200b"}, {**CALL, "arguments": {"amount": 7}})
    assert "on behalf of: mi\u0430\\u200b" in changed
    assert '  -  "amount": 7' in changed
    assert "  \u0430 U+0430 CYRILLIC SMALL LETTER A" in changed
