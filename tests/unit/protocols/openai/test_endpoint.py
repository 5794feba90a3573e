# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.model.actions import Chunk
from answerable.protocols.openai.endpoint import unlabelled_turns
from tests.openai_wire import DIALECTS, RID

CHAT = DIALECTS.at("/v1/chat/completions")


def test_stamp_sets_what_is_there_and_adds_nothing() -> None:
    chunk = Chunk({"id": "x", "model": "up", "choices": [{"id": "stays"}]})
    CHAT.stamp(chunk, RID, "auto")
    assert chunk.body == {"id": f"chatcmpl-{RID}", "model": "auto", "choices": [{"id": "stays"}]}
    bare = Chunk({"choices": []})
    CHAT.stamp(bare, RID, "auto")
    assert bare.body == {"choices": []}


def test_encode_and_trailer() -> None:
    chunk = Chunk({"a": "é"})
    assert CHAT.encode(chunk, stream=False) == '{"a":"é"}'.encode()
    assert CHAT.encode(chunk, stream=True) == 'data: {"a":"é"}\n\n'.encode()
    assert CHAT.encode(Chunk({}, event="e"), stream=True) == b"event: e\ndata: {}\n\n"
    assert CHAT.trailer(stream=True) == b"data: [DONE]\n\n"
    assert CHAT.trailer(stream=False) == b""


def test_turns_of_another_shape_are_handed_back() -> None:
    odd = [7, {"role": "assistant"}, {"role": "assistant", "content": {"x": 1}}, {"role": "assistant", "content": [7]}]
    assert unlabelled_turns(odd, ("text",)) == odd
    assert unlabelled_turns("text", ("text",)) == "text"


def test_only_one_label_is_taken_off() -> None:
    turn = {"role": "assistant", "content": "AI-generated\n\nAI-generated\n\nx"}
    assert unlabelled_turns([turn], ("text",))[0]["content"] == "AI-generated\n\nx"
    assert turn["content"].startswith("AI-generated\n\nAI")
