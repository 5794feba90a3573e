# SPDX-License-Identifier: Apache-2.0
"""One request that came in and its answer, over one HTTP/1.1 connection (RFC 9112).

The head of an answer leaves with the first bytes of its body: two writes cost twice what one does.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from math import inf
from typing import TYPE_CHECKING, Final

from answerable.net.limits import HIGH_WATER

if TYPE_CHECKING:
    from answerable.net.inbound import Inbound

JSON: Final = b"content-type: application/json"
EVENT_STREAM: Final = b"content-type: text/event-stream"
NO_STORE: Final = b"cache-control: no-store"

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
BODILESS: Final = frozenset({204, 304})
_STATUS: Final = {status.value: b"HTTP/1.1 %d %b" % (status, status.phrase.encode()) for status in HTTPStatus}

log: Final = logging.getLogger(__name__)


class Gone(Exception):
    """The client went away while its body was being read. Stays inside the room that reads."""


class Late(Exception):
    """The body did not come within `seconds`. Stays inside the room that reads."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


def field(name: bytes, value: bytes) -> bytes:
    """A line of a head. Raises RuntimeError where it would be more than one line (RFC 9110 section 5.5)."""
    line = b"%b: %b" % (name, value)
    # `find`, since `in` tries first whether what it looks for is a number: ten times the work.
    if line.find(b"\n") >= 0 or line.find(b"\r") >= 0 or line.find(b"\0") >= 0:
        raise RuntimeError("a field with a line break")
    return line


def _nobody(_size: int) -> None: ...


