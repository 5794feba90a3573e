# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.marks import wording
from answerable.marks.wording import PREFIXES, WORDS, complete, found, plain, prefix, without, words


def test_each_wording_has_an_ai_and_a_generation_element() -> None:
    assert WORDS == {"en": "AI-generated", "zh": "AI生成", "both": "AI生成 AI-generated"}
    assert all(complete(text) for text in (*WORDS.values(), "人工智能合成", "本图片由AI生成"))
    assert not any(complete(text) for text in ("", "AI", "生成", "人工智能", "generated", "ai生成"))
    assert words("zh") == "AI生成"
    assert words("fr") == "AI-generated"


def test_the_label_is_a_paragraph_of_its_own() -> None:
    assert prefix("AI生成") == "AI生成\n\n"
    assert prefix("") == ""
    assert {prefix(text) for text in WORDS.values()} == set(PREFIXES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("AI-generated\n\nhi", "AI-generated"),
        ("  AI生成\r\n你好", "AI生成"),
        ("AI-generated", "AI-generated"),
        ("AI生成 AI-generated\n\nhi", "AI生成 AI-generated"),
        ("AI-generated text is common.", ""),
        ("hi AI-generated\n\n", ""),
        ("", ""),
    ],
)
def test_found(text: str, expected: str) -> None:
    assert found(text) == expected


def test_without_takes_off_exactly_what_was_set() -> None:
    assert without("AI-generated\n\nhi") == "hi"
    assert without("AI-generated\nhi") == "AI-generated\nhi"
    assert without("hi") == "hi"


def test_plain_is_what_people_copy() -> None:
    assert plain("AI-generated\n\n hi\r\nyou \n") == "hi\nyou"
    assert plain("AI生成\n\n") == ""
    assert plain("hi") == plain(prefix("AI生成") + "hi")


def test_a_digital_humans_notice_holds_what_the_standard_asks_for() -> None:
    for language in ("en", "zh", "other"):
        said = wording.notice(language)
        assert wording.complete(said)
    assert wording.notice("zh") == "AI生成的数字人，并非真人"
    assert wording.notice("other") == wording.notice("en")
