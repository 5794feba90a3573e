# SPDX-License-Identifier: Apache-2.0
"""Where the path writes its answer: `ports.Out` over ASGI.

An unstreamed answer leaves as one message with its length; of a stream each read of the upstream is one message,
however many events it brought.
"""

from __future__ import annotations

import asyncio
from typing import Final

from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.gateway.calls import Call
from answerable.net.asgi import CLOSE, EVENT_STREAM, JSON, NO_STORE, Message, Send
from answerable.protocols.openai import errors

REQUEST_ID: Final = b"x-request-id"  # what OpenAI's clients show beside an error
RECORD: Final = b"x-answerable-record"
AIGC: Final = b"aigc"  # the implicit label, for those who read headers alone
RETRY: Final = (b"retry-after", b"1")
NO_RETRY: Final = tuple((name.encode(), value.encode()) for name, value in errors.HEADERS.items())
# What may be different a moment later, with the same request.
_PASSING: Final = frozenset({408, 429, 502, 503, 504})
# After these the rest of the request may still be on its way: nobody wants to read it. Whom nobody knows, and so has no
# record, is hung up on as well: connections that rest are for those who are known.
_HANG_UP: Final = frozenset({"request.too_large", "request.slow"})


def status_of(error: AnswerableError) -> int:
    """HTTP status of `error`: the upstream's own where it refused the request."""
    if error.code == "upstream.rejected":
        status = error.params.get("status")
        if isinstance(status, int) and 400 <= status < 500:
            return status
    return error.http


def error_headers(error: AnswerableError, status: int, record: str) -> list[tuple[bytes, bytes]]:
    headers = [JSON, NO_STORE]
    if status not in _PASSING:
        headers += NO_RETRY
    elif status in (429, 503):
        headers.append(RETRY)
    if record:
        headers += [(REQUEST_ID, record.encode("ascii")), (RECORD, record.encode("ascii"))]
    if not record or error.code in _HANG_UP:
        headers.append(CLOSE)
    return headers


class AsgiOut:
    """One call's way out. path: of the endpoint, for the form of an error inside a stream."""

    __slots__ = ("_call", "_headers", "_held", "_loop", "_path", "_send", "_started", "_stream")

    def __init__(self, send: Send, call: Call, path: str, *, stream: bool) -> None:
        self._send = send
        self._call = call
        self._path = path
        self._stream = stream
        self._headers: list[tuple[bytes, bytes]] = []
        self._held: list[bytes] = []
        self._started = False
        self._loop = asyncio.get_running_loop()

    def start(self, record: str, aigc: bytes) -> None:
        """See ports.Out. Nothing leaves before the first piece does: there is nothing to see yet."""
        self._headers = [
            EVENT_STREAM if self._stream else JSON,
            NO_STORE,
            (REQUEST_ID, record.encode("ascii")),
            (RECORD, record.encode("ascii")),
            (AIGC, aigc),
        ]

    async def send(self, data: bytes) -> None:
        if self._call.gone:
            raise Refused("request.disconnected")
        if not self._stream:
            self._held.append(data)
            return
        if not self._started:
            self._started = True
            await self._write({"type": "http.response.start", "status": 200, "headers": self._headers})
        await self._write({"type": "http.response.body", "body": data, "more_body": True})

    async def finish(self, data: bytes) -> None:
        if not self._started:
            self._held.append(data)
            body = b"".join(self._held)
            await self._whole(200, self._headers, body)
            return
        self._call.done = True
        await self._write({"type": "http.response.body", "body": data, "more_body": False})

    async def fail(self, error: Exception, record: str) -> None:
        known = error if isinstance(error, AnswerableError) else Unavailable("internal.error", incident=record or "-")
        if self._started:
            self._call.done = True
            last = errors.event(known, self._path, record)
            await self._write({"type": "http.response.body", "body": last, "more_body": False})
            return
        status = status_of(known)
        await self._whole(status, error_headers(known, status, record), errors.answer(known, record))

    async def _whole(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self._started = True
        headers.append((b"content-length", b"%d" % len(body)))
        await self._write({"type": "http.response.start", "status": status, "headers": headers})
        self._call.done = True
        await self._write({"type": "http.response.body", "body": body, "more_body": False})

    async def _write(self, message: Message) -> None:
        """Waits for as long as the client takes nothing; the sweep gives it up when that lasts."""
        self._call.blocked = self._loop.time()
        await self._send(message)
        self._call.blocked = 0.0
