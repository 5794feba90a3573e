# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from answerable.control.said import texts, words_alone
from answerable.protocols.openai.content import Call, Choice, body


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
