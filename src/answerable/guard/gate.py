# SPDX-License-Identifier: Apache-2.0
"""The gate: the one way out of the program's network namespace. It adds the current warrant and passes calls on to the
gateway, both ways as they come; the program never holds a credential, and what it sends as one is dropped.

Each call is admitted here before it goes, and again with each piece of its answer; a stop cuts what is in flight.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus
from typing import Final

import msgspec

from answerable.crypto.ed25519 import Key
from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.guard.sources import Leased
from answerable.guard.standing import Call, Standing
from answerable.net.endpoint import Endpoint
from answerable.net.limits import Limits
from answerable.net.pool import Exchange, Pool
from answerable.net.request import JSON, NO_STORE, Gone, Late, Request, field

PREFIX: Final = b"/v1/"
WAYS: Final = (PREFIX, b"/mcp/")  # what the program may reach: models and tools
STATUS: Final = frozenset(status.value for status in HTTPStatus)
CONNECTIONS: Final = 384  # of the program at once: more than may fly and wait
MAX_BODY: Final = 32 << 20  # bytes of a request; gateways take 4 MiB unless told otherwise
MAX_SHOWN: Final = 1 << 20  # of an answer that nobody reads
ENVELOPE: Final = "answerable-envelope"
ORDERS: Final = b"/relay/v1/orders"
LIMITS: Final = Limits(connections=64, waiting=256, connect=5.0, head=600.0, silence=600.0)
# What is of one connection (RFC 9110 section 7.6.1), or would speak for somebody.
_DROPPED: Final = frozenset({
    b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"host",
    b"content-length", b"expect", b"accept-encoding", b"authorization", b"proxy-authorization", b"cookie",
    b"x-api-key", b"api-key", b"origin", b"forwarded", b"x-forwarded-for", b"x-forwarded-host",
    b"x-forwarded-proto", ENVELOPE.encode(),
})  # fmt: skip
_NOT_BACK: Final = frozenset({
    b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"date",
    b"content-length", b"set-cookie",
})  # fmt: skip
_RETRY: Final = b"x-should-retry: false"  # SDKs ask again what was refused, unless they are told


class _Epoch(msgspec.Struct, frozen=True):
    epoch: int


_epoch: Final = msgspec.json.Decoder(_Epoch).decode


class Gate:
    """A handler for `net.server.Listener`. gateway: where calls go."""

    def __init__(self, standing: Standing, pool: Pool) -> None:
        self._standing = standing
        self._pool = pool
        self._running: set[asyncio.Task[None]] = set()
        self._streams: set[Request] = set()
        self._why: AnswerableError | None = None

    def cut(self, why: AnswerableError) -> int:
        """End every call in flight, now, and say why where that can still be said; how many there were."""
        running = tuple(self._running)
        self._why = why
        for task in running:
            task.cancel()
        return len(running)

    async def show(self, other: Leased | None = None) -> None:
        """Let the gateway see the warrant in hand: an answer that began under an older one goes on under this. other:
        one of another source, in its place. Raises Refused as `Standing.admit`, Unavailable ``upstream.*``, also where
        the gateway does not take it."""
        leased = other or self._standing.admit()
        lines = [*self._first_lines(b"GET", PREFIX + b"models"), *_credentials(leased)]
        with contextlib.closing(await self._pool.ask(b"\r\n".join(lines) + b"\r\n\r\n")) as exchange:
            told = await exchange.whole(MAX_SHOWN)
        if exchange.status != HTTPStatus.OK:
            raise Unavailable(
                "upstream.broken", what=f"status {exchange.status}, {told[:200].decode('utf-8', 'replace')}"
            )

    async def tell(self, orders: Sequence[bytes]) -> int:
        """Hand order messages on to the gateway, under the warrant in hand; up to which change of the stop set it knows
        all. Raises Refused ``request.not_found`` where it takes none, Unavailable ``upstream.*``."""
        leased = self._standing.leased
        body = msgspec.json.encode({"orders": [msgspec.Raw(each) for each in orders]})
        lines = [*self._first_lines(b"POST", ORDERS), *(_credentials(leased) if leased is not None else ())]
        lines += [b"content-type: application/json", b"content-length: %d" % len(body)]
        with contextlib.closing(await self._pool.ask(b"\r\n".join(lines) + b"\r\n\r\n" + body)) as exchange:
            told = await exchange.whole(MAX_SHOWN)
        if exchange.status == HTTPStatus.NOT_FOUND:
            raise Refused("request.not_found")
        try:
            if exchange.status == HTTPStatus.OK:
                return _epoch(told).epoch
        except msgspec.MsgspecError:
            pass
        raise Unavailable("upstream.broken", what=f"status {exchange.status}, {told[:200].decode('utf-8', 'replace')}")

    async def __call__(self, request: Request) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._running.add(task)
        try:
            await self._answer(request)
        except (Gone, Late):
            return
        except AnswerableError as error:
            self._say(request, error)
        except asyncio.CancelledError:
            if self._why is None or request.gone:
                raise
            self._say(request, self._why)
        finally:
            self._streams.discard(request)
            if task is not None:
                self._running.discard(task)

    def _say(self, request: Request, error: AnswerableError) -> None:
        """A stream of events that has begun ends with the refusal; any other answer ends by its connection, so that
        nobody takes it for a whole one."""
        body = msgspec.json.encode({"error": error.as_dict()})
        if not request.started:
            request.answer(error.http, (JSON, NO_STORE, _RETRY), body)
        elif request in self._streams:
            request.end(b"\n\ndata: " + body + b"\n\n")
        else:
            request.cancels = False
            request.leave()
            request.connection.transport.abort()

    async def _answer(self, request: Request) -> None:
        if not request.raw_path.startswith(WAYS) or b"/../" in request.raw_path + b"/" or "/../" in request.path + "/":
            raise Refused("guard.path")
        if request.method == "HEAD":  # an answer without the body that its head speaks of would be waited for
            raise Refused("request.method", method="HEAD", allowed="GET")
        leased, call = self._standing.begin(request.method, request.path)
        try:
            exchange = await self._forward(request, leased, call)
            with contextlib.closing(exchange):
                await self._back(request, exchange, call)
        finally:
            self._standing.end()

    async def _forward(self, request: Request, leased: Leased, call: Call) -> Exchange:
        length = _length(request)
        if length is not None and length > MAX_BODY:
            raise Refused("request.too_large", limit=MAX_BODY)
        head = self._head(request, leased, length)
        return await self._pool.ask_in_parts(head, self._parts(request, call, chunked=length is None))

    def _head(self, request: Request, leased: Leased, length: int | None) -> bytes:
        query = b"?" + request.query if request.query else b""
        lines = self._first_lines(request.method.encode(), request.raw_path + query)
        lines += [field(name, value) for name, value in request.headers if name not in _DROPPED]
        lines += _credentials(leased)
        lines.append(b"transfer-encoding: chunked" if length is None else b"content-length: %d" % length)
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def _first_lines(self, method: bytes, target: bytes) -> list[bytes]:
        endpoint = self._pool.endpoint
        return [
            b"%b %b%b HTTP/1.1" % (method, endpoint.path.encode(), target),
            b"host: %b" % endpoint.authority.encode(),
        ]

    async def _parts(self, request: Request, call: Call, *, chunked: bool) -> AsyncIterator[bytes]:
        digest = hashlib.sha256()
        while part := await request.part():
            if request.received > MAX_BODY:
                raise Refused("request.too_large", limit=MAX_BODY)
            self._standing.admit()
            digest.update(part)
            yield b"%x\r\n%b\r\n" % (len(part), part) if chunked else part
        call.sent = digest.hexdigest()
        if chunked:
            yield b"0\r\n\r\n"

    async def _back(self, request: Request, exchange: Exchange, call: Call) -> None:
        call.status = exchange.status
        if exchange.status not in STATUS:
            raise Unavailable("upstream.broken", what="a status that there is not")
        digest = hashlib.sha256()
        fields = [field(name, value) for name, value in exchange.headers.items() if name not in _NOT_BACK]
        known = exchange.headers.get(b"content-length")
        length = int(known) if known is not None else None
        part = await exchange.read()
        digest.update(part)
        whole = length is not None and len(part) == length
        self._standing.admit()
        if exchange.content_type == "text/event-stream":
            self._streams.add(request)
        request.begin(exchange.status, fields, part, length=length, last=whole or not part)
        while not request.complete:
            part = await exchange.read()
            self._standing.admit()
            digest.update(part)
            if part:
                request.send(part)
                await request.drained()
            else:
                request.end()
        if whole:
            await exchange.read()  # its end was seen: the connection serves the next call
        call.got = digest.hexdigest()


def pool(endpoint: Endpoint, ca_file: str = "", *, key: Key, copy: str) -> Pool:
    """Connections to the gateway, which show over TLS that the key of the warrants is held here. copy: SPIFFE id.
    Raises Refused ``config.value`` for a file without certificates."""
    if not endpoint.tls:
        return Pool(endpoint, "gateway", LIMITS)
    from answerable.net.clients import show
    from answerable.net.relay_client import tls_context

    context = tls_context(ca_file)
    show(context, key, copy)
    return Pool(endpoint, "gateway", LIMITS, context)


def _credentials(leased: Leased) -> list[bytes]:
    lines = [b"authorization: Bearer " + leased.held.token.encode()]
    if leased.held.envelope:
        lines.append(b"%b: %b" % (ENVELOPE.encode(), leased.held.envelope.encode()))
    return lines


def _length(request: Request) -> int | None:
    """Of the body as it was announced; None for one that comes in pieces; 0 for none."""
    chunked = False
    for name, value in request.headers:
        if name == b"content-length":
            return int(value)
        chunked = chunked or name == b"transfer-encoding"
    return None if chunked else 0
