# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from answerable.control.routes import text_marks
from answerable.errors import AnswerableError, Unavailable
from answerable.marks.text_watermark import Score
from tests.unit.control.house import House


async def ask(services: Any, text: str) -> Any:
    return await text_marks.find(services, SimpleNamespace(body=text_marks.AskWords(text=text)))  # type: ignore[arg-type]


async def test_each_model_is_asked_about_the_words_alone() -> None:
    system = SimpleNamespace(rid="s" * 32, name="m", version="1", parties=(SimpleNamespace(party="p"),))
    heard: list[str] = []

    async def find_marks(text: str) -> list[Any]:
        heard.append(text)
        return [(system, Score(200, 190, 300.5, -12.5))]

    book = SimpleNamespace(party=lambda rid: SimpleNamespace(id="LEIXG-1") if rid == "p" else None)
    (found,) = await ask(SimpleNamespace(find_marks=find_marks, book=book), "AI-generated\n\nThe sea.\n")
    assert heard == ["The sea."], "label words are not the model's"
    assert (found.name, found.party, found.scored, found.log10_p) == ("m", "LEIXG-1", 190, -12.5)


async def test_where_nothing_is_marked_nobody_can_say() -> None:
    async def none(text: str) -> list[Any]:
        return []

    for find_marks in (None, none):
        with pytest.raises(Unavailable) as caught:
            await ask(SimpleNamespace(find_marks=find_marks), "The sea.")
        assert caught.value.code == "label.watermark_off"


def test_over_the_control_plane(house: House) -> None:
    with pytest.raises(AnswerableError) as caught:
        house.post("/labels/words", {"text": "The sea."})
    assert caught.value.code == "label.watermark_off"
