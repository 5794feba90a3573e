# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from answerable.control.said import deriving, texts, words_alone
from answerable.pipeline.found import sketch_tags
from answerable.protocols.openai.content import Call, Choice, body
from tests.unit.marks.test_sketch import story


def test_texts_are_as_people_copy_them() -> None:
    content = body((Choice(text="AI-generated\n\nHello "), Choice(refusal="No.")))
    assert texts(content) == ("Hello", "No.")


def test_what_stands_beside_the_words_is_seen() -> None:
    assert words_alone(body((Choice(text="Hello"), Choice(refusal="No."))))
    for more in (Choice(text="Yes", reasoning="why"), Choice(calls=(Call(arguments="{}"),)), Choice(vector="AAAA")):
        assert not words_alone(body((Choice(text="Hello"), more)))


@given(st.binary(max_size=200))
def test_foreign_bytes_say_nothing(data: bytes) -> None:
    assert isinstance(texts(data), tuple)
    assert texts(b"\xff" + data) == ()


def test_an_edited_answer_is_found_by_tags_made_of_what_was_kept() -> None:
    derive = deriving(b"k" * 32)
    content = body((Choice(text="AI-generated\n\n" + story(1)), Choice(text=story(2))))
    assert tuple(derive("out", content)) == (*sketch_tags(story(1), b"k" * 32), *sketch_tags(story(2), b"k" * 32))
    assert tuple(derive("in", content)) == tuple(derive("out", b"\xff")) == ()