class Request:
    """method, path (decoded), raw_path, query, version ("1.1" or "1.0"), headers (names in lower case, in order): of
    its head. began: loop time of its first byte. expects: the client waits for leave to send its body (RFC 9110 section
    10.1.1). whole: it is here to its last byte. received: bytes of its body that were taken.

    keep: whether the connection serves another request after this one. started: the answer's head has left. complete:
    the answer is on its way to its last byte. gone: the client went away. cancels: whether that cancels `task`, which
    works for it; otherwise `part` and `ended` tell. watched: the sweep has seen to it that we hear of that.
    """

    __slots__ = (
        "_body", "_chunked", "_late", "_running", "_size", "_waiter",
        "began", "cancels", "complete", "connection", "expects", "gone", "headers", "keep", "method", "path", "query",
        "raw_path", "received", "started", "task", "version", "watched", "whole",
    )  # fmt: skip

    def __init__(
        self,
        connection: Inbound,
        method: str,
        target: tuple[str, bytes, bytes],
        version: str,
        headers: list[tuple[bytes, bytes]],
        began: float,
        keep: bool,
        expects: bool,
    ) -> None:
        self.connection = connection
        self.method = method
        self.path, self.raw_path, self.query = target
        self.version = version
        self.headers = headers
        self.began = began
        self.keep = keep
        self.expects = expects
        self.cancels = True
        self.whole = self.started = self.complete = self.gone = self.watched = False
        self._chunked = self._late = self._running = False
        self.received = self._size = 0  # _size: of what is in _body
        self.task: asyncio.Task[None] | None = None  # None while others of the same connection are answered
        self._body: list[bytes] = []
        self._waiter: asyncio.Future[None] | None = None

    # What the handler calls: the body

    async def part(self) -> bytes:
        """The next bytes of the body, all that have come; b"" at its end. Raises Gone, Late."""
        body = self._body
        while not body:
            if self.gone:
                raise Gone
            if self.whole:
                return b""
            if self._late:
                raise Late(self.connection.house.body_s)
            if self.expects and not self.started:
                self.connection.transport.write(CONTINUE)
            self.expects = False
            self.connection.resume()
            await self._change()
        data = body[0] if len(body) == 1 else b"".join(body)
        body.clear()
        self.received += len(data)
        self._size = 0
        if self.whole:
            self.connection.resume()  # there is nothing more to come but the end of the connection
        return data

    async def body(self, limit: int, arrived: Callable[[int], None] = _nobody) -> bytes | None:
        """The whole body, or None as soon as it is longer than `limit` bytes. arrived: told the size of each part as it
        comes. Raises Gone, Late, and what `arrived` raises."""
        if self.whole and not self.received and len(self._body) == 1:  # as a rule it came with its head
            data = self._body.pop()
            self.received, self._size = len(data), 0
            arrived(self.received)
            return data if self.received <= limit else None
        parts: list[bytes] = []
        while not self.whole or self._body:
            part = await self.part()
            arrived(len(part))
            parts.append(part)
            if self.received > limit:
                return None
        return b"".join(parts)

    async def ended(self) -> None:
        """Return when the answer is complete or the client went away."""
        while not self.complete and not self.gone:
            self.connection.resume()
            await self._change()

    # What the handler calls: the answer. To a client that went away nothing is written.

    def answer(self, status: int, fields: Iterable[bytes], body: bytes) -> None:
        """The whole answer in one write. fields: lines of its head, each of `field` or written down by us; without
        length, date and what ends them."""
        self.begin(status, fields, body, length=len(body), last=True)

    def begin(
        self, status: int, fields: Iterable[bytes], data: bytes = b"", *, length: int | None = None, last: bool = False
    ) -> None:
        """Head and first bytes. length: of the whole body, None where that is not known yet. Raises RuntimeError for an
        answer that has begun."""
        if self.started:
            raise RuntimeError("an answer that has begun")
        if self.gone:
            return
        lines = [_STATUS[status], self.connection.house.date, *fields]
        if length is not None:
            lines.append(b"content-length: %d" % length)
        elif status not in BODILESS and self.method != "HEAD":
            if self.version == "1.0":
                self.keep = False  # its end is the end of the connection: chunks came with 1.1
            else:
                self._chunked = True
                lines.append(b"transfer-encoding: chunked")
        if not self.keep:
            lines.append(b"connection: close")
        self.started = True
        self.connection.transport.write(b"%b\r\n\r\n%b" % (b"\r\n".join(lines), self._framed(data, last)))
        if last:
            self._end()

    def send(self, data: bytes) -> None:
        """More of the body."""
        if not self.gone and (framed := self._framed(data, last=False)):
            self.connection.transport.write(framed)

    def end(self, data: bytes = b"") -> None:
        """The last bytes of the body."""
        if self.gone:
            return
        if framed := self._framed(data, last=True):
            self.connection.transport.write(framed)
        self._end()

    async def drained(self) -> None:
        """Return when the client takes more bytes: at once, as a rule."""
        if self.connection.blocked_since:
            await self.connection.drained()

    # What the connection and the listener's sweep call

    async def run(self, handler: Handler) -> None:
        """One call of the handler. What it raises ends this answer and nothing else."""
        self._running = True
        try:
            if self.gone:
                return
            if self.connection.blocked_since:  # answers that nobody takes would pile up
                self.began = inf  # until then its body is not late
                await self.connection.drained()
                self.began = self.connection.house.loop.time()
            await handler(self)
            if not self.complete and not self.gone and not self._late:
                log.error("an answer that was not finished")
        except asyncio.CancelledError:
            if not self.gone:
                raise
            # We sent this cancellation, and it has done its work.
        except Exception:
            log.exception("a request that failed")
        finally:
            self.connection.house.busy.discard(self)
            if not self.complete:
                self._fail()

    def feed(self, data: bytes) -> bool:
        """More of the body came. Returns whether enough waits here for the handler to take some first."""
        if self.complete:  # nobody reads it any more
            return False
        self._body.append(data)
        self._size += len(data)
        self._wake()
        return self._size > HIGH_WATER

    def finish(self) -> None:
        """The request is here whole."""
        self.whole = True
        self._wake()

    def delay(self) -> None:
        """The body takes too long."""
        self._late = True
        self._wake()

    def leave(self) -> None:
        """The client went away, or must be left."""
        if self.gone or self.complete:
            return
        self.gone = True
        if self._waiter is None and self.cancels:
            self.cancel()
        self._wake()

    def cancel(self) -> None:
        """End the work for it."""
        if self.task is not None and self._running:
            self.task.cancel()

    async def _change(self) -> None:
        self._waiter = waiter = self.connection.house.loop.create_future()
        try:
            await waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _framed(self, data: bytes, last: bool) -> bytes:
        if self.method == "HEAD":
            return b""
        if not self._chunked:
            return data
        if data:
            return (b"%x\r\n%b\r\n0\r\n\r\n" if last else b"%x\r\n%b\r\n") % (len(data), data)
        return b"0\r\n\r\n" if last else b""

    def _end(self) -> None:
        self.complete = True
        self._wake()
        self.connection.answered(self)

    def _fail(self) -> None:
        """No answer, or half of one: the client must not take what it has for the whole."""
        self.complete = True
        self.keep = False
        self._wake()
        if not self.gone:
            if not self.started:
                head = b"\r\n".join((_STATUS[408 if self._late else 500], self.connection.house.date, *_FAILED))
                self.connection.transport.write(head)
            self.connection.transport.close()


Handler = Callable[[Request], Awaitable[None]]
_FAILED: Final = (b"content-type: text/plain", b"content-length: 0", b"connection: close", b"", b"")
