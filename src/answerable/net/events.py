# SPDX-License-Identifier: Apache-2.0
"""A holder's ear: follows relays for ever, hands what comes to its view, and pulls whatever may have been missed.

It never believes a relay: the view verifies each message, and its epoch and the pulse say whether all are there. A
relay that says nothing, not even a heartbeat, is left for the next. Nothing here keeps anybody alive: whoever hears
nothing ends with warrant and pulse.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import msgspec

from answerable.crypto.random import spread
from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.net.limits import Limits
from answerable.net.relay_client import RelayClient
from answerable.net.sse import Event, Parser

EVENTS: Final = "/relay/v1/events"
ORDERS: Final = "/relay/v1/orders"
SILENCE_S: Final = 25.0  # a relay says a word every 10 s
RETRY_S: Final = 0.5
LONGEST_S: Final = 30.0
PULL_EVERY_S: Final = 1.0  # at most, where pulling does not bring what is missing
MAX_PAGES: Final = 10_000
UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError)  # of JSON: text may be no UTF-8
_log: Final = logging.getLogger("answerable.events")


class View(Protocol):
    """What a holder knows. Implemented by `admission.holding.HolderView`."""

    @property
    def epoch(self) -> int: ...

    def order(self, data: bytes) -> Any | None:
        """What it told, None where that was known. Raises errors of `answerable.errors` for what is not to be
        believed."""

    def pulse(self, data: bytes, now_ms: int, mono_ms: int) -> bool:
        """Whether orders are missing. Raises as `order`."""


class _Page(msgspec.Struct, frozen=True, kw_only=True):
    epoch: int
    more: bool
    orders: tuple[msgspec.Raw, ...]


_page: Final = msgspec.json.Decoder(_Page).decode


class Follower:
    """urls: of relays, any of which will do; the first that answers is followed. wall, mono: ms, of the view's clocks.
    told: called with what the view made of each order that was news; pulsed: with each pulse that it took;
    behind: with a relay, and the last change that it knows, where we know of later ones: it was put back to the
    past, or is slow, and can be given what it lacks.

    heard_ms: monotonic instant of the newest byte from a relay, 0 before there was one. refused: messages that the view
    did not believe. connected: address of the relay that is followed now, "" for none. Belongs to one event loop.
    Raises Refused ``relay.none``, ``upstream.address``, ``config.value``.
    """

    def __init__(
        self,
        urls: Sequence[str],
        view: View,
        *,
        wall: Callable[[], int],
        mono: Callable[[], int],
        ca_file: str = "",
        told: Callable[[Any], None] = lambda _: None,
        pulsed: Callable[[bytes], None] = lambda _: None,
        behind: Callable[[RelayClient, int], None] = lambda _client, _epoch: None,
        silence_s: float = SILENCE_S,
        spread: Callable[[], float] = spread,
    ) -> None:
        if not urls:
            raise Refused("relay.none")
        limits = Limits(connections=4, waiting=16, connect=5.0, head=10.0, silence=silence_s)
        self.clients = tuple(RelayClient(url, ca_file, limits) for url in urls)
        self.heard_ms = 0
        self.refused = 0
        self.connected = ""
        self._view = view
        self._wall = wall
        self._mono = mono
        self._told = told
        self._pulsed = pulsed
        self._behind = behind
        self._spread = spread
        self._retry_s = RETRY_S
        self._goal = 0  # up to which change a relay says that there are orders
        self._pulled = -PULL_EVERY_S

    async def run(self) -> None:
        """Follow, until cancelled. Each relay is tried in turn, with a pause that grows and is spread."""
        pause = RETRY_S
        try:
            while True:
                for client in self.clients:
                    try:
                        await self._follow(client)
                    except AnswerableError as error:
                        _log.info("%s: %s", client.url, error.code)
                    except Exception:  # noqa: BLE001  # whatever a relay says, the next one is heard
                        _log.exception("%s: what it said met a defect", client.url)
                    if self.connected:
                        self.connected, pause = "", self._retry_s
                    await asyncio.sleep(pause * (0.5 + self._spread()))
                    pause = min(2 * pause, LONGEST_S)
        finally:
            self.connected = ""
            await self.close()

    async def close(self) -> None:
        for client in self.clients:
            await client.close()

    async def pull(self, client: RelayClient | None = None) -> None:
        """Bring all that is missing from `client`, or from the first relay that answers. Raises Unavailable
        ``relay.*``, ``upstream.*`` where none does."""
        error: AnswerableError = Refused("relay.none")
        for each in (client,) if client is not None else self.clients:
            try:
                await self._pull(each)
                return
            except AnswerableError as failed:
                error = failed
        raise error

    async def _pull(self, client: RelayClient) -> None:
        since = self._view.epoch
        for _ in range(MAX_PAGES):
            data = await client.get(f"{ORDERS}?since={since}")
            try:
                page = _page(data)
            except UNREADABLE:
                raise Unavailable("relay.answer", relay=client.url, detail="no page of orders") from None
            self.heard_ms = self._mono()
            for order in page.orders:
                self._order(bytes(order))
            if not page.more or page.epoch <= since:
                return
            since = page.epoch
            await asyncio.sleep(0)

    async def _follow(self, client: RelayClient) -> None:
        """Until the stream ends. Raises Unavailable ``relay.*``, ``upstream.*``."""
        epoch = str(self._view.epoch)
        exchange = await client.open(EVENTS, (("accept", "text/event-stream"), ("last-event-id", epoch)))
        try:
            if exchange.content_type != "text/event-stream":
                raise Unavailable("relay.answer", relay=client.url, detail="no stream of events")
            self.connected = client.url
            parser = Parser()
            while data := await exchange.read():
                self.heard_ms = self._mono()
                hinted = sum([self._event(event, client) for event in parser.feed(data)]) > 0  # each is looked at
                if parser.retry_ms:
                    self._retry_s = parser.retry_ms / 1000
                await self._make_good(client, hinted)
        finally:
            exchange.close()

    async def _make_good(self, client: RelayClient, hinted: bool) -> None:
        """Pull where something is missing; at once where a relay hints, else at most once a second."""
        now = asyncio.get_running_loop().time()
        gap = self._goal > self._view.epoch
        if hinted or (gap and now - self._pulled >= PULL_EVERY_S):
            self._pulled = now
            await self._pull(client)
            # What even a pull does not bring is not promised again until a relay says so.
            self._goal = min(self._goal, self._view.epoch)

    def _event(self, event: Event, client: RelayClient) -> bool:
        """Whether to pull."""
        if event.name == "order":
            self._order(event.data)
        elif event.name == "pulse":
            return self._pulse(event.data)
        elif event.name == "hello":
            epoch = _epoch(event.data)
            self._goal = max(self._goal, epoch)
            if 0 <= epoch < self._view.epoch:
                self._behind(client, epoch)
        return event.name == "hint"

    def _order(self, data: bytes) -> None:
        try:
            told = self._view.order(data)
        except AnswerableError as error:
            self.refused += 1
            _log.warning("an order that is not believed: %s", error.code)
            return
        if told is not None:
            self._goal = max(self._goal, int(told.epoch), int(told.changed))
            self._told(told)

    def _pulse(self, data: bytes) -> bool:
        before = self._view.epoch
        try:
            missing = self._view.pulse(data, self._wall(), self._mono())
        except AnswerableError as error:
            # The same pulse comes by several ways, and an older one after a newer one: that is no news.
            self.refused += error.code != "pulse.replayed"
            return False
        self._pulsed(data)
        return missing or before != self._view.epoch


def _epoch(data: bytes) -> int:
    try:
        value = msgspec.json.decode(data)
    except UNREADABLE:
        return -1
    epoch = value.get("epoch") if isinstance(value, dict) else None
    return epoch if isinstance(epoch, int) and 0 <= epoch < 2**53 else -1
