# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import copy
from typing import Any

import pytest

from answerable.errors import Unavailable
from answerable.model.actions import Chunk
from answerable.protocols.openai import choices
from answerable.protocols.openai.plain import Plain, plain
from answerable.protocols.openai.voices import CHUNK, COMPLETION, MESSAGE, Voice
from tests.openai_wire import DIALECTS, RID, capture, completion, delta, label

CHAT = DIALECTS.at("/v1/chat/completions")
NOTHING = {"refusal": None, "annotations": [], "tool_calls": None, "audio": None}


def text(**more: Any) -> dict[str, Any]:
    return {"object": "text_completion", "choices": [{"index": 0, "text": "hi", "finish_reason": "stop", **more}]}


@pytest.mark.parametrize(
    ("answer", "voice"),
    [
        (completion("hi"), MESSAGE),
        (completion("hi", **NOTHING), MESSAGE),
        (delta("hi"), CHUNK),
        (delta("hi", finish="stop", index=3), CHUNK),
        (text(), COMPLETION),
        (text(logprobs=None), COMPLETION),
    ],
)
def test_a_text_and_nothing_else_is_plain(answer: dict[str, Any], voice: Voice) -> None:
    piece = plain(answer, voice)
    assert piece is not None
    assert piece.text == piece.part[piece.key] == "hi"
    assert piece.ends is (answer["choices"][0]["finish_reason"] is not None)
    assert piece.index == answer["choices"][0]["index"]


@pytest.mark.parametrize("said", [{}, {"role": "assistant"}, {"content": None}, {"content": ""}])
def test_a_piece_that_says_nothing_is_plain_too(said: dict[str, Any]) -> None:
    piece = plain({"choices": [{"index": 0, "delta": said, "finish_reason": None}]}, CHUNK)
    assert piece is not None
    assert piece.text == ""


@pytest.mark.parametrize(
    "answer",
    [
        completion("hi", "ho"),
        completion("hi", reasoning_content="hmm"),
        completion("hi", tool_calls=[{"id": "c"}]),
        completion("hi", refusal=""),
        completion("hi", refusal=[]),
        completion("hi", annotations=[{"title": "x"}]),
        completion("hi", **{"m" * 33: None}),
        completion(7),
        {**completion("hi"), "answerable": {}},
        {**completion("hi"), "citations": ["x"]},
        {"choices": []},
        {"choices": None},
        {"choices": [None]},
        {"choices": [{"index": True, "message": {"content": "hi"}}]},
        {"choices": [{"index": 9999, "message": {"content": "hi"}}]},
        {"choices": [{"index": 0, "message": None}]},
        {"choices": [{"index": 0, "message": {"content": "hi"}, "logprobs": {"tokens": ["x"]}}]},
        {"choices": [{"index": 0, "message": {"content": "hi"}, "delta": None}]},
        {"choices": [{"index": 0, "message": {"content": "hi"}, "text": []}]},
    ],
)
def test_whatever_else_there_is_takes_the_long_way(answer: dict[str, Any]) -> None:
    assert plain(answer, MESSAGE) is None


def test_usage_is_checked_as_on_the_long_way() -> None:
    piece = plain(completion("hi"), MESSAGE)
    assert piece is not None
    assert piece.usage == (3, 5)
    with pytest.raises(Unavailable):
        plain({**completion("hi"), "usage": {"prompt_tokens": -1}}, MESSAGE)


def sent(chunk: Chunk) -> tuple[bytes, bytes, tuple[str, ...], str]:
    """What leaves of an unstreamed answer, what is committed to, what it is found by, and what detectors see."""
    transcript, seen = CHAT.content(), chunk.text
    marked = CHAT.label_format(stream=False).writer(label()).feed(chunk)
    CHAT.stamp(marked, RID, "auto")
    transcript.add(marked)
    return CHAT.encode(marked, stream=False), transcript.body(), transcript.texts(), seen


@pytest.mark.parametrize(
    "answer", [completion("hi"), completion("hi", **NOTHING), completion(""), completion("AI-generated\n\nhi")]
)
def test_both_ways_lead_to_the_same(answer: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    answer["choices"][0]["finish_reason"], answer["choices"][0]["logprobs"] = "stop", None
    short = choices.whole(copy.deepcopy(answer), MESSAGE)
    assert type(short) is Plain
    monkeypatch.setattr(choices, "plain", lambda *_: None)
    long = choices.whole(copy.deepcopy(answer), MESSAGE)
    assert type(long) is not Plain
    short.last = long.last = True
    assert sent(short) == sent(long)


def test_streams_of_a_real_server_are_the_same_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.openai_wire import through

    for name in ("chat", "completions"):
        raw = capture(name, stream=True)
        short = through(name, raw, stream=True)
        with monkeypatch.context() as patch:
            patch.setattr(choices, "plain", lambda *_: None)
            long = through(name, raw, stream=True)
        assert (short.data, short.seen, short.transcript.body()) == (long.data, long.seen, long.transcript.body())
