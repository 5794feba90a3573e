# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import cedarpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.cedar.text import Piece, pieces, too_deep
from tests.cedars import BASE, HOUSE


def test_each_policy_with_its_line() -> None:
    found = list(pieces(HOUSE))
    assert [piece.line for piece in found] == [2, 8, 16]
    assert all(piece.text.startswith("@id(") and piece.text.endswith(";") for piece in found)
    assert [len(cedarpy.PolicySet.from_str(piece.text)) for piece in found] == [1, 1, 1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("\n// nothing; here\n", []),
        ("// last line has no end", []),
        ("a;b;", [Piece("a;", 1), Piece("b;", 1)]),
        ('\n\na "x;\\";\n" ;\nb', [Piece('a "x;\\";\n" ;', 3), Piece("b", 5)]),
        ("a // ;\n ;", [Piece("a // ;\n ;", 1)]),
        ('"', [Piece('"', 1)]),
        ('"\\', [Piece('"\\', 1)]),
        (";", [Piece(";", 1)]),
    ],
)
def test_strings_comments_and_ends(text: str, expected: list[Piece]) -> None:
    assert list(pieces(text)) == expected


@given(st.text(alphabet=st.sampled_from('ab;"\\/\n '), max_size=60))
def test_nothing_is_lost_but_comments_and_space(text: str) -> None:
    found = list(pieces(text))
    at = 0
    for piece in found:
        begin = text.index(piece.text, at)
        assert piece.line == text.count("\n", 0, begin) + 1
        assert all(line.strip() == "" or "//" in line or line.startswith("/") for line in text[at:begin].split("\n"))
        at = begin + len(piece.text)


def test_as_many_as_the_engine_counts() -> None:
    for text in (BASE, HOUSE, BASE + HOUSE, BASE + "// end"):
        assert len(list(pieces(text))) == len(cedarpy.PolicySet.from_str(text))


NESTS = {
    "(": ("(", "true", ")"),
    "[": ("[", "1", "] == 1"),
    "{": ('{"a":', "1", "}"),
    "if": ("if true then ", "true", " else false"),
}


@pytest.mark.parametrize("kind", NESTS)
def test_what_would_end_the_process_is_seen_before_the_engine_sees_it(kind: str) -> None:
    before, middle, after = NESTS[kind]
    few, many = 10, 5_000
    assert not too_deep(before * few + middle + after * few)
    assert too_deep(before * many + middle + after * many)


@pytest.mark.parametrize(
    "step", [" && true", " || true", " + 1", ".facts", " - 1", "::A", " when { true }", "!", " * 2"]
)
def test_so_is_what_goes_on_too_long(step: str) -> None:
    assert not too_deep("x" + step * 50)
    assert too_deep("x" + step * 5_000)


def test_strings_comments_and_members_of_a_set_are_no_steps() -> None:
    many = 2_000
    assert not too_deep("// " + "(" * many + "\n" + '"' + "((&&" * many + '\\"((" in x')
    assert not too_deep("[" + ", ".join(['"a.b"'] * many) + "]")
    assert too_deep('"' + "a" * 10 + '" ' + "(" * many)


def test_angles_are_brackets_of_a_schema_alone() -> None:
    assert too_deep("Set<" * 60 + "Long" + ">" * 60, angles=True)
    assert not too_deep("a < b || " * 60)
    assert not too_deep("".join(f"entity A{n} = {{ a: Set<Long> }};" for n in range(1_000)), angles=True)
