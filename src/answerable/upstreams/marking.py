# SPDX-License-Identifier: Apache-2.0
"""The child's own part of a local model's API: chats and completions whose words are marked, and the mark found again.

    POST /v1/chat/completions, /v1/completions   as OpenAI has them, with `id_slot`: the slot that the answer has
    POST /v1/watermark  {"text"}  ->  {"tokens", "scored", "score", "log10_p"}

The sampling key is that of this model's words alone (`marks.text_watermark.sampling_key`). A child that was taken over
could mark, as this model's, a text that it never said, or leave its own unmarked; it can sign nothing, name no record,
and write no mark of another model or in a picture.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final

import msgspec

from answerable.errors import Unavailable
from answerable.marks.text_watermark import MAX_TOKENS, score
from answerable.net.asgi import NO_STORE, Receive, Scope, Send, read_body, respond
from answerable.protocols.openai.sampling import CHAT, COMPLETIONS
from answerable.upstreams.drawn import Choice, Engine, Rejected, Spent

DETECT: Final = "/v1/watermark"
MAX_BODY: Final = 32 << 20
MAX_TEXT: Final = 1 << 20  # characters of a text that is read
_EVENTS: Final = ((b"content-type", b"text/event-stream"), NO_STORE)
_encode = msgspec.json.Encoder().encode


class Detect(msgspec.Struct, frozen=True):
    text: str


class Found(msgspec.Struct, frozen=True):
    """As `marks.text_watermark.Score`."""

    tokens: int
    scored: int
    score: float
    log10_p: float


class Marking:
    """The ASGI part. most: tokens of an answer whose request names no bound."""

    def __init__(self, engine: Engine, model: str, key: bytes, most: int) -> None:
        self._engine = engine
        self._model = model
        self._key = key
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if scope["method"] != "POST" or path not in (CHAT, COMPLETIONS, DETECT):
            await respond(send, 404, b'{"error":{"code":"not_found"}}')
            return
        body = await read_body(receive, MAX_BODY)
        try:
            if path == DETECT:
                await respond(send, 200, await self._find(body or b""))
                return
            asked = msgspec.json.decode(body or b"", type=dict[str, Any])
            await _Answer(self, path, asked).tell(receive, send)
        except Rejected as refusal:
            await respond(send, refusal.status, refusal.body)
        except Unavailable:
            await respond(send, 502, b'{"error":{"code":"engine"}}')
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            await respond(send, 400, b'{"error":{"code":"invalid_json","type":"invalid_request_error"}}')

    async def _find(self, body: bytes) -> bytes:
        text = msgspec.json.decode(body, type=Detect).text[:MAX_TEXT]
        tokens = await self._engine.tokens(text, special=False)
        found = await asyncio.to_thread(score, self._key, tokens[:MAX_TOKENS])
        return _encode(Found(found.tokens, found.scored, found.score, found.log10_p))

    async def choices(self, path: str, asked: dict[str, Any]) -> list[Choice]:
        """Raises Rejected."""
        prompt = await self._engine.prompt(asked) if path == CHAT else str(asked["prompt"])
        tokens = await self._engine.tokens(prompt, special=True)
        names = ("max_completion_tokens", "max_tokens", "n_predict")
        most = next((asked[name] for name in names if asked.get(name) is not None), self._most)
        seed = asked.get("seed")
        return [
            Choice(asked, tokens, most, None if seed is None else seed + index, self._key)
            for index in range(asked.get("n") or 1)
        ]


class _Answer:
    """One answer on its way out, in OpenAI's shape."""

    def __init__(self, marking: Marking, path: str, asked: dict[str, Any]) -> None:
        self._marking = marking
        self._chat = path == CHAT
        self._path = path
        self._asked = asked
        self._spent = Spent()
        self._head = {
            "created": int(time.time()),
            "id": ("chatcmpl-" if self._chat else "cmpl-") + secrets.token_hex(12),
            "model": marking._model,
        }

    async def tell(self, receive: Receive, send: Send) -> None:
        """Ends early, and frees the slot, when the asker goes away. Raises Rejected before anything was sent."""
        speaking = asyncio.ensure_future(self._stream(send) if self._asked.get("stream") else self._whole(send))
        leaving = asyncio.ensure_future(receive())
        try:
            await asyncio.wait((speaking, leaving), return_when=asyncio.FIRST_COMPLETED)
            if speaking.done():
                await speaking
        finally:
            for task in (speaking, leaving):
                task.cancel()
            await asyncio.gather(speaking, leaving, return_exceptions=True)

    async def _pieces(self) -> AsyncGenerator[tuple[int, str, str], None]:
        """(choice, text, why it ends or "")."""
        marking = self._marking
        for index, choice in enumerate(await marking.choices(self._path, self._asked)):
            async with aclosing(choice.speak(marking._engine, self._spent)) as pieces:
                async for text in pieces:
                    yield index, text, ""
            yield index, "", choice.why

    async def _whole(self, send: Send) -> None:
        texts: dict[int, list[str]] = {}
        ends: dict[int, str] = {}
        async for index, text, why in self._pieces():
            texts.setdefault(index, []).append(text)
            if why:
                ends[index] = why
        said = {index: "".join(pieces) for index, pieces in texts.items()}
        choices = [
            {"finish_reason": ends[index], "index": index, "message": {"role": "assistant", "content": text}}
            if self._chat
            else {"finish_reason": ends[index], "index": index, "logprobs": None, "text": text}
            for index, text in said.items()
        ]
        kind = "chat.completion" if self._chat else "text_completion"
        await respond(send, 200, _encode({"choices": choices, **self._head, "object": kind, "usage": self._usage()}))

    async def _stream(self, send: Send) -> None:
        begun = False
        pieces = self._pieces()
        async with aclosing(pieces):
            async for index, text, why in pieces:
                if not begun:
                    begun = True
                    await send({"type": "http.response.start", "status": 200, "headers": list(_EVENTS)})
                    if self._chat:
                        for choice in range(self._asked.get("n") or 1):
                            await self._event(send, choice, {"role": "assistant", "content": ""}, None)
                if text or why:
                    await self._event(send, index, ({"content": text} if text else {}), why or None, text)
        if (self._asked.get("stream_options") or {}).get("include_usage"):
            await self._send(send, {"choices": [], **self._head, "object": self._kind, "usage": self._usage()})
        await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})

    @property
    def _kind(self) -> str:
        return "chat.completion.chunk" if self._chat else "text_completion"

    async def _event(self, send: Send, index: int, delta: dict[str, Any], why: str | None, text: str = "") -> None:
        choice = {"finish_reason": why, "index": index} | (
            {"delta": delta} if self._chat else {"logprobs": None, "text": text}
        )
        await self._send(send, {"choices": [choice], **self._head, "object": self._kind})

    async def _send(self, send: Send, said: dict[str, Any]) -> None:
        await send({"type": "http.response.body", "body": b"data: " + _encode(said) + b"\n\n", "more_body": True})

    def _usage(self) -> dict[str, Any]:
        spent = self._spent
        return {
            "completion_tokens": spent.answer,
            "prompt_tokens": spent.prompt,
            "prompt_tokens_details": {"cached_tokens": 0},
            "total_tokens": spent.prompt + spent.answer,
        }
