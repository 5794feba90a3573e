# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec
import pytest

from answerable.errors import Unavailable
from answerable.model.actions import Chunk
from answerable.protocols.openai import choices, responses
from answerable.protocols.openai.answers import MAX_VOICES, Weave
from answerable.protocols.openai.strays import Overheard, strays
from answerable.protocols.openai.voices import CHUNK, COMPLETION, MESSAGE
from answerable.redlines.credentials import CredentialsWatch

HANDLE = "ans_" + "aB3" * 14 + "x"


def seen(chunks: list[Chunk]) -> bool:
    watch = CredentialsWatch()
    return any(watch.see(chunk.text) is not None for chunk in chunks)


def message(part: dict[str, Any] | None = None, choice: dict[str, Any] | None = None, **top: Any) -> dict[str, Any]:
    said = {"role": "assistant", "content": "hi", **(part or {})}
    return {"id": "x", "choices": [{"index": 0, "finish_reason": "stop", "message": said, **(choice or {})}], **top}


def call(**more: Any) -> dict[str, Any]:
    return {"tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}, **more}]}


@pytest.mark.parametrize(
    "answer",
    [
        message({"audio": {"id": "a", "transcript": HANDLE}}),
        message({"reasoning_details": [{"type": "reasoning.text", "text": HANDLE}]}),
        message({"thinking_blocks": [{"type": "thinking", "thinking": HANDLE}]}),
        message({"annotations": [{"type": "url_citation", "url_citation": {"title": HANDLE}}]}),
        message({"new": {"deep": [[{"er": HANDLE}]]}}),
        message({"new": {HANDLE: 1}}),
        message({HANDLE: 1}),
        message({"list": ["abc", HANDLE]}),
        message(choice={"logprobs": {"content": [{"token": HANDLE[:20]}, {"token": HANDLE[20:]}]}}),
        message(choice={"content_filter_results": {"detail": HANDLE}}),
        message(call(extra_content={"google": {"thought": HANDLE}})),
        message(call(function={"name": "f", "arguments": "{}", "comment": HANDLE})),
        message(provider={"note": HANDLE}),
    ],
)  # fmt: skip
def test_a_text_where_nobody_expects_it_is_watched(answer: dict[str, Any]) -> None:
    assert seen([choices.whole(answer, MESSAGE)])


def test_what_is_known_is_watched_once_and_costs_nothing_more() -> None:
    assert choices.whole(message(), MESSAGE).text == "hi"
    assert choices.whole(message(choice={"logprobs": None}), MESSAGE).text == "hi"
    answer = {"choices": [{"index": 0, "text": "hi", "finish_reason": "stop", "logprobs": {"tokens": [HANDLE]}}]}
    assert seen([choices.whole(answer, COMPLETION)])


def stream(*bodies: dict[str, Any]) -> list[Chunk]:
    decoder = choices.Stream(CHUNK, usage_wanted=False)
    return decoder.feed(b"".join(b"data: " + msgspec.json.encode(body) + b"\n\n" for body in bodies))


def delta(part: dict[str, Any], **choice: Any) -> dict[str, Any]:
    return {"id": "x", "choices": [{"index": 0, "delta": part, "finish_reason": None, **choice}]}


def test_a_text_that_comes_in_pieces_is_watched_across_them() -> None:
    cut = (HANDLE[:9], HANDLE[9:20], HANDLE[20:])
    assert seen(stream(*(delta({"audio": {"id": "a", "transcript": piece}}) for piece in cut)))
    assert seen(stream(*(delta({"content": "x", "thinking": piece}) for piece in cut)))
    assert seen(stream(*(delta({"content": piece}, logprobs={"content": [{"token": "x"}]}) for piece in cut)))


def test_what_is_sent_with_each_piece_counts_once() -> None:
    sources = ["https://example.invalid/" + "a" * 100]
    chunks = stream(*({**delta({"content": "x" * n}), "citations": sources} for n in range(1, 50)))
    assert sum(chunk.text.count("example.invalid") for chunk in chunks) == 1


def test_sound_and_pictures_are_no_text() -> None:
    assert choices.whole(message({"audio": {"data": "QUJD" * 500}}), MESSAGE).text == "hi"
    assert list(strays({"data": "QUJD" * 10}, frozenset())) == [("data", "QUJD" * 10)]


def test_places_and_paths_are_bounded() -> None:
    deep: Any = "x"
    for _ in range(900):
        deep = {"a-name-of-some-length": deep}
    ((path, text),) = strays({"a": deep}, frozenset())
    assert len(path) <= 128
    assert text == "x"
    with pytest.raises(Unavailable, match=r"upstream\.broken"):
        Overheard(Weave()).hear("", {f"m{n}": "x" for n in range(MAX_VOICES + 2)}, frozenset())


def item(**more: Any) -> dict[str, Any]:
    return {"id": "i", "type": "message", "role": "assistant", "content": [], **more}


@pytest.mark.parametrize(
    "response",
    [
        {"output": [item(type="web_search_call", action={"query": HANDLE})]},
        {"output": [item(content=[{"type": "output_audio", "transcript": HANDLE}])]},
        {"output": [item(content=[{"type": "output_text", "text": "", "annotations": [{"title": HANDLE}]}])]},
        {"output": [item(content=[HANDLE])]},
        {"output": [item(summary=[{"type": "summary_text", "text": "", "more": HANDLE}])]},
        {"output": [item(type="function_call", name=HANDLE, arguments="{}", call_id="c")]},
        {"output": [], "note": HANDLE},
    ],
)
def test_unknown_items_and_parts_of_a_response_are_watched(response: dict[str, Any]) -> None:
    assert seen([responses.whole({"object": "response", **response})])


@pytest.mark.parametrize(
    "event",
    [
        {"type": "response.audio.transcript.delta", "delta": HANDLE},
        {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "x", "logprobs":
            [{"token": HANDLE}]},
        {"type": "response.output_item.done", "output_index": 0, "item": item(type="mcp_list_tools", tools=[HANDLE])},
        {"type": "response.output_item.added", "item": HANDLE},
        {"type": "response.content_part.added", "part": {"type": "new", "said": HANDLE}},
        {"type": "response.created", "response": {"output": [], "note": HANDLE}},
        {"type": "response.created", "response": HANDLE},
    ],
)  # fmt: skip
def test_unknown_events_of_a_stream_are_watched(event: dict[str, Any]) -> None:
    said = {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "x"}
    decoder = responses.Stream()
    data = b"".join(b"data: " + msgspec.json.encode(each) + b"\n\n" for each in (said, said, event))
    assert seen(decoder.feed(data))


def test_the_request_s_own_words_that_come_back_are_not_held_against_the_answer() -> None:
    echo = {"output": [], "instructions": HANDLE, "tools": [{"description": HANDLE}], "metadata": {"k": HANDLE}}
    assert not seen([responses.whole({"object": "response", **echo})])


PICTURE = "QUJD" * 100


@pytest.mark.parametrize(
    ("part", "must"),
    [
        ({"audio": {"id": "a", "data": "QUJD"}}, True),
        ({"images": [{"image_url": {"url": "data:image/png;base64,QUJD" + PICTURE}}]}, True),
        ({"file": {"file_data": "data:application/pdf;base64," + PICTURE}}, False),
        ({"thing": PICTURE}, False),
    ],
)
def test_what_may_be_a_picture_sound_or_file_is_found_and_not_taken_for_text(part: dict[str, Any], must: bool) -> None:
    chunk = choices.whole(message(part), MESSAGE)
    assert [medium.must for medium in chunk.media] == [must]
    assert chunk.media[0].read().startswith(b"ABC")
    assert "QUJD" not in chunk.text
    assert choices.whole(message(), MESSAGE).media == ()


def test_words_in_what_looks_like_a_url_of_data_are_watched() -> None:
    for url in (f"data:text/plain;base64,{HANDLE}", f"data:image/png;base64,{PICTURE} {HANDLE}"):
        chunk = choices.whole(message({"link": url}), MESSAGE)
        assert HANDLE in chunk.text
        assert not chunk.media


def test_pictures_of_responses_must_be_pictures() -> None:
    item = {"type": "image_generation_call", "id": "i", "status": "completed", "result": "QUJD"}
    answer = {"id": "r", "object": "response", "output": [item]}
    (medium,) = responses.whole(answer).media
    assert (medium.must, medium.wanted, medium.read()) == (True, "image/", b"ABC")
    decoder = responses.Stream()
    event = {"type": "response.image_generation_call.partial_image", "partial_image_b64": "QUJD", "item_id": "i"}
    (chunk,) = decoder.feed(b"data: " + msgspec.json.encode(event) + b"\n\n")
    assert [medium.must for medium in chunk.media] == [True]


def test_sound_in_a_stream_is_found() -> None:
    decoder = choices.Stream(CHUNK, usage_wanted=False)
    delta = {"choices": [{"index": 0, "delta": {"audio": {"data": "QUJD"}}}]}
    (chunk,) = decoder.feed(b"data: " + msgspec.json.encode(delta) + b"\n\n")
    assert [medium.wanted for medium in chunk.media] == ["audio/"]
