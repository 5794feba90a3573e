# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from io import BytesIO

import pytest

from answerable.labels.rules.seen import ABSENT, FOUND, OTHER_WORDS, SHORT, UNSEEN
from answerable.labels.rules.seen_text import judged, look
from tests.unit.labels.rules.files import golden
from tests.unit.labels.rules.test_page_words import page, text
from tests.unit.labels.rules.test_word_words import HIDDEN as HIDDEN_WORDS
from tests.unit.labels.rules.test_word_words import document

LONG = "Words that say nothing of where they come from. " * 8


@pytest.mark.parametrize(
    ("text", "state", "certain"),
    [
        ("AI生成\n\n" + LONG, FOUND, True),
        (LONG + "\n\n人工智能合成", FOUND, False),
        (LONG + "\n\nAI生成", FOUND, True),
        (LONG + "\nAI生成\n" + LONG, FOUND, True),
        (LONG + "AI生成，" + LONG, ABSENT, False),
        ("AI-generated\n\n" + LONG, OTHER_WORDS, True),
        (LONG, ABSENT, False),
        ("AI helped. " + LONG, SHORT, False),
        ("", ABSENT, False),
    ],
)
def test_where_the_words_stand(text: str, state: str, certain: bool) -> None:
    found = judged(text)
    assert (found.state, found.certain) == (state, certain), found


def test_of_a_file_that_is_not_read_whole_nothing_is_said_to_be_absent() -> None:
    assert look(BytesIO(golden("pdf/bare.pdf")), "pdf").state == UNSEEN
    assert look(BytesIO(golden("html/bare.html")), "html").state == ABSENT


def test_words_that_nobody_sees_are_told_with_the_reason() -> None:
    """In a document that is read whole what is marked as hidden is not there; on a page a label may be a picture."""
    found = look(BytesIO(document(HIDDEN_WORDS["hidden"][0])), "docx")
    assert (found.state, found.certain) == (ABSENT, False)
    assert "not counted" in found.detail
    assert "(hidden)" in found.detail
    assert "（hidden）" in found.detail_zh
    assert look(BytesIO(document(HIDDEN_WORDS["white on white"][0])), "docx").state == UNSEEN
    found = look(BytesIO(page(text("1 g"))), "pdf")
    assert found.state == UNSEEN
    assert "(undrawn)" in found.detail
    assert look(BytesIO(page(text())), "pdf").state == FOUND
