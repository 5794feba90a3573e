# SPDX-License-Identifier: Apache-2.0
"""uvicorn's HTTP/1.1 protocol with the bounds that it lacks: a head of bounded size that arrives in bounded time, a
bound on connections, and errors in our one shape. And with less work for each answer: its head leaves with the first
bytes of its body, and a resting connection has no timer of its own, since the listener's sweep looks at all of them.
"""

from __future__ import annotations

import asyncio
import resource
from typing import Any, Final
from urllib.parse import unquote

import httptools
import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from answerable.errors import Refused
from answerable.net.asgi import Message

MAX_HEAD: Final = 65_536  # bytes of a request head; a warrant with 256 ancestors is under 8 kB
HEAD_SECONDS: Final = 20.0  # from connection, or from the head's first byte, to its end
MAX_CONNECTIONS: Final = 2048
AROUND: Final = 8  # bytes around each byte of a body: its chunk may be as small as one
BODILESS: Final = frozenset({204, 304})

_UNREADABLE = msgspec.json.encode({"error": Refused("request.unreadable", limit=MAX_HEAD).as_dict()})
_ANSWER_400 = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%b"
    % (len(_UNREADABLE), _UNREADABLE)
)


class Cycle(RequestResponseCycle):
    """One request and its answer. The head waits for the body, for one turn of the event loop at most: two writes cost
    twice what one does."""

    _held = b""

    async def send(self, message: Message) -> None:  # type: ignore[override]
        """ASGI's send. Raises RuntimeError for messages out of order, a body of another length than was announced, and
        a header with a line break in it."""
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if not self.response_started and message["type"] == "http.response.start":
            self.response_started = True
            self.waiting_for_100_continue = False
            self._held = self._head(message["status"], message.get("headers", ()))
            asyncio.get_running_loop().call_soon(self._release)
        elif self.response_started and not self.response_complete and message["type"] == "http.response.body":
            self._body(message.get("body", b""), last=not message.get("more_body", False))
        else:
            raise RuntimeError(f"{message['type']} out of order")

    def _head(self, status: int, headers: Any) -> bytes:
        lines = [STATUS_LINE[status]]
        closes = False
        for name, value in (*self.default_headers, *headers):
            if b"\n" in name or b"\n" in value or b"\r" in value or b"\x00" in value:
                raise RuntimeError("a header with a line break")
            if name == b"content-length":
                self.chunked_encoding = False
                self.expected_content_length = int(value)
            elif name == b"connection" and value.lower() == b"close":
                closes = True
                self.keep_alive = False
            lines.append(b"%b: %b\r\n" % (name, value))
        if not self.keep_alive and not closes:
            lines.append(b"connection: close\r\n")
        if self.chunked_encoding is None and self.scope["method"] != "HEAD" and status not in BODILESS:
            self.chunked_encoding = True
            lines.append(b"transfer-encoding: chunked\r\n")
        lines.append(b"\r\n")
        return b"".join(lines)

    def _body(self, body: bytes, *, last: bool) -> None:
        if self.scope["method"] == "HEAD":
            self.expected_content_length = 0
            data = b""
        elif self.chunked_encoding:
            data = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            if last:
                data += b"0\r\n\r\n"
        else:
            self.expected_content_length -= len(body)
            if self.expected_content_length < 0 or (last and self.expected_content_length):
                raise RuntimeError("a body of another length than was announced")
            data = body
        held, self._held = self._held, b""
        if held or data:
            self.transport.write(held + data)
        if last:
            self.response_complete = True
            self.message_event.set()
            if not self.keep_alive:
                self.transport.close()
            self.on_response()

    def _release(self) -> None:
        if self._held and not self.disconnected:
            held, self._held = self._held, b""
            self.transport.write(held)


class Inbound(HttpToolsProtocol):
    """waiting_since: loop time since which a head is awaited; 0.0 while a request is answered and between requests.
    resting_since: loop time since which nothing is asked; 0.0 otherwise. The listener's sweep ends connections by
    them.

    What stands around a body (sizes and extensions of chunks, trailers) is bounded as a head is: nobody reads it, and
    the parser would keep a trailer however long."""

    max_head = MAX_HEAD
    max_connections = MAX_CONNECTIONS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waiting_since = 0.0
        self.resting_since = 0.0
        self._head_bytes = 0
        self._answering: RequestResponseCycle | None = None
        self._around = 0  # bytes around the body that is being received

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.waiting_since = self.loop.time()
        if len(self.connections) > min(self.max_connections, _descriptors() // 2):
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        # With requests pipelined, uvicorn tells the last one alone that its client went away.
        answering = self._answering
        if answering is not None and not answering.response_complete:
            answering.disconnected = True
            answering.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        rested, self.resting_since = self.resting_since, 0.0
        if self.waiting_since or rested:
            self._head_bytes += len(data)
        self._around += len(data)
        super().data_received(data)
        if rested and not self.waiting_since and self.cycle.response_complete:
            self.waiting_since = self.loop.time()  # bytes that begin nothing end the rest all the same
        if (self.waiting_since and self._head_bytes > self.max_head) or self._around > self.max_head:
            self.send_400_response("")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.waiting_since = self.loop.time()
        self._around = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.waiting_since:  # else it is a trailer
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        self._around = max(0, self._around - AROUND * len(body))
        super().on_body(body)

    def on_headers_complete(self) -> None:
        self.waiting_since = 0.0
        self._head_bytes = self._around = 0
        parser, scope = self.parser, self.scope
        version = parser.get_http_version()
        scope["method"] = parser.get_method().decode("ascii")
        scope["http_version"] = version
        scope["path"], scope["raw_path"], scope["query_string"] = target(self.url)
        before = self.cycle
        self.cycle = Cycle(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:  # pipelined: its turn comes
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self.resting_since = self.loop.time()

    def send_400_response(self, msg: str) -> None:
        if not self.transport.is_closing():
            self.transport.write(_ANSWER_400)
            self.transport.close()


def _descriptors() -> int:
    """Files that this process may have open. Strangers may hold half of them: the log and the officers' socket need
    theirs."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return 2 * MAX_CONNECTIONS if soft == resource.RLIM_INFINITY else soft


def target(url: bytes) -> tuple[str, bytes, bytes]:
    """Path, path as it was sent, and query of a request target (RFC 9112 section 3.2)."""
    if url[:1] == b"/" and b"%" not in url and b"#" not in url:
        raw, _, query = url.partition(b"?")
        return raw.decode("ascii"), raw, query
    parsed = httptools.parse_url(url)
    return unquote(parsed.path.decode("ascii")), parsed.path, parsed.query or b""
