# SPDX-License-Identifier: Apache-2.0
"""House rule 6: every refusal says its reason and its remedy, in both languages, under a code that is used."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from answerable.errors import CATALOGUE, Refused
from tests.house.tree import SOURCE, modules, short, syntax
from tools.reference import errors

CLASSES = {"Refused", "Unavailable", "VerificationError"}
EXITS = {1, 2, 3, 4, 5}
HAN = re.compile(r"[\u4e00-\u9fff]")


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_an_entry_is_whole(code: str) -> None:
    entry = CATALOGUE[code]
    assert re.fullmatch(r"[a-z]+\.[a-z][a-z0-9_]*", code)
    for text in (entry.reason, entry.remedy):
        assert text.endswith("."), text
        assert not HAN.search(text), text
    for text in (entry.reason_zh, entry.remedy_zh):
        assert HAN.search(text), text
        assert text.endswith("。"), text
    assert fields(entry.reason) == fields(entry.reason_zh), "the two languages name different values"
    assert fields(entry.remedy) == fields(entry.remedy_zh), "the two languages name different values"
    for name in fields(entry.reason) | fields(entry.remedy):
        assert name.isidentifier(), f"{{{name}}} reaches into a value"
    assert entry.exit in EXITS
    assert 400 <= entry.http <= 599
    # Clients retry 409: a conflict of ours is settled by people, not by repetition.
    assert entry.http != 409


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_an_entry_is_documented(code: str) -> None:
    page = errors()
    assert f"\n## {code}\n" in page
    assert Refused(code).as_dict()["doc"].rpartition("#")[2] == code.replace(".", "")


def raised() -> Iterator[tuple[Path, ast.Call, str]]:
    """Each place that makes one of our errors with a code written out."""
    for path in modules():
        for node in ast.walk(syntax(path)):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            first = node.args[0]
            if name in CLASSES and isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield path, node, first.value


def test_each_code_that_is_raised_is_in_the_catalogue_with_its_values() -> None:
    wrong = []
    for path, call, code in raised():
        where = f"{short(path)}:{call.lineno}: {code}"
        if code not in CATALOGUE:
            wrong.append(f"{where} is not in the catalogue")
            continue
        given = {keyword.arg for keyword in call.keywords}
        entry = CATALOGUE[code]
        lacking = (fields(entry.reason) | fields(entry.remedy)) - given
        if lacking and None not in given:  # None: a ** that is not read here
            wrong.append(f"{where} lacks {sorted(lacking)}")
    assert not wrong, "\n".join(wrong)


def test_each_code_in_the_catalogue_is_used() -> None:
    codes = SOURCE / "errors" / "codes"
    used = {
        node.value
        for path in modules()
        if not path.is_relative_to(codes)
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert not (idle := sorted(set(CATALOGUE) - used)), f"nothing raises {idle}"
