# SPDX-License-Identifier: Apache-2.0
"""OpenAI's wire format for tests: answers of a real llama.cpp server, made-up ones, and the way through a dialect.

The captures were taken of SmolLM2-135M; their model name was replaced, and their finish reason `length` by `stop`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from answerable.formats.api_text import dialects
from answerable.model.actions import Chunk
from answerable.model.labels import AIGC, Label, Place
from answerable.ports import Dialect, Transcript
from answerable.protocols.openai.forms import Repeat

RID = "abcdefghijklmnopqrstuvwxyz234567"
OTHER_RID = "z" * 32
PROVIDER = "001191350100M000100Y431ABCD"
CAPTURES = Path(__file__).parent / "captures"
ENDPOINTS = {
    "chat": "/v1/chat/completions",
    "completions": "/v1/completions",
    "responses": "/v1/responses",
    "embeddings": "/v1/embeddings",
}
DIALECTS = dialects()


def capture(name: str, *, stream: bool) -> bytes:
    """What llama.cpp answered to chat, completions or responses."""
    return (CAPTURES / f"{name}.{'sse' if stream else 'json'}").read_bytes()


def label(explicit: str = "AI-generated", place: Place = Place.TEXT) -> Label:
    aigc = AIGC(label="1", content_producer=PROVIDER, produce_id=RID)
    return Label(explicit=explicit, place=place, aigc=aigc, record=RID, system="s", party="p", language="en")


def sse(*events: dict[str, Any], done: bool = True) -> bytes:
    """Events as servers send them; those with a `type` are named after it."""
    out = b""
    for event in events:
        if "type" in event:
            out += f"event: {event['type']}\n".encode()
        out += b"data: " + json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"
    return out + (b"data: [DONE]\n\n" if done else b"")


def delta(content: Any = None, *, index: int = 0, finish: str | None = None, **more: Any) -> dict[str, Any]:
    """A chat.completion.chunk with one choice; `more` are members of its delta."""
    said = {**({"content": content} if content is not None else {}), **more}
    choice = {"index": index, "delta": said, "logprobs": None, "finish_reason": finish}
    return {"id": "chatcmpl-up", "object": "chat.completion.chunk", "created": 1, "model": "up", "choices": [choice]}


def usage_only(tokens_in: int = 3, tokens_out: int = 5) -> dict[str, Any]:
    usage = {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": tokens_in + tokens_out}
    return {**delta(), "choices": [], "usage": usage}


def completion(*contents: Any, **message: Any) -> dict[str, Any]:
    """A chat.completion with a choice for each content."""
    choices = [
        {
            "index": index,
            "message": {"role": "assistant", "content": content, **message},
            "logprobs": None,
            "finish_reason": "stop",
        }
        for index, content in enumerate(contents)
    ]
    usage = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}
    return {
        "id": "chatcmpl-up",
        "object": "chat.completion",
        "created": 1,
        "model": "up",
        "choices": choices,
        "usage": usage,
    }


def _bodies(chunk: Chunk) -> list[dict[str, Any]]:
    """A chunk's body; of pieces that travel together, each one's."""
    if type(chunk) is Repeat and chunk.form is not None and chunk.form.out is not None:
        events = chunk.wire(*chunk.form.out).split(b"\n\n")[:-1]
        return [json.loads(event.removeprefix(b"data: ")) for event in events]
    return [msgspec.to_builtins(chunk.body)]


@dataclass
class Sent:
    """What left: the bytes, the pieces as sent, and the transcript of them. seen: what detectors saw."""

    data: bytes
    chunks: list[Chunk]
    transcript: Transcript
    seen: str

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [body for chunk in self.chunks for body in _bodies(chunk)]


def carry(dialect: Dialect, reads: Iterable[bytes], *, stream: bool, mark: Label | None = None) -> Sent:
    """Steps 4 to 7 of the path, as `pipeline.carry` takes them."""
    decoder = dialect.decoder(stream=stream)
    writer = dialect.label_format(stream=stream).writer(mark or label())
    transcript = dialect.content()
    data, chunks, seen = b"", [], ""
    for batch in [*map(decoder.feed, reads), decoder.end()]:
        for chunk in batch:
            seen += chunk.text
            marked = writer.feed(chunk)
            dialect.stamp(marked, RID, "auto")
            transcript.add(marked)
            data += dialect.encode(marked, stream=stream)
            chunks.append(marked)
    return Sent(data + dialect.trailer(stream=stream), chunks, transcript, seen)


def through(name: str, raw: bytes, *, stream: bool, usage_wanted: bool = False, mark: Label | None = None) -> Sent:
    """`raw` through the dialect of an endpoint, in one read."""
    return carry(DIALECTS.at(ENDPOINTS[name], usage_wanted=usage_wanted), [raw], stream=stream, mark=mark)
