# SPDX-License-Identifier: Apache-2.0
"""The holders' plane: one handler of requests over a board and those who listen to it.

Reading needs no credential. Orders and pulses are signed, and name nothing that the log does not show to everyone; and
whoever must stop must be able to hear of it, with a key that was withdrawn or a warrant that has ended just as well.
What costs is bounded instead: holders, holders of one address, requests at once, and what of an address was refused.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Final

import msgspec

from answerable.crypto.random import nonce, spread
from answerable.errors import AnswerableError, Refused, Unavailable, VerificationError
from answerable.net.hosts import Hosts, source
from answerable.net.request import NO_STORE, Gone, Late, Request
from answerable.relay import encoded
from answerable.relay.board import PAGE, Board
from answerable.relay.fanout import Fanout
from answerable.relay.rates import Refusals
from answerable.relay.routes import MAX_BODY, Answer, Call, Route

EVENTS: Final = "/relay/v1/events"
ORDERS: Final = "/relay/v1/orders"
PULSE: Final = "/relay/v1/pulse"
RECEIPTS: Final = "/relay/v1/receipts"
WARRANTS: Final = "/control/v1/warrants"
# Requests that are being answered, streams apart. A write to the log takes some milliseconds for all of them together.
AT_ONCE: Final = 1_024
FREE: Final = 3  # the first routes: orders, pulse, health
ARRIVING: Final = 64 << 20  # bytes of bodies longer than `MAX_BODY` that have not come whole
MAX_NUMBER: Final = 2**53 - 1
_JSON_TYPE: Final = b"content-type: application/json"
_PLANE: Final = logging.getLogger("answerable.relay")


class Plane:
    """A handler for `net.server.Listener`. routes: what is answered beside events, orders and pulse; hosts: names,
    without port, that are answered beside the loopback ones."""

    def __init__(
        self, board: Board, fanout: Fanout, routes: Iterable[Route] = (), *, hosts: Iterable[str] = ()
    ) -> None:
        self._board = board
        self._fanout = fanout
        self._routes = (
            Route("GET", ORDERS, self._orders),
            Route("GET", PULSE, self._pulse),
            Route("GET", "/healthz", _healthy),
            *routes,
        )
        self._hosts = Hosts(hosts)
        self._refusals = Refusals(asyncio.get_running_loop().time)
        self._busy = self._arriving = 0

    async def __call__(self, request: Request) -> None:
        peer = request.connection.peer
        address = "" if peer.unix else source(peer.address)
        headers = dict(request.headers)
        try:
            if b"origin" in headers:
                raise Refused("request.origin")
            if headers.get(b"host", b"") not in self._hosts:
                raise Refused("request.host")
            if request.path == EVENTS:
                await self._events(request, headers, address)
                return
            answer = await self._answer(request, headers, address)
        except (Gone, Late):
            return
        except AnswerableError as error:
            self._fail(request, error)
        except Exception as error:  # noqa: BLE001  nothing may answer without a shape
            incident = nonce()
            _PLANE.error("incident %s: %s at %s", incident, type(error).__name__, request.path[:64], exc_info=error)
            self._fail(request, Unavailable("internal.error", incident=incident))
        else:
            request.answer(answer.status, (b"content-type: " + answer.type, NO_STORE), answer.body)

    async def _events(self, request: Request, headers: dict[bytes, bytes], address: str) -> None:
        if request.method != "GET":
            raise Refused("request.method", method=request.method[:16], allowed="GET")
        asked = headers.get(b"last-event-id", b"").decode("latin-1") or _query(request.query.decode("latin-1"), "since")
        first, brief = self._first(_number(asked))
        await self._fanout.serve(request, first, address, brief=brief)

    def _first(self, since: int) -> tuple[bytes, bytes]:
        """What a holder hears that knows all changes up to `since`; and the least of it, so that it pulls the rest."""
        board = self._board
        hello = encoded.hello(board.epoch, self._fanout.retry_ms())
        parts = [hello]
        page = board.since(since, self._fanout.bounds.untaken // 2)
        if page.more or sum(len(each) for each in page.orders) > self._fanout.bounds.untaken // 2:
            parts.append(encoded.HINT)
        else:
            # Without numbers: which change each was stands in the message, and hello has said where they end.
            parts += [encoded.order(bytes(each), 0) for each in page.orders]
        if board.pulse:
            parts.append(encoded.pulse(board.pulse))
        return b"".join(parts), hello + encoded.HINT

    async def _answer(self, request: Request, headers: dict[bytes, bytes], address: str) -> Answer:
        named = [route for route in self._routes if route.takes(request.path)]
        if not named:
            raise Refused("request.not_found")
        route = next((route for route in named if route.method == request.method), None)
        if route is None:
            allowed = ", ".join(sorted({each.method for each in named}))
            raise Refused("request.method", method=request.method[:16], allowed=allowed)
        # What stands here anyway costs nothing: whoever shares an address with a stranger hears of orders all the same.
        if route not in self._routes[:FREE] and self._refusals.too_many(address):
            raise Unavailable("relay.rate")
        if self._busy >= AT_ONCE:
            raise Unavailable("relay.busy")
        try:
            body = await self._body(request, route.limit)
        except Refused:
            self._refusals.count(address)
            raise
        if self._busy >= AT_ONCE:
            raise Unavailable("relay.busy")
        self._busy += 1
        try:
            path, query = request.raw_path.decode("latin-1"), request.query.decode("latin-1")
            answer = await route.run(Call(request.method, path, query, headers, body, address))
            if answer.idle:
                self._refusals.count(address, answer.idle)
            return answer
        except (Refused, VerificationError):
            self._refusals.count(address)
            raise
        finally:
            self._busy -= 1

    async def _body(self, request: Request, limit: int) -> bytes:
        """The whole body. While it comes it takes no place among the requests at once, or strangers who send slowly
        would keep everybody out; of long ones no more lies here than `ARRIVING` together. Raises Refused
        ``request.too_large``, Unavailable ``relay.busy``, Gone, Late."""
        here = held = 0

        def arrived(size: int) -> None:
            nonlocal here, held
            here += size
            if here > MAX_BODY:
                if self._arriving + size > ARRIVING:
                    raise Unavailable("relay.busy")
                self._arriving += size
                held += size

        try:
            body = await request.body(limit, arrived)
        finally:
            self._arriving -= held
        if body is None:
            raise Refused("request.too_large", limit=limit)
        return body

    async def _orders(self, call: Call) -> Answer:
        return Answer(msgspec.json.encode(self._board.since(_number(_query(call.query, "since")), PAGE)))

    async def _pulse(self, call: Call) -> Answer:
        if not self._board.pulse:
            raise Refused("request.not_found")
        return Answer(self._board.pulse)

    def _fail(self, request: Request, error: AnswerableError) -> None:
        if request.started or request.gone:
            return
        lines = [_JSON_TYPE, NO_STORE]
        if isinstance(error, Refused):
            lines.append(b"x-should-retry: false")
        elif error.http in (429, 503):
            # Spread, so that all who were sent away do not come back together.
            wait = error.params.get("retry_s")
            lines.append(b"retry-after: %d" % ((wait if isinstance(wait, int) else 1) + int(4 * spread())))
        request.keep = request.keep and request.whole
        request.answer(error.http, lines, msgspec.json.encode({"error": error.as_dict()}))


async def _healthy(_: Call) -> Answer:
    return Answer(b'{"status":"ok"}')


def _query(query: str, name: str) -> str:
    for part in query.split("&"):
        key, _, value = part.partition("=")
        if key == name:
            return value
    return ""


def _number(text: str) -> int:
    """0 where nothing is said. Raises Refused ``admin.request`` for what is no number of a change."""
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= MAX_NUMBER):
        raise Refused("admin.request", detail="since is not the number of a change")
    return int(text)
