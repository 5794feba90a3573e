# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest

from answerable.errors import Unavailable
from answerable.protocols.openai import choices
from answerable.protocols.openai.choices import Marker, Stream, Transcript, choices_of
from answerable.protocols.openai.voices import CHUNK, MESSAGE
from tests.openai_wire import completion, delta, sse, through, usage_only

WORDS = "AI-generated\n\n"


def stream(*events: dict[str, object], usage_wanted: bool = False, done: bool = True) -> list[choices.Chunk]:
    decoder = Stream(CHUNK, usage_wanted=usage_wanted)
    out = decoder.feed(sse(*events, done=done))
    return out + decoder.end()


def test_usage_is_read_but_its_piece_is_sent_only_to_those_who_asked() -> None:
    events = (delta(role="assistant", content=""), delta("hi"), delta(finish="stop"), usage_only(3, 5))
    quiet = stream(*events)
    assert [chunk.body for chunk in quiet] == [*events[:3]]
    assert [chunk.usage for chunk in quiet] == [None, None, (3, 5)]
    assert [chunk.last for chunk in quiet] == [False, False, True]
    asked = stream(*events, usage_wanted=True)
    assert [chunk.body for chunk in asked] == [*events]
    assert [chunk.last for chunk in asked] == [False, False, False, True]
    assert asked[-1].usage == (3, 5)


def test_first_and_last_piece_carry_the_label_whoever_asked_for_usage() -> None:
    events = (delta("a"), delta("b"), delta(finish="stop"), usage_only())
    for wanted in (False, True):
        sent = through("chat", sse(*events), stream=True, usage_wanted=wanted)
        marked = ["answerable" in body for body in sent.bodies]
        assert marked == [True, *[False] * (len(marked) - 2), True]


def test_a_piece_without_choices_at_the_start_goes_on() -> None:
    filters = {**delta(), "choices": [], "prompt_filter_results": []}
    assert stream(filters, delta("x", finish="stop"))[0].body == filters


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"data: [DONE]\n\n",
        sse(delta("a"), done=False),
        sse(delta("a")),
        sse(delta("a", finish="stop"), done=False),
        sse(delta("a"), delta("b", index=1, finish="stop")),
    ],
)
def test_an_answer_that_is_not_complete_is_truncated(raw: bytes) -> None:
    decoder = Stream(CHUNK, usage_wanted=False)
    with pytest.raises(Unavailable) as caught:
        decoder.feed(raw)
        decoder.end()
    assert caught.value.code == "upstream.truncated"


@pytest.mark.parametrize(
    "bad",
    [
        {"error": {"message": "overloaded"}},
        {"choices": 7},
        {"choices": [None]},
        {"choices": [{"index": "0"}]},
        {"choices": [{"index": 0, "delta": []}]},
        {"choices": [{"index": 0, "delta": {"content": 7}}]},
        {"choices": [{"index": 0, "delta": {"tool_calls": [7]}}]},
        {"choices": [], "usage": 7},
    ],
)
def test_what_is_not_the_dialect_is_broken(bad: dict[str, object]) -> None:
    with pytest.raises(Unavailable) as caught:
        stream(delta("a"), bad)
    assert caught.value.code == "upstream.broken"


def test_a_stream_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choices, "MAX_ANSWER", 600)
    with pytest.raises(Unavailable) as caught:
        stream(*[delta("word") for _ in range(9)])
    assert caught.value.code == "upstream.oversized"


def test_what_follows_the_end_is_not_read() -> None:
    decoder = Stream(CHUNK, usage_wanted=False)
    assert len(decoder.feed(sse(delta("a", finish="stop")) + sse(delta("b")) + b"data: nonsense\n\n")) == 1
    assert decoder.end() == []


def test_what_follows_the_end_in_a_known_form_is_not_read_either() -> None:
    decoder = Stream(CHUNK, usage_wanted=False)
    word = sse(delta("word"), done=False)
    assert [decoder.feed(word)[0].text, type(decoder.feed(word)[0]).__name__] == ["word", "Repeat"]
    assert decoder.feed(sse(delta(finish="stop")))[0].last
    assert decoder.feed(word) == decoder.feed(word + word) == []


