# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.labels.rules.hidden import CERTAIN, Hidden, Why, told


@pytest.mark.parametrize("why", list(Why))
def test_each_reason_is_said_in_both_languages_with_its_term(why: Why) -> None:
    english, chinese = told((Hidden("AI生成", why),))
    assert english.isascii()
    assert f"({why})" in english
    assert f"（{why}）" in chinese
    assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese)


def test_each_is_said_once() -> None:
    english, _ = told((Hidden("a", Why.TINY), Hidden("b", Why.TINY), Hidden("c", Why.MODE)))
    assert (english.count("(tiny)"), english.count("(mode)")) == (1, 1)


def test_what_cannot_be_told_is_not_certain() -> None:
    assert not {Why.UNKNOWN, Why.MANY, Why.OVERLAID, Why.COLOUR} & CERTAIN
