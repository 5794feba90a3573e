# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from typing import Any

import pytest
from openai.types.responses import Response

from answerable.errors import Unavailable
from answerable.protocols.openai.responses import Marker, Said, Stream, whole
from tests.openai_wire import DIALECTS, RID, capture, sse, through

RESPONSES = DIALECTS.at("/v1/responses")
WORDS = "AI-generated\n\n"
PLACE = {"output_index": 0, "content_index": 0, "item_id": "m"}


def part(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], **more}


def item(text: str) -> dict[str, Any]:
    return {"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [part(text)]}


def response(*output: dict[str, Any], **more: Any) -> dict[str, Any]:
    usage = {"input_tokens": 3, "output_tokens": 5, "total_tokens": 8}
    return {"id": "resp_up", "object": "response", "model": "up", "output": list(output), "usage": usage, **more}


def events(*pieces: str, final: str | None = None) -> list[dict[str, Any]]:
    said = "".join(pieces) if final is None else final
    return [
        {"type": "response.created", "response": response()},
        {"type": "response.output_item.added", "output_index": 0, "item": {**item(""), "content": []}},
        {"type": "response.content_part.added", **PLACE, "part": part("")},
        *({"type": "response.output_text.delta", **PLACE, "delta": piece} for piece in pieces),
        {"type": "response.output_text.done", **PLACE, "text": said},
        {"type": "response.content_part.done", **PLACE, "part": part(said)},
        {"type": "response.output_item.done", "output_index": 0, "item": item(said)},
        {"type": "response.completed", "response": response(item(said))},
    ]


def test_the_words_stand_in_every_place_where_the_text_is_repeated() -> None:
    sent = through("responses", sse(*events("hel", "lo"), done=False), stream=True)
    bodies = sent.bodies
    assert [body["delta"] for body in bodies if "delta" in body] == [WORDS + "hel", "lo"]
    assert bodies[-4]["text"] == WORDS + "hello"
    assert bodies[-3]["part"]["text"] == WORDS + "hello"
    assert bodies[-2]["item"]["content"][0]["text"] == WORDS + "hello"
    assert bodies[-1]["response"]["output"][0]["content"][0]["text"] == WORDS + "hello"
    assert sent.seen == "hello"
    assert sent.transcript.texts() == ("hello",)


def test_ids_model_label_and_usage() -> None:
    sent = through("responses", sse(*events("hi"), done=False), stream=True)
    first, last = sent.bodies[0]["response"], sent.bodies[-1]["response"]
    assert first["id"] == last["id"] == f"resp_{RID}"
    assert first["model"] == "auto"
    assert sent.bodies[1]["item"]["id"] == "m"
    assert first["answerable"] == last["answerable"]
    assert sum(b'"answerable"' in event for event in sent.data.split(b"\n\n")) == 2
    assert sent.chunks[-1].usage == (3, 5)
    assert sent.chunks[-1].last
    assert sent.data.count(b"event: ") == len(sent.chunks)
    assert RESPONSES.trailer(stream=True) == b""


def test_real_answers() -> None:
    one = through("responses", capture("responses", stream=False), stream=False)
    got = Response.model_construct(**json.loads(one.data))
    assert got.id == f"resp_{RID}"
    streamed = through("responses", capture("responses", stream=True), stream=True)
    assert streamed.transcript.texts() == ("Hello! I'sm sorry for any",)
    assert streamed.chunks[-1].usage == (33, 8)


def test_streamed_and_whole_have_the_same_content() -> None:
    call = {"type": "function_call", "id": "fc", "call_id": "c", "name": "f", "arguments": '{"a":1}'}
    steps = events("hel", "lo")
    steps[-1] = {"type": "response.completed", "response": response(item("hello"), call)}
    steps[-1:-1] = [
        {"type": "response.output_item.added", "output_index": 1, "item": {**call, "arguments": ""}},
        {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": '{"a"'},
        {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": ":1}"},
        {"type": "response.function_call_arguments.done", "output_index": 1, "arguments": '{"a":1}'},
    ]
    streamed = through("responses", sse(*steps, done=False), stream=True)
    one = through("responses", json.dumps(response(item("hello"), call)).encode(), stream=False)
    assert streamed.transcript.body() == one.transcript.body()
    (choice,) = json.loads(one.transcript.body())["choices"]
    assert choice == {"calls": [{"arguments": '{"a":1}', "id": "c", "name": "f"}], "text": WORDS + "hello"}
    assert '{"a":1}' in one.seen


def test_an_upstream_that_saves_another_text_than_it_showed_is_broken() -> None:
    with pytest.raises(Unavailable) as caught:
        through("responses", sse(*events("hel", "lo", final="other"), done=False), stream=True)
    assert caught.value.code == "upstream.broken"


def test_a_text_that_comes_whole_alone_is_seen_and_labelled() -> None:
    steps = [events("x")[0], {"type": "response.completed", "response": response(item("hello"))}]
    sent = through("responses", sse(*steps, done=False), stream=True)
    assert sent.seen == "hello"
    assert sent.bodies[-1]["response"]["output"][0]["content"][0]["text"] == WORDS + "hello"


@pytest.mark.parametrize("end", ["response.incomplete", "response.failed"])
def test_other_ends(end: str) -> None:
    sent = through("responses", sse(events("a")[0], {"type": end, "response": response()}, done=False), stream=True)
    assert sent.chunks[-1].last


def test_truncated_and_broken() -> None:
    with pytest.raises(Unavailable) as caught:
        through("responses", sse(*events("a")[:-1]), stream=True)
    assert caught.value.code == "upstream.truncated"
    for bad in ({"type": "error", "message": "x"}, {"type": 7}, {"no": 1}, {"type": "response.completed"}):
        with pytest.raises(Unavailable) as caught:
            Stream().feed(sse(bad))
        assert caught.value.code == "upstream.broken"
    for bad in ({}, {"output": 1}, {"output": [], "type": "response.completed"}):
        with pytest.raises(Unavailable):
            whole(bad)


def test_citations_move_with_the_words() -> None:
    cited = {"type": "url_citation", "start_index": 0, "end_index": 2, "url": "u", "title": "t"}
    steps = events("hi")
    steps.insert(4, {"type": "response.output_text.annotation.added", **PLACE, "annotation": dict(cited)})
    steps[-1]["response"]["output"][0]["content"][0]["annotations"] = [dict(cited)]
    sent = through("responses", sse(*steps, done=False), stream=True)
    assert sent.bodies[4]["annotation"]["end_index"] == 2 + len(WORDS)
    assert sent.bodies[-1]["response"]["output"][0]["content"][0]["annotations"][0]["start_index"] == len(WORDS)


def test_prepare_takes_labels_out_of_earlier_turns() -> None:
    turns = [
        {"role": "assistant", "content": [{"type": "output_text", "text": WORDS + "a"}]},
        {"role": "user", "content": WORDS + "b"},
    ]
    body = json.loads(RESPONSES.prepare({"input": turns, "model": "auto"}, "w", stream=True))
    assert body["input"][0]["content"][0]["text"] == "a"
    assert body["input"][1] == turns[1]
    assert body["model"] == "w"
    assert json.loads(RESPONSES.prepare({"input": "x"}, "w", stream=False)) == {"input": "x", "model": "w"}


def test_nothing_sent_has_no_content() -> None:
    assert Said().body() == b""
    assert Marker().place(whole({"output": []})) == {"output": []}


@pytest.mark.parametrize("kind", ["response.custom", "x\n\ndata: {}\n\n", "response.created\n"])
def test_an_event_has_no_other_name_than_the_type_that_was_looked_at(kind: str) -> None:
    event = {"type": kind, "delta": "unseen"}
    (chunk,) = Stream().feed(b"event: response.output_text.delta\ndata: " + json.dumps(event).encode() + b"\n\n")
    assert chunk.event == ""
    assert RESPONSES.encode(chunk, stream=True).count(b"\n\n") == 1
