# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from answerable.errors import Unavailable
from answerable.protocols.openai import chat
from tests.openai_wire import DIALECTS, RID, capture, completion, through

CHAT = DIALECTS.at("/v1/chat/completions")


def test_a_real_answer_gets_id_model_words_and_label_and_nothing_else() -> None:
    raw = json.loads(capture("chat", stream=False))
    sent = through("chat", capture("chat", stream=False), stream=False)
    got = json.loads(sent.data)
    extension = got.pop("answerable")
    assert got.pop("id") == f"chatcmpl-{RID}"
    assert got.pop("model") == "auto"
    message = got["choices"][0]["message"]
    assert message["content"].startswith("AI-generated\n\n")
    message["content"] = message["content"].removeprefix("AI-generated\n\n")
    assert got == {key: value for key, value in raw.items() if key not in ("id", "model")}
    assert extension["record"] == extension["AIGC"]["ProduceID"] == RID
    assert sent.chunks[0].usage == (33, 8)
    ChatCompletion.model_validate_json(sent.data, strict=True)


def test_a_real_stream_keeps_its_number_of_events() -> None:
    raw = capture("chat", stream=True)
    sent = through("chat", raw, stream=True, usage_wanted=True)
    assert sent.data.count(b"data: ") == raw.count(b"data: ")
    assert all(body["id"] == f"chatcmpl-{RID}" and body["model"] == "auto" for body in sent.bodies)
    for line in sent.data.decode().split("\n\n"):
        if line.startswith("data: {"):
            ChatCompletionChunk.model_validate_json(line.removeprefix("data: "))
    assert sent.data.endswith(b"data: [DONE]\n\n")


def test_prepare_asks_for_usage_and_leaves_the_request_alone() -> None:
    request = {
        "model": "auto",
        "messages": [
            {"role": "user", "content": "AI-generated\n\nkeep"},
            {"role": "assistant", "content": "AI-generated\n\nhello"},
            {"role": "assistant", "content": [{"type": "text", "text": "AI生成\n\n你好"}, {"type": "refusal"}]},
            {"role": "assistant", "content": None, "tool_calls": [{"id": "c"}]},
        ],
        "tools": [{"type": "function"}],
        "stream": True,
        "stream_options": {"include_obfuscation": False},
        "answerable": {"x": 1},
        "unheard_of": [1.5, None],
    }
    before = json.dumps(request)
    body = json.loads(CHAT.prepare(request, "weights", stream=True))
    assert json.dumps(request) == before
    assert body["model"] == "weights"
    assert body["stream_options"] == {"include_obfuscation": False, "include_usage": True}
    assert [m["content"] for m in body["messages"]] == [
        "AI-generated\n\nkeep",
        "hello",
        [{"type": "text", "text": "你好"}, {"type": "refusal"}],
        None,
    ]
    assert body["tools"] == request["tools"]
    assert body["unheard_of"] == [1.5, None]
    assert "answerable" not in body
    assert "stream_options" not in json.loads(CHAT.prepare({"messages": []}, "w", stream=False))


def test_whole_reads_texts_calls_and_reasoning() -> None:
    calls = [{"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}]
    piece = chat.whole(completion("hello", tool_calls=calls, reasoning_content="hmm"))
    for text in ("hello", 'f{"a":1}', "hmm"):
        assert text in piece.text


@pytest.mark.parametrize("bad", [{}, {"choices": []}, {"choices": {}}, {"choices": [1]}, completion(7), completion([])])
def test_whole_refuses_other_shapes(bad: dict[str, object]) -> None:
    with pytest.raises(Unavailable):
        chat.whole(bad)
