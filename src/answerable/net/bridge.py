# SPDX-License-Identifier: Apache-2.0
"""An ASGI application behind our listener: ASGI's receive and send (HTTP, spec version 2.3) over one request.

A head waits for the first bytes of its body for one turn of the event loop at most.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from answerable.net.asgi import App, Message, Scope
from answerable.net.request import Gone, Handler, Late, Request, field

_ASGI: Final = {"version": "3.0", "spec_version": "2.3"}
_DISCONNECT: Final = "http.disconnect"


def asgi(app: App) -> Handler:
    """`app` as a handler of requests. It is not cancelled when its client goes away: it hears of it, as ASGI says."""

    async def handler(request: Request) -> None:
        request.cancels = False
        bridge = _Bridge(request)
        await app(_scope(request), bridge.receive, bridge.send)

    return handler


def _scope(request: Request) -> Scope:
    connection = request.connection
    return {
        "type": "http",
        "asgi": _ASGI,
        "http_version": request.version,
        "server": connection.server,
        "client": connection.client,
        "scheme": connection.scheme,
        "method": request.method,
        "root_path": "",
        "path": request.path,
        "raw_path": request.raw_path,
        "query_string": request.query,
        "headers": request.headers,
    }


class _Bridge:
    __slots__ = ("_fields", "_left", "_length", "_request", "_status", "_told")

    def __init__(self, request: Request) -> None:
        self._request = request
        self._told = False  # the application has the whole request, or knows that it does not come
        self._status = 0  # of the answer; 0 before it has one
        self._fields: list[bytes] = []
        self._length: int | None = None
        self._left = 0  # bytes of the answer's body still to come, where its length was announced

    async def receive(self) -> Message:
        """The body as it came, then, when the answer is complete or the client went away, the end."""
        request = self._request
        if self._told:
            await request.ended()
            return {"type": _DISCONNECT}
        try:
            part = await request.part()
        except (Gone, Late):
            self._told = True
            return {"type": _DISCONNECT}
        self._told = request.whole
        return {"type": "http.request", "body": part, "more_body": not request.whole}

    async def send(self, message: Message) -> None:
        """Raises RuntimeError for messages out of order, a body of another length than was announced, and a header with
        a line break in it."""
        request = self._request
        await request.drained()
        if request.gone:
            return
        kind = message["type"]
        if kind == "http.response.body" and self._status and not request.complete:
            self._write(message.get("body", b""), last=not message.get("more_body"))
        elif kind == "http.response.start" and not self._status:
            self._fields = self._lines(message.get("headers", ()))
            self._status = message["status"]
            request.connection.house.loop.call_soon(self._release)
        else:
            raise RuntimeError(f"{kind} out of order")

    def _lines(self, headers: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
        lines: list[bytes] = []
        for name, value in headers:
            if name == b"content-length":
                self._length = self._left = int(value)
            elif name == b"connection":
                self._request.keep = self._request.keep and value.lower() != b"close"
            else:
                lines.append(field(name, value))
        return lines

    def _write(self, body: bytes, *, last: bool) -> None:
        request = self._request
        if self._length is not None and request.method != "HEAD":
            self._left -= len(body)
            if self._left < 0 or (last and self._left):
                raise RuntimeError("a body of another length than was announced")
        if not request.started:
            request.begin(self._status, self._fields, body, length=self._length, last=last)
        elif last:
            request.end(body)
        else:
            request.send(body)

    def _release(self) -> None:
        request = self._request
        if not request.started and not request.complete:
            request.begin(self._status, self._fields, length=self._length)
