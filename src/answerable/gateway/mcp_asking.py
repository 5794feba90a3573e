# SPDX-License-Identifier: Apache-2.0
"""Asking a client's people inside the answer to its call (2025-11-25, client/elicitation): the question leaves as an
event, the answer comes back as a POST of its own. Whatever it says, it approves nothing."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec

from answerable.crypto.random import opaque_id
from answerable.net.request import EVENT_STREAM, NO_STORE, Request
from answerable.protocols.sse import write

MAX_ASKED: Final = 64  # questions that wait at once, each with its connection
ASK_S: Final = 120.0  # people who take longer find the call among the holds

_encode = msgspec.json.Encoder().encode


class Asking:
    """The questions that wait for an answer. Whose they are is the copy that called, by its rid."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str], asyncio.Future[None]] = {}

    @property
    def full(self) -> bool:
        return len(self._waiting) >= MAX_ASKED

    async def ask(self, request: Request, copy: str, params: dict[str, Any], fields: tuple[bytes, ...]) -> None:
        """Put the question, and return when it is answered, nobody answers it, or the client went away."""
        question = opaque_id()
        body = {"jsonrpc": "2.0", "id": question, "method": "elicitation/create", "params": params}
        answered = asyncio.get_running_loop().create_future()
        self._waiting[(copy, question)] = answered
        left = asyncio.ensure_future(request.ended())
        try:
            request.begin(200, (EVENT_STREAM, NO_STORE, b"x-accel-buffering: no", *fields), write(_encode(body)))
            await asyncio.wait((answered, left), timeout=ASK_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            left.cancel()
            answered.cancel()
            del self._waiting[(copy, question)]

    def answered(self, copy: str, question: object) -> None:
        """An answer came. To a question that nobody asked it is nothing."""
        waiting = self._waiting.get((copy, question)) if isinstance(question, str) else None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)
