# SPDX-License-Identifier: Apache-2.0
"""One HTTP/1.1 connection to a server (RFC 9112), on `asyncio.Protocol` and llhttp.

One request at a time. Reading pauses when nobody takes what came; time-outs are deadlines that the pool's sweep sets
and looks at, so that a call costs no timer and no look at the clock. Whatever is not HTTP, is longer or shorter than
announced, or comes unasked ends the connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum
from typing import cast

import httptools

from answerable.errors import AnswerableError, Unavailable
from answerable.net.limits import HIGH_WATER, MAX_HEAD, Limits

CONTINUES = range(100, 200)


class Phase(Enum):
    IDLE = "idle"
    HEAD = "head"
    BODY = "body"
    DONE = "done"


_IDLE, _HEAD, _BODY, _DONE = Phase  # a global is found faster than a member


class Connection(asyncio.Protocol):
    """status, headers (names lower-case), phase: of the answer that is being read. deadline: loop time at which
    the sweep ends it, 0.0 until the sweep has seen what is waited for. patient: we are the slow side. usable: a request
    may be sent."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, limits: Limits, name: str, lost: Callable[[Connection], None]
    ) -> None:
        self._loop = loop
        self._limits = limits
        self._name = name
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._buffer: list[bytes] = []
        self.on_body: Callable[[bytes], None] = self._buffer.append
        self._parser = httptools.HttpResponseParser(self)
        self._buffered = 0  # bytes in the buffer, and around them
        self.patient = False
        self._waiter: asyncio.Future[None] | None = None
        self._error: AnswerableError | None = None
        self._head_bytes = 0
        self._body_bytes = 0
        self._keep = True
        self._blocked = False  # the server takes less than we have written
        self._until_close = False
        self.phase = _IDLE
        self.usable = False
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.deadline = 0.0
        self.idle_s = limits.idle
        self._idle_since = loop.time()

    # What the pool calls

    def request(self, data: bytes) -> None:
        """Send one whole request. The connection must be `usable`."""
        if self._transport is None:
            raise RuntimeError("request before the connection was made")
        self.usable = False
        self.phase = _HEAD
        self.status = 0
        self.headers = {}
        self._head_bytes = self._body_bytes = 0
        self.deadline = 0.0
        self._transport.write(data)

    def more(self, data: bytes) -> None:
        """More of the body of the request that `request` began. Raises Unavailable ``upstream.*`` where nobody takes
        it any more."""
        if self._transport is None or self._transport.is_closing():
            raise self._error or Unavailable("upstream.unreachable", upstream=self._name)
        self._transport.write(data)
        self.deadline = 0.0

    async def taken(self) -> None:
        """Return when the server takes more bytes, or has answered, or has gone."""
        while self._blocked and self.phase is _HEAD and self._error is None:
            await self._more()

    def last(self) -> None:
        """The answer came before the whole request was sent: this connection serves no other."""
        self._keep = False

    async def head(self) -> None:
        """Return once `status` and `headers` are there. Raises Unavailable ``upstream.*``."""
        while self.phase is _HEAD:
            await self._more()
        if self._error is not None and not self._buffer and self.phase is not _DONE:
            raise self._error

    async def read(self) -> bytes:
        """All that has come of the body, at least one byte; b"" at its end. Raises Unavailable ``upstream.*``."""
        buffer = self._buffer
        while not buffer:
            if self.phase is _DONE and self._error is None:
                return b""
            await self._more()
        data = buffer[0] if len(buffer) == 1 else b"".join(buffer)
        buffer.clear()
        self._buffered = 0
        if self.patient:
            self.patient = False
            if self._transport is not None and not self._transport.is_closing():
                self._transport.resume_reading()
        return data

    def rest(self) -> bool:
        """The answer was taken, as far as anyone wanted it. Returns whether another request may be sent."""
        if not self._keep or self.phase is not _DONE or self._buffer or self._error is not None:
            return False
        if self._transport is None or self._transport.is_closing():
            return False
        if self._transport.get_write_buffer_size():
            return False  # answered before it had the whole request: what it takes the rest for, nobody knows
        self.phase = _IDLE
        self.usable = True
        self._idle_since = self._loop.time()
        return True

    def rested(self) -> float:
        """Seconds since it was used."""
        return self._loop.time() - self._idle_since

    def close(self) -> None:
        """End the connection at once: what was sent cannot be taken back, but the server sees us go."""
        self.usable = False
        if self._transport is not None:
            self._transport.abort()

    def fail(self, error: AnswerableError) -> None:
        """End the connection with `error` for whoever waits for it."""
        if self._error is None:
            self._error = error
        self._wake()
        self.close()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # a stream's protocol is given no other kind
        self.usable = True

    def data_received(self, data: bytes) -> None:
        before = self.phase
        if before is _HEAD:
            self._head_bytes += len(data)
        elif before is not _BODY:
            # Bytes nobody asked for could be read as the answer to the next request.
            self.fail(Unavailable("upstream.broken", what="bytes after the answer"))
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            if self.phase is _DONE:
                self._keep = False
                self.close()
                self._wake()
            else:
                self.fail(Unavailable("upstream.broken", what="malformed HTTP"))
            return
        if self.phase is _HEAD:
            if self._head_bytes > MAX_HEAD:
                self.fail(Unavailable("upstream.broken", what="an endless head"))
            return
        size = len(data) if before is _BODY else sum(map(len, self._buffer))
        self._body_bytes += size
        if self._body_bytes > self._limits.body:
            self.fail(Unavailable("upstream.oversized", limit=self._limits.body))
            return
        self.deadline = 0.0
        self._buffered += size
        if self._buffered > HIGH_WATER and self.phase is _BODY and not self.patient and self._transport is not None:
            # While there is nothing to take (chunks' sizes and extensions alone), nobody would let it go on again.
            self.patient = bool(self._buffer)
            if self.patient:
                self._transport.pause_reading()
        self._wake()

    def pause_writing(self) -> None:
        self._blocked = True

    def resume_writing(self) -> None:
        self._blocked = False
        self._wake()

    def eof_received(self) -> bool:
        self.usable = False
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        if self.phase is _BODY and self._until_close and exc is None and self._error is None:
            self.phase = _DONE
        elif self.phase in (_HEAD, _BODY) and self._error is None:
            self._error = (
                Unavailable("upstream.truncated")
                if self.phase is _BODY
                else Unavailable("upstream.unreachable", upstream=self._name)
            )
        self._keep = self.usable = False
        self._transport = None
        self._wake()
        self._lost(self)

    # llhttp

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name in self.headers:
            if name in (b"content-length", b"content-type", b"content-encoding"):
                raise ValueError("a header that must stand once stands twice")
            value = self.headers[name] + b", " + value
        self.headers[name] = value

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status in CONTINUES:
            if status == 101:
                raise ValueError("an upgrade nobody asked for")
            return
        headers = self.headers
        if b"content-encoding" in headers and headers[b"content-encoding"].lower() != b"identity":
            raise ValueError("an encoding nobody asked for")
        self.status = status
        self._keep = self._parser.should_keep_alive()
        self._until_close = b"content-length" not in headers and b"transfer-encoding" not in headers
        if b"keep-alive" in headers:
            self.idle_s = min(self._limits.idle, _keep_alive_s(headers[b"keep-alive"], self._limits.idle))
        self.phase = _BODY
        self._head_bytes = 0

    def on_message_complete(self) -> None:
        if self.phase is _HEAD:  # an interim answer (RFC 9110 §15.2)
            self.headers = {}
            return
        self.phase = _DONE

    def on_message_begin(self) -> None:
        if self.phase is _DONE:
            raise ValueError("a second answer")

    # Waiting

    async def _more(self) -> None:
        """Return when something has changed. Raises what ended the connection."""
        if self._error is not None:
            raise self._error
        self._waiter = waiter = self._loop.create_future()
        await waiter

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)


def _keep_alive_s(value: bytes, otherwise: float) -> float:
    """Seconds that the server says it keeps the connection, less one for the way; `otherwise` if it does not say."""
    for part in value.split(b","):
        name, _, number = part.strip().partition(b"=")
        if name.strip().lower() == b"timeout" and number.strip().isdigit():
            return max(0.0, float(number[:6]) - 1.0)
    return otherwise
