# SPDX-License-Identifier: Apache-2.0
"""A bounded pool of connections to one server, and one exchange of request and answer over it.

A pooled connection that turned out to be closed is passed over before anything is sent; a request that was sent is
never sent again, whatever happens to its answer: the server may have acted on it.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Coroutine
from typing import Any, Final

from answerable.errors import Unavailable
from answerable.net.connection import Connection, Phase
from answerable.net.endpoint import Endpoint
from answerable.net.limits import Limits

_PLAIN: Final = {value.encode(): value for value in ("application/json", "text/event-stream")}
_IDLE: Final = Phase.IDLE
_DONE: Final = Phase.DONE


class Pool:
    """Connections to `endpoint`, made when needed, newest used first. Belongs to one event loop.

    tls: used where the endpoint says so; the default verifies the server's name and chain.
    """

    def __init__(
        self, endpoint: Endpoint, name: str, limits: Limits | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self.endpoint = endpoint
        self.name = name
        self.limits = limits or Limits()
        self._tls = (tls or ssl.create_default_context()) if endpoint.tls else None
        self._idle: list[Connection] = []
        self._open: set[Connection] = set()
        self._connecting = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._sweep: asyncio.TimerHandle | None = None
        self._interval = max(
            0.005, min(0.25, *(t / 4 for t in (self.limits.head, self.limits.silence, self.limits.idle)))
        )
        self._closed = False

    @property
    def open(self) -> int:
        """Connections that are open or being opened."""
        return len(self._open) + self._connecting

    async def ask(self, data: bytes) -> Exchange:
        """Send one whole request; return when the head of its answer is there. Raises Unavailable ``upstream.*``."""
        connection = self.idle() or await self.connection()
        try:
            connection.request(data)
            await connection.head()
        except BaseException:
            connection.close()
            raise
        return Exchange(self, connection)

    async def ask_in_parts(self, data: bytes, parts: AsyncIterator[bytes]) -> Exchange:
        """As `ask`, the body of the request sent as it comes, no faster than the server takes it. data: the whole head;
        parts: as they go on the wire. A server that answers early is not sent the rest. Raises as `ask`, and what
        `parts` raises."""
        connection = self.idle() or await self.connection()
        try:
            connection.request(data)
            async for part in parts:
                if connection.phase is not Phase.HEAD:
                    connection.last()
                    break
                connection.more(part)
                await connection.taken()
            await connection.head()
        except BaseException:
            connection.close()
            raise
        return Exchange(self, connection)

    def idle(self) -> Connection | None:
        """A connection that is ready now, or None."""
        while self._idle:
            connection = self._idle.pop()
            if connection.usable and connection.rested() < connection.idle_s:
                return connection
            connection.close()
        return None

    async def connection(self) -> Connection:
        """A connection that is ready. Raises Unavailable ``upstream.busy`` when the bound stays reached for
        `limits.connect` seconds or too many wait already, ``upstream.unreachable`` when none can be made."""
        give_up = asyncio.get_running_loop().time() + self.limits.connect
        while True:
            if self._closed:
                raise Unavailable("upstream.unreachable", upstream=self.name)
            if (connection := self.idle()) is not None:
                return connection
            if self.open < self.limits.connections:
                return await self._connect()
            if len(self._waiting) >= self.limits.waiting:
                raise Unavailable("upstream.busy", upstream=self.name)
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            try:
                async with asyncio.timeout_at(give_up):
                    await waiter
            except BaseException as error:
                if waiter in self._waiting:
                    self._waiting.remove(waiter)
                elif waiter.done() and not waiter.cancelled():
                    self._next()  # its turn came while it was leaving
                if isinstance(error, TimeoutError):
                    raise Unavailable("upstream.busy", upstream=self.name) from None
                raise

    def give_back(self, connection: Connection) -> None:
        """The answer was taken whole: keep the connection, or end it if it cannot serve another."""
        if self._closed or not connection.rest():
            connection.close()
            return
        self._idle.append(connection)
        self._next()

    async def close(self) -> None:
        """End every connection, whatever it is doing."""
        self._closed = True
        for connection in tuple(self._open):
            connection.fail(Unavailable("upstream.unreachable", upstream=self.name))
        self._idle.clear()
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        self._waiting.clear()
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        await asyncio.sleep(0)  # lets the transports run their connection_lost

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        where = self.endpoint
        connection = Connection(loop, self.limits, self.name, self._lost)
        self._connecting += 1
        try:
            async with asyncio.timeout(self.limits.connect):
                if where.socket:
                    await loop.create_unix_connection(lambda: connection, where.socket)
                else:
                    await loop.create_connection(
                        lambda: connection,
                        where.host,
                        where.port,
                        ssl=self._tls,
                        server_hostname=where.host if self._tls else None,
                    )
        except BaseException as error:
            self._next()  # the place is free again
            if isinstance(error, (OSError, TimeoutError, ValueError)):
                raise Unavailable("upstream.unreachable", upstream=self.name) from None
            raise
        finally:
            self._connecting -= 1
        self._open.add(connection)
        if not connection.usable:
            self._lost(connection)
            raise Unavailable("upstream.unreachable", upstream=self.name)
        if self._sweep is None:
            self._sweep = loop.call_later(self._interval, self._look)
        return connection

    def _lost(self, connection: Connection) -> None:
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        self._next()

    def _next(self) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    def _look(self) -> None:
        """Every quarter second while a connection is open: end what is past its deadline or was idle too long."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in tuple(self._open):
            phase = connection.phase
            if phase is _IDLE:
                if connection.rested() > connection.idle_s:
                    connection.close()
            elif connection.patient or phase is _DONE:
                connection.deadline = 0.0
            elif not connection.deadline:
                connection.deadline = now + (self.limits.head if phase is Phase.HEAD else self.limits.silence)
            elif now > connection.deadline:
                connection.fail(Unavailable("upstream.timeout"))
        self._sweep = loop.call_later(self._interval, self._look) if self._open else None


