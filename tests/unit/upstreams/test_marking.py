# SPDX-License-Identifier: Apache-2.0
"""The child's own part of the API over an engine that is played here; with the real one: test_local."""

import asyncio
import json
from typing import Any

import pytest

from answerable.marks.text_watermark import score
from answerable.upstreams.drawn import Rejected, Step
from answerable.upstreams.marking import DETECT, Marking
from tests.unit.upstreams.test_drawn import KEY, Played, step, token

CHAT, COMPLETIONS = "/v1/chat/completions", "/v1/completions"
SAY = {"messages": [{"role": "user", "content": "Hi"}], "id_slot": 0}


class Whole(Played):
    def __init__(self, steps: list[Any]) -> None:
        super().__init__(steps)
        self.templated: list[dict[str, Any]] = []
        self.special: list[bool] = []

    async def prompt(self, asked: dict[str, Any]) -> str:
        self.templated.append(asked)
        return "<Hi>"

    async def tokens(self, text: str, *, special: bool) -> list[int]:
        self.special.append(special)
        return [ord(letter) for letter in text]


async def ask(engine: Whole, path: str, body: object, gone: bool = False) -> tuple[int, bytes]:
    sent: list[dict[str, Any]] = []
    received = [{"type": "http.request", "body": json.dumps(body).encode() if body is not None else b"{"}]

    async def receive() -> dict[str, Any]:
        if received:
            return received.pop()
        if not gone:
            await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    marking = Marking(engine, "m", KEY, 100)
    async with asyncio.timeout(20):
        await marking({"path": path, "method": "POST", "headers": []}, receive, send)
    if not sent:
        return 0, b""
    return sent[0]["status"], b"".join(each.get("body", b"") for each in sent[1:])


def letters(text: str) -> list[Step]:
    return [step([token(ord(letter), letter.encode(), 1.0)]) for letter in text]


async def test_a_chat_in_openais_shape() -> None:
    engine = Whole(letters("hello"))
    status, body = await ask(engine, CHAT, {**SAY, "max_completion_tokens": 5, "max_tokens": 9})
    answer = json.loads(body)
    assert status == 200
    assert answer["object"] == "chat.completion"
    assert answer["choices"] == [
        {"finish_reason": "length", "index": 0, "message": {"role": "assistant", "content": "hello"}}
    ]
    assert answer["usage"] == {
        "completion_tokens": 5, "prompt_tokens": 7, "prompt_tokens_details": {"cached_tokens": 0}, "total_tokens": 12,
    }  # fmt: skip
    assert engine.asked[0]["prompt"] == [ord(letter) for letter in "<Hi>"]
    assert engine.special == [True]
    assert engine.templated[0]["messages"] == SAY["messages"]


async def test_a_stream_in_openais_shape() -> None:
    request = {**SAY, "max_tokens": 3, "n": 2, "stream": True, "stream_options": {"include_usage": True}}
    status, body = await ask(Whole(letters("onetwo")), CHAT, request)
    events = [json.loads(each[6:]) for each in body.decode().split("\n\n")[:-2]]
    assert status == 200
    assert body.endswith(b"data: [DONE]\n\n")
    assert events[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert events[1]["choices"][0]["index"] == 1
    texts = {0: "", 1: ""}
    ends = {}
    for event in events[:-1]:
        assert event["object"] == "chat.completion.chunk"
        (choice,) = event["choices"]
        texts[choice["index"]] += choice["delta"].get("content", "")
        if choice["finish_reason"]:
            ends[choice["index"]] = choice["finish_reason"]
    assert (texts, ends) == ({0: "one", 1: "two"}, {0: "length", 1: "length"})
    assert events[-1]["choices"] == []
    assert events[-1]["usage"]["completion_tokens"] == 6


@pytest.mark.parametrize("stream", [False, True])
async def test_completions(stream: bool) -> None:
    engine = Whole(letters("abc"))
    status, body = await ask(engine, COMPLETIONS, {"prompt": "x", "id_slot": 0, "max_tokens": 3, "stream": stream})
    assert status == 200
    assert not engine.templated
    if stream:
        events = [json.loads(each[6:]) for each in body.decode().split("\n\n")[:-2]]
        assert "".join(event["choices"][0]["text"] for event in events) == "abc"
        assert events[-1]["choices"][0]["finish_reason"] == "length"
    else:
        assert json.loads(body)["choices"] == [{"finish_reason": "length", "index": 0, "logprobs": None, "text": "abc"}]


async def test_refusals_of_the_engine_are_passed_on() -> None:
    refused = Rejected(400, b'{"error":{"code":400}}')
    for stream in (False, True):
        assert await ask(Whole([refused]), CHAT, {**SAY, "stream": stream}) == (400, refused.body)
    assert (await ask(Whole([]), CHAT, None))[0] == 400
    assert (await ask(Whole([]), "/v1/embeddings", {}))[0] == 404
    assert (await ask(Whole([Step("limit", 1)]), CHAT, SAY))[0] == 502


async def test_an_answer_that_nobody_waits_for_ends() -> None:
    class Slow(Whole):
        async def step(self, asked: dict[str, Any]) -> Step:
            await asyncio.sleep(60)
            raise AssertionError

    assert await ask(Slow([]), CHAT, SAY, gone=True) == (0, b"")


async def test_the_mark_is_found_by_the_models_own_tokens() -> None:
    engine = Whole([])
    status, body = await ask(engine, DETECT, {"text": "The sea."})
    found = score(KEY, [ord(letter) for letter in "The sea."])
    assert status == 200
    assert json.loads(body) == {
        "tokens": 8, "scored": found.scored, "score": found.score, "log10_p": found.log10_p,
    }  # fmt: skip
    assert engine.special == [False], "a text is no prompt: what looks like a special token is words"
    assert (await ask(engine, DETECT, {"no": 1}))[0] == 400
