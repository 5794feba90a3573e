# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from answerable.errors import Unavailable
from answerable.model.actions import Chunk
from answerable.protocols.openai import answers
from answerable.protocols.openai.answers import MAX_VOICES, Weave, Whole, members, usage


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b'"x"', b'{"a":"\xff"}', b'{"a":1e999}', b'{"a":' + b"[" * 9999, b'{"error":{"message":"no"}}'],
)
def test_what_is_no_answer_is_broken(data: bytes) -> None:
    with pytest.raises(Unavailable) as caught:
        members(data)
    assert caught.value.code == "upstream.broken"


def test_an_error_that_comes_with_an_answer_is_the_answers_own_business() -> None:
    assert members(b'{"error":{"code":"x"},"output":[]}')["output"] == []


def test_usage() -> None:
    assert usage(None, "a", "b") is None
    assert usage({"a": 3, "b": None}, "a", "b") == (3, 0)
    for bad in (7, {"a": -1}, {"a": 2**53}, {"a": "3"}, {"a": True}):
        with pytest.raises(Unavailable):
            usage(bad, "a", "b")


def test_a_whole_answer_is_one_last_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(body: dict[str, Any]) -> Chunk:
        return Chunk(body, text="t")

    whole = Whole(read)
    assert whole.feed(b'{"a"') == whole.feed(b":1}") == []
    (chunk,) = whole.end()
    assert (chunk.body, chunk.text, chunk.last) == ({"a": 1}, "t", True)
    with pytest.raises(Unavailable) as caught:
        Whole(read).end()
    assert caught.value.code == "upstream.truncated"
    monkeypatch.setattr(answers, "MAX_ANSWER", 3)
    with pytest.raises(Unavailable) as caught:
        Whole(read).feed(b"1234")
    assert caught.value.code == "upstream.oversized"


def test_weave_shows_whole_what_straddles_the_pieces_of_one_voice() -> None:
    weave = Weave()
    seen = [weave.say(voice, text) for voice, text in [(0, "sec"), (1, "hello"), (0, "ret"), (0, "!"), (1, " you")]]
    assert seen[0] == "sec"
    assert seen[2] == "\nsecret"
    assert seen[3] == "!"
    assert seen[4] == "\nhello you"
    weave.say(0, "x" * 1000)
    weave.say(1, "")
    assert len(weave.say(0, "y")) <= Weave.OVERLAP + 2


def test_weave_is_bounded() -> None:
    weave = Weave()
    with pytest.raises(Unavailable):
        for voice in range(MAX_VOICES + 2):
            weave.say(voice, "a")


@pytest.mark.parametrize("value", [b"{}", b"[]", b"0", b'""'])
def test_a_flood_of_values_is_refused_before_it_is_decoded(value: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MAX_OBJECTS", 1_000)
    monkeypatch.setattr(answers, "MAX_VALUES", 2_000)
    flood = b'{"x":[' + (value + b",") * 2_001 + b'0],"choices":[]}'
    with pytest.raises(Unavailable) as caught:
        answers.members(flood)
    assert caught.value.params["what"] == "too many values"
    assert answers.members(b'{"x":"' + b"a" * 10_000 + b'"}')
