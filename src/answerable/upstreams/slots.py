# SPDX-License-Identifier: Apache-2.0
"""Who has which slot of the engine: a slot keeps what was said in it, so an answer that is made of many calls must have
it alone from its first word to its last."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from answerable.errors import Unavailable
from answerable.net.pool import Exchange

WAITING: Final = 64
WAIT_SECONDS: Final = 120.0


class Slots:
    """`count` slots, lent in the order in which they were asked for. Belongs to one event loop."""

    def __init__(self, count: int, name: str) -> None:
        self.count = count
        self._name = name
        self._free = list(range(count))
        self._waiting: deque[tuple[int, asyncio.Future[tuple[int, ...]]]] = deque()

    async def take(self, number: int = 1) -> tuple[int, ...]:
        """`number` slots, at most all. Raises Unavailable ``upstream.busy`` where too many wait, or for too long."""
        if len(self._waiting) >= WAITING:
            raise Unavailable("upstream.busy", upstream=self._name)
        mine: asyncio.Future[tuple[int, ...]] = asyncio.get_running_loop().create_future()
        self._waiting.append((min(number, self.count), mine))
        self._lend()
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                return await mine
        except BaseException as error:
            if mine.done() and not mine.cancelled():
                self.give(mine.result())  # they came while it was leaving
            else:
                mine.cancel()
                self._lend()
            if isinstance(error, TimeoutError):
                raise Unavailable("upstream.busy", upstream=self._name) from None
            raise

    def give(self, slots: tuple[int, ...]) -> None:
        self._free += slots
        self._lend()

    def _lend(self) -> None:
        while self._waiting:
            number, waiter = self._waiting[0]
            if waiter.done():
                self._waiting.popleft()
                continue
            if len(self._free) < number:
                return
            self._waiting.popleft()
            self._free.sort()
            lent, self._free = tuple(self._free[:number]), self._free[number:]
            waiter.set_result(lent)


class Leased:
    """ports.Reply over an exchange; its slots are given back when it is closed. done: gives them back."""

    __slots__ = ("_done", "_reply")

    def __init__(self, reply: Exchange, done: Callable[[], None]) -> None:
        self._reply = reply
        self._done: Callable[[], None] | None = done

    async def read(self) -> bytes:
        return await self._reply.read()

    async def whole(self, limit: int) -> bytes:
        """As `Exchange.whole`."""
        return await self._reply.whole(limit)

    def close(self) -> None:
        self._reply.close()
        if self._done is not None:
            done, self._done = self._done, None
            done()
