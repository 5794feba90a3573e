# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import string

import pytest

from answerable.errors.details import chinese
from answerable.errors.details.formats import DETAILS
from tests.unit.errors.details.sentences import given

ROOMS = ("formats",)
SENTENCES = sorted({text: where for room in ROOMS for text, where in given(room)}.items())


@pytest.mark.parametrize(("text", "where"), SENTENCES, ids=[where for _, where in SENTENCES])
def test_every_sentence_has_a_chinese_one(text: str, where: str) -> None:
    filled = text.replace("{}", "7")
    said = chinese(filled)
    assert any("\u4e00" <= each <= "\u9fff" for each in said), f"{where}: {text}"


@pytest.mark.parametrize("english", DETAILS)
def test_both_sentences_name_the_same(english: str) -> None:
    fields = {name for _, name, _, _ in string.Formatter().parse(DETAILS[english]) if name is not None}
    assert fields == {str(number) for number in range(english.count("{}"))}
    assert not DETAILS[english].endswith(("。", "."))
