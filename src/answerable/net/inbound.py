# SPDX-License-Identifier: Apache-2.0
"""uvicorn's HTTP/1.1 protocol with the bounds that it lacks: a head of bounded size that arrives in bounded time, a
bound on connections, and errors in our one shape."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from answerable.errors import Refused

MAX_HEAD: Final = 65_536  # bytes of a request head; a warrant with 256 ancestors is under 8 kB
HEAD_SECONDS: Final = 20.0  # from connection, or from the head's first byte, to its end
MAX_CONNECTIONS: Final = 2048

_UNREADABLE = msgspec.json.encode({"error": Refused("request.unreadable", limit=MAX_HEAD).as_dict()})
_ANSWER_400 = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%b"
    % (len(_UNREADABLE), _UNREADABLE)
)


class Inbound(HttpToolsProtocol):
    """waiting_since: loop time since which a head is awaited; 0.0 while a request is answered and between requests. The
    listener's sweep ends connections by it."""

    max_head = MAX_HEAD
    max_connections = MAX_CONNECTIONS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waiting_since = 0.0
        self._head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.waiting_since = self.loop.time()
        if len(self.connections) > self.max_connections:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        rested = self.timeout_keep_alive_task is not None
        if self.waiting_since or rested:
            self._head_bytes += len(data)
        super().data_received(data)
        if rested and not self.waiting_since and self.cycle.response_complete:
            self.waiting_since = self.loop.time()  # bytes that begin nothing end the rest all the same
        if self.waiting_since and self._head_bytes > self.max_head and not self.transport.is_closing():
            self.send_400_response("")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.waiting_since = self.loop.time()

    def on_headers_complete(self) -> None:
        self.waiting_since = 0.0
        self._head_bytes = 0
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        if not self.transport.is_closing():
            self.transport.write(_ANSWER_400)
            self.transport.close()
