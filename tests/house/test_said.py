# SPDX-License-Identifier: Apache-2.0
"""House rule 6, of what is filled into an error: it is said in Chinese too."""

from __future__ import annotations

import ast
import re
import string
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

import pytest

from answerable.errors import details
from answerable.errors.details import PROSE, TABLES, chinese
from tests.house.said import raises, sentences, template, written
from tests.house.tree import modules, short, syntax

HAN = re.compile(r"[\u4e00-\u9fff]")
ENGLISH = re.compile(r"(?<![\w./=:@-])[a-z]{2,} [a-z]{2,}")
QUOTED = re.compile(r"`[^`]*`")
# No sentences: a unit, media types, a class of Python and a place in the code.
TERMS = frozenset({"{} dB", "text/plain; charset=utf-8", "text/vtt; charset=utf-8", "{} at {}"})
# Said by the operating system, not by the package.
OTHERS = frozenset({"system"})


def table(name: str) -> Mapping[str, str]:
    found: Mapping[str, str] = import_module(f"answerable.errors.details.{name}").DETAILS
    return found


def prose(text: str) -> bool:
    """A sentence: not a word alone, which is a term, and not a place and what is wrong there."""
    if text in TERMS or " " not in text.strip() or not any(map(str.isalpha, text.replace("{}", ""))):
        return False
    place, colon, rest = text.rpartition(": ")
    return not (colon and rest == "{}" and len(place.replace("{}", "").split()) < 2)


FILLED_IN = sorted((where, text) for text, where in sentences().items() if prose(text))


def test_sentences_are_found() -> None:
    """As they are written in different ways: at the error, in a function that makes it, in a table, in a list."""
    found = set(sentences())
    assert len(FILLED_IN) > 900
    assert "store.url: a database is copied by its own means" in found
    assert {"no EBML header", "too many choices", "an issuer may not issue this"} <= found
    assert {"it was revoked", "another copy", "it is a standby", "something that descends from it or uses it"} <= found
    assert {"a rule that this version does not know", "missing, unknown or of the wrong form: {}"} <= found


def test_each_has_a_chinese_one() -> None:
    wrong = []
    for where, text in FILLED_IN:
        said = chinese(text.replace("{}", "7"))
        if not HAN.search(said) or ENGLISH.search(QUOTED.sub("", said)):
            wrong.append(f"{where}: {text!r} is {said!r}")
    assert not wrong, "in no table of src/answerable/errors/details, or half of it:\n" + "\n".join(wrong)


def test_each_stands_in_one_table() -> None:
    held = Counter(text for name in TABLES for text in table(name))
    assert not (twice := [text for text, count in held.items() if count > 1]), twice


@pytest.mark.parametrize("name", TABLES)
def test_a_table_holds_what_is_said_and_both_sentences_name_the_same(name: str) -> None:
    for english, sentence in table(name).items():
        assert name in OTHERS or english in written(), f"nobody says {english!r}"
        fields = {field for _, field, _, _ in string.Formatter().parse(sentence.replace("{type, id}", "").replace(
            "{uid, attrs, parents}", "")) if field is not None}  # fmt: skip
        assert fields == {str(number) for number in range(english.count("{}"))}, english
        assert not sentence.endswith(("。", ".")), "it stands inside a sentence"


def test_all_tables_are_looked_up() -> None:
    folder = Path(details.__file__).parent
    assert {path.stem for path in folder.glob("*.py")} - {"__init__", "standins"} == set(TABLES)


def unsaid() -> Iterator[str]:
    for path in modules():
        for node in ast.walk(syntax(path)):
            if isinstance(node, ast.Call) and raises(node):
                for each in node.keywords:
                    for part in ast.walk(each.value):
                        text = template(part) or ""
                        if each.arg not in PROSE and prose(text) and text not in table("standins"):
                            yield f"{short(path)}:{node.lineno}: {each.arg}={text!r}"


def test_a_sentence_stands_in_a_parameter_that_is_translated() -> None:
    assert not (found := list(unsaid())), "\n".join(found)
