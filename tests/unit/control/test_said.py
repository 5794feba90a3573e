# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from answerable.control.said import texts
from answerable.protocols.openai.content import Choice, body


def test_texts_are_as_people_copy_them() -> None:
    content = body((Choice(text="AI-generated\n\nHello "), Choice(refusal="No.")))
    assert texts(content) == ("Hello", "No.")


@given(st.binary(max_size=200))
def test_foreign_bytes_say_nothing(data: bytes) -> None:
    assert isinstance(texts(data), tuple)
    assert texts(b"\xff" + data) == ()
