# SPDX-License-Identifier: Apache-2.0
"""One request that came in and its answer: ASGI's receive and send (HTTP, spec version 2.3) over one connection.

The head of an answer leaves with the first bytes of its body, since two writes cost twice what one does; it waits for
them for one turn of the event loop at most.
"""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from answerable.net.asgi import App, Message, Scope
from answerable.net.limits import HIGH_WATER

if TYPE_CHECKING:
    from answerable.net.inbound import Inbound

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
BODILESS: Final = frozenset({204, 304})
_FAILED: Final = b"\r\ncontent-type: text/plain\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_STATUS: Final = {status.value: b"HTTP/1.1 %d %b" % (status, status.phrase.encode()) for status in HTTPStatus}

log: Final = logging.getLogger(__name__)


class Cycle:
    """scope: of ASGI. keep: whether the connection serves another request after this one. expects: the client waits for
    leave to send its body (RFC 9110 section 10.1.1). whole: the request is here to its last byte. complete: the answer
    is on its way to its last byte. gone: the client went away. task: runs the application; None while others of the
    same connection are answered."""

    __slots__ = (
        "_body", "_chunked", "_connection", "_held", "_left", "_size", "_started", "_told", "_waiter",
        "complete", "expects", "gone", "keep", "scope", "task", "whole",
    )  # fmt: skip

    def __init__(self, connection: Inbound, scope: Scope, *, keep: bool, expects: bool) -> None:
        self._connection = connection
        self.scope = scope
        self.keep = keep
        self.expects = expects
        self.whole = self.complete = self.gone = False
        self.task: asyncio.Task[None] | None = None
        self._body: list[bytes] = []
        self._size = 0  # of what is in _body
        self._told = False  # the application has the whole request
        self._waiter: asyncio.Future[None] | None = None
        self._started = False
        self._held = b""
        self._chunked = False
        self._left = -1  # bytes of the answer's body still to come; -1 where that is not announced

    async def run(self, app: App) -> None:
        """One call of the application. What it raises ends this answer and nothing else."""
        try:
            await app(self.scope, self.receive, self.send)
            if not self.complete and not self.gone:
                log.error("an answer that was not finished")
        except asyncio.CancelledError:
            if not self.gone:
                self._fail()
            raise
        except Exception:
            log.exception("a request that failed")
        finally:
            self._connection.house.busy.discard(self)
            if not self.complete:
                self._fail()

    async def receive(self) -> Message:
        """ASGI's receive: the body as it came, then, when the answer is complete or the client went away, the end."""
        connection = self._connection
        if self.expects:
            self.expects = False
            if not self.whole and not self._started and not self.gone:
                connection.transport.write(CONTINUE)
        while not self.gone and not self.complete:
            if self._body or (self.whole and not self._told):
                body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
                self._body.clear()
                self._size = 0
                self._told = self.whole
                return {"type": "http.request", "body": body, "more_body": not self.whole}
            connection.resume()  # also when the body is here: who does not read hears no end
            self._waiter = connection.house.loop.create_future()
            await self._waiter
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """ASGI's send. Raises RuntimeError for messages out of order, a body of another length than was announced, and
        a header with a line break in it."""
        if self.gone:
            return
        if self._connection.blocked:
            await self._connection.drained()
            if self.gone:
                return
        kind = message["type"]
        if kind == "http.response.body" and self._started and not self.complete:
            self._write(message.get("body", b""), not message.get("more_body"))
        elif kind == "http.response.start" and not self._started:
            self._held = self._head(message["status"], message.get("headers", ()))
            self._started = True
            self._connection.house.loop.call_soon(self._release)
        else:
            raise RuntimeError(f"{kind} out of order")

    def feed(self, data: bytes) -> bool:
        """More of the request's body. Returns whether enough waits here for the application to take some first."""
        if self.complete:  # nobody reads it any more
            return False
        self._body.append(data)
        self._size += len(data)
        self._wake()
        return self._size > HIGH_WATER

    def end(self) -> None:
        """The request is here whole."""
        self.whole = True
        self._wake()

    def leave(self) -> None:
        """The client went away, or must be left."""
        self.gone = True
        self._wake()

    @property
    def started(self) -> bool:
        return self._started

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _head(self, status: int, headers: Any) -> bytes:
        lines = [_STATUS[status], self._connection.house.date]
        closes = sized = False
        for header in headers:
            name = header[0]
            if name == b"content-length":
                sized = True
                self._left = int(header[1])
            elif name == b"connection" and header[1].lower() == b"close":
                closes = True
                self.keep = False
            lines.append(b": ".join(header))
        if not sized and status not in BODILESS and self.scope["method"] != "HEAD":
            if self.scope["http_version"] == "1.0":
                self.keep = False  # its end is the end of the connection: chunks came with 1.1
            else:
                self._chunked = True
                lines.append(b"transfer-encoding: chunked")
        if not self.keep and not closes:
            lines.append(b"connection: close")
        head = b"\r\n".join(lines)
        breaks = len(lines) - 1
        if head.count(b"\n") != breaks or head.count(b"\r") != breaks or b"\0" in head:
            raise RuntimeError("a header with a line break")
        return head + b"\r\n\r\n"

    def _write(self, body: bytes, last: bool) -> None:
        if self._chunked:
            if body:
                body = b"%x\r\n%b\r\n" % (len(body), body)
            if last:
                body += b"0\r\n\r\n"
        elif self.scope["method"] == "HEAD":
            body = b""
        elif self._left >= 0:
            self._left -= len(body)
            if self._left < 0 or (last and self._left):
                raise RuntimeError("a body of another length than was announced")
        held, self._held = self._held, b""
        if held or body:
            self._connection.transport.write(held + body if held else body)
        if last:
            self.complete = True
            self._wake()
            self._connection.answered(self)

    def _release(self) -> None:
        if self._held and not self.gone:
            held, self._held = self._held, b""
            self._connection.transport.write(held)

    def _fail(self) -> None:
        """No answer, or half of one: the client must not take what it has for the whole."""
        self.complete = True
        self.keep = False
        self._wake()
        if not self.gone:
            if not self._started or self._held:
                self._connection.transport.write(b"%b\r\n%b%b" % (_STATUS[500], self._connection.house.date, _FAILED))
            self._connection.transport.close()
