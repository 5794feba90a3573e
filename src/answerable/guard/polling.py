# SPDX-License-Identifier: Apache-2.0
"""An ear where there is no relay: beside the control plane, its Unix socket is asked for orders and pulses, again and
again. What comes is verified by the view, as from anyone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, Protocol

import msgspec

from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.guard.lease import mono_ms, now_ms

ORDERS: Final = "/control/v1/orders"
PULSE: Final = "/control/v1/pulse"
EVERY_S: Final = 0.2
MAX_PAGES: Final = 10_000


class Get(Protocol):
    """Implemented by `net.relay_client.RelayClient`."""

    async def get(self, path: str) -> bytes: ...


class View(Protocol):
    """Implemented by `admission.holding.HolderView`."""

    pulse_required: bool

    @property
    def epoch(self) -> int: ...

    def order(self, data: bytes) -> Any | None: ...

    def pulse(self, data: bytes, now_ms: int, mono_ms: int) -> bool: ...


class _Page(msgspec.Struct, frozen=True, kw_only=True):
    epoch: int
    more: bool
    orders: tuple[msgspec.Raw, ...]


_page: Final = msgspec.json.Decoder(_Page).decode


class Poller:
    """told: called when something was news. Belongs to one event loop."""

    def __init__(self, way: Get, view: View, told: Callable[[], None], *, every_s: float = EVERY_S) -> None:
        self._way = way
        self._view = view
        self._told = told
        self._every_s = every_s

    async def run(self) -> None:
        """Ask, until cancelled. A service that is away is asked again: warrant and pulse end by themselves."""
        while True:
            try:
                await self.pull()
            except AnswerableError:
                await asyncio.sleep(self._every_s)
            await asyncio.sleep(self._every_s)

    async def pull(self) -> None:
        """All that is missing, and the newest pulse. Raises Unavailable ``upstream.*``, ``relay.answer``,
        ``pulse.source`` where nobody can say."""
        news = await self._orders()
        if self._view.pulse_required:
            news |= await self._pulse()
        if news:
            self._told()

    async def _orders(self) -> bool:
        news = False
        since = self._view.epoch
        for _ in range(MAX_PAGES):
            data = await self._way.get(f"{ORDERS}?since={since}")
            try:
                page = _page(data)
            except msgspec.MsgspecError:
                raise Unavailable("relay.answer", relay="the control plane", detail="no page of orders") from None
            for order in page.orders:
                news |= self._order(bytes(order))
            if not page.more or page.epoch <= since:
                break
            since = page.epoch
        return news

    def _order(self, data: bytes) -> bool:
        try:
            return self._view.order(data) is not None
        except AnswerableError:
            return False  # not to be believed: whoever sent it gains nothing

    async def _pulse(self) -> bool:
        try:
            self._view.pulse(await self._way.get(PULSE), now_ms(), mono_ms())
        except Refused:
            return False  # none, or none that is news
        return True