def test_each_choice_gets_its_words_once_in_the_piece_that_begins_it() -> None:
    events = [delta(""), delta("a"), delta("b", index=1), delta("c"), delta("d", index=1)]
    sent = through("chat", sse(*events, delta(finish="stop"), delta(index=1, finish="stop")), stream=True)
    said = [body["choices"][0]["delta"].get("content") for body in sent.bodies]
    assert said == ["", WORDS + "a", WORDS + "b", "c", "d", None, None]
    assert sent.transcript.texts() == ("ac", "bd")


def test_streamed_and_whole_have_the_same_content() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
    whole = through(
        "chat", json.dumps(completion("hello", tool_calls=[call], reasoning_content="hm")).encode(), stream=False
    )
    pieces = [
        delta(role="assistant", content="", reasoning_content="h"),
        delta(reasoning_content="m"),
        delta("hel"),
        delta("lo"),
        delta(tool_calls=[{"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": ""}}]),
        delta(tool_calls=[{"index": 0, "function": {"arguments": '{"a"'}}]),
        delta(tool_calls=[{"index": 0, "function": {"arguments": ":1}"}}]),
        delta(finish="tool_calls"),
    ]
    streamed = through("chat", sse(*pieces), stream=True)
    assert streamed.transcript.body() == whole.transcript.body()
    assert streamed.transcript.texts() == whole.transcript.texts() == ("hello",)
    assert json.loads(whole.transcript.body())["choices"][0]["calls"] == [
        {"arguments": '{"a":1}', "id": "c1", "name": "f"}
    ]


def test_words_already_there_are_not_set_twice_and_citations_move() -> None:
    cited = [{"type": "url_citation", "url_citation": {"start_index": 0, "end_index": 5, "url": "u", "title": "t"}}]
    sent = through("chat", json.dumps(completion("hello", WORDS + "x", annotations=cited)).encode(), stream=False)
    first, second = sent.bodies[0]["choices"]
    assert first["message"]["content"] == WORDS + "hello"
    moved = first["message"]["annotations"][0]["url_citation"]
    assert (moved["start_index"], moved["end_index"]) == (len(WORDS), len(WORDS) + 5)
    assert second["message"]["content"] == WORDS + "x"
    assert second["message"]["annotations"][0]["url_citation"]["start_index"] == 0


def test_a_refusal_is_text_too_and_calls_stay_untouched() -> None:
    body = completion(None, refusal="I cannot.", tool_calls=[{"id": "c", "function": {"name": "f", "arguments": "{}"}}])
    marker = Marker(CHUNK, MESSAGE)
    marker.begin(choices.Chunk(body), WORDS)
    message = body["choices"][0]["message"]
    assert message["refusal"] == WORDS + "I cannot."
    assert message["content"] is None
    assert message["tool_calls"][0]["function"]["arguments"] == "{}"


def test_nothing_sent_has_no_content() -> None:
    assert Transcript(CHUNK).body() == b""
    assert choices_of({}) == []


def test_nothing_speaks_beside_the_voice_that_is_watched() -> None:
    message = {"role": "assistant", "content": "said"}
    for beside in ({"delta": None}, {"delta": {"content": "other"}}, {"text": "other"}):
        answer = {"choices": [{"index": 0, **beside, "message": dict(message)}]}
        chunk = choices.whole(answer, MESSAGE)
        Marker(CHUNK, MESSAGE).begin(chunk, WORDS)
        said = Transcript(CHUNK, MESSAGE)
        said.add(chunk)
        assert chunk.body["choices"] == [{"index": 0, "message": {**message, "content": WORDS + "said"}}]
        assert json.loads(said.body())["choices"] == [{"text": WORDS + "said"}]
    piece = delta("said", finish="stop")
    piece["choices"][0] |= {"message": {"content": "other"}, "text": "other"}  # type: ignore[index]
    (sent,) = stream(piece)
    assert "other" not in json.dumps(sent.body)


def test_two_choices_with_one_index_are_broken() -> None:
    """The second would go without label: it is taken for the first going on."""
    for indices in ({}, {"index": 3}):
        answer = {"choices": [{**indices, "message": {"content": text}} for text in ("one", "two")]}
        with pytest.raises(Unavailable) as caught:
            choices.whole(answer, MESSAGE)
        assert caught.value.code == "upstream.broken"