class Exchange:
    """One request and its answer, of which the head is there. Whoever got it closes it."""

    __slots__ = ("_connection", "_pool", "status")

    def __init__(self, pool: Pool, connection: Connection) -> None:
        self._pool = pool
        self._connection: Connection | None = connection
        self.status = connection.status

    @property
    def content_type(self) -> str:
        """In lower case, without parameters."""
        value = self._connection.headers.get(b"content-type", b"") if self._connection is not None else b""
        return _PLAIN.get(value) or value.partition(b";")[0].strip().lower().decode("latin-1")

    @property
    def headers(self) -> dict[bytes, bytes]:
        """Of the answer, names in lower case."""
        return self._connection.headers if self._connection is not None else {}

    def read(self) -> Coroutine[Any, Any, bytes]:
        """All that has come of the body, at least one byte; b"" at its end. Not reading holds the server back. Raises
        Unavailable ``upstream.*``, RuntimeError after `close`."""
        if self._connection is None:
            raise RuntimeError("an answer that was closed")
        return self._connection.read()

    async def whole(self, limit: int) -> bytes:
        """The body if it is no longer than `limit` bytes, else its beginning."""
        parts: list[bytes] = []
        size = 0
        while size < limit and (part := await self.read()):
            parts.append(part)
            size += len(part)
        return b"".join(parts)[:limit]

    def close(self) -> None:
        """Take no more. A connection whose answer was not taken whole ends, by which the server learns that nobody
        listens. Safe to call twice."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._pool.give_back(connection)


def head(method: str, path: str, endpoint: Endpoint, headers: tuple[tuple[str, str], ...] = ()) -> bytes:
    """The head of a request as bytes, all but the Content-Length value and the empty line. Values are checked: a line
    break in one would be a request of its own. Raises ValueError for such a value."""
    lines = [f"{method} {endpoint.path}{path} HTTP/1.1", f"host: {endpoint.authority}"]
    lines += [f"{name}: {value}" for name, value in headers]
    if any("\r" in line or "\n" in line or not line.isascii() for line in lines):
        raise ValueError("a header value holds what must not stand in one")
    return ("\r\n".join(lines) + "\r\ncontent-length: ").encode("ascii")


def request(head: bytes, body: bytes = b"") -> bytes:
    """`head` of the function above, completed with `body`."""
    return b"%b%d\r\n\r\n%b" % (head, len(body), body)
