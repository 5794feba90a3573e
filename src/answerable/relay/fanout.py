# SPDX-License-Identifier: Apache-2.0
"""Telling many holders at once: each event is encoded once, and written to all of them in turns of the event loop.

Nobody is waited for. Who does not take what was written is dropped, and has to pull when it comes back: so what waits
in memory is bounded, for each holder and for all together.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from answerable.crypto.random import spread
from answerable.errors import Unavailable
from answerable.net.request import NO_STORE, Request
from answerable.relay import encoded

TURN: Final = 256  # holders that are written to before the event loop gets a turn
# TLS connections are rebuilt at some 450 a second here: holders that lost a relay come back no faster than that.
RETURNS_A_SECOND: Final = 400
RETRY_MS: Final = 500
SHORT: Final = 1_024  # bytes of a greeting that are not counted
LOOK_S: Final = 0.1  # between two looks at what was taken of the greetings


@dataclass(frozen=True, slots=True)
class Bounds:
    """holders: at once. per_address: of one address. untaken: bytes that one holder may leave; all_untaken: that all
    together may. pending: bytes that wait to be told; more become a hint to pull. heartbeat: seconds without a word
    after which one is said. Of what all together may leave, half is for greetings."""

    holders: int = 20_000
    per_address: int = 1_024
    untaken: int = 512 << 10
    all_untaken: int = 64 << 20
    pending: int = 512 << 10
    heartbeat: float = 10.0


class Fanout:
    """The holders that listen here. Used on one event loop; `run` does the telling. dropped: how many were too
    slow."""

    def __init__(self, bounds: Bounds = Bounds(), spread: Callable[[], float] = spread) -> None:
        self.bounds = bounds
        self.dropped = 0
        self._spread = spread
        self._holders: dict[Request, str] = {}
        self._from: Counter[str] = Counter()
        self._greeted: dict[Request, int] = {}  # bytes of a long greeting that were not taken when it was looked
        self._greeting = 0
        self._look = 0.0
        self._pending: list[bytes] = []
        self._size = 0
        self._wake = asyncio.Event()
        self._closed = False

    def __len__(self) -> int:
        return len(self._holders)

    def retry_ms(self) -> int:
        """When a holder that loses us is to come back: spread over as long as it takes to receive all of them."""
        return RETRY_MS + int(self._spread() * (1000 + 1000 * len(self._holders) / RETURNS_A_SECOND))

    async def serve(self, request: Request, first: bytes, address: str, *, brief: bytes = b"") -> None:
        """Tell this holder `first`, then all that comes, until it goes or is dropped. brief: said instead where those
        who came before have not taken what was said to them: a hint to pull. Raises Unavailable ``relay.full``, before
        anything is answered."""
        bounds = self.bounds
        if self._closed or len(self._holders) >= bounds.holders:
            raise Unavailable("relay.full", limit=bounds.holders)
        if self._from[address] >= bounds.per_address:
            raise Unavailable("relay.full", limit=bounds.per_address)
        self._holders[request] = address
        self._from[address] += 1
        try:
            request.keep = False
            if brief and not self._room(len(first)):
                first = brief
            if len(first) > SHORT:
                self._greeted[request] = len(first)
                self._greeting += len(first)
            request.begin(200, (encoded.TYPE, NO_STORE), first)
            await request.ended()
        finally:
            self._greeting -= self._greeted.pop(request, 0)
            del self._holders[request]
            self._from[address] -= 1
            if not self._from[address]:
                del self._from[address]

    def _room(self, size: int) -> bool:
        """Whether one more greeting of that size may wait. What was taken since is looked for now and then."""
        limit = self.bounds.all_untaken // 2
        now = asyncio.get_running_loop().time()
        if size > SHORT and self._greeting + size > limit and now - self._look >= LOOK_S:
            self._look = now
            left = {each: each.connection.transport.get_write_buffer_size() for each in self._greeted}
            self._greeted = {each: min(self._greeted[each], waiting) for each, waiting in left.items() if waiting}
            self._greeting = sum(self._greeted.values())
        return size <= SHORT or self._greeting + size <= limit

    def tell(self, event: bytes) -> None:
        """To everyone who listens now."""
        if self._size + len(event) > self.bounds.pending:
            self._pending, self._size = [encoded.HINT], len(encoded.HINT)
        else:
            self._pending.append(event)
            self._size += len(event)
        self._wake.set()

    async def run(self) -> None:
        """Tell what is to be told, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(self.bounds.heartbeat):
                    await self._wake.wait()
            except TimeoutError:
                await self._write(encoded.HEARTBEAT)
                continue
            self._wake.clear()
            data = b"".join(self._pending)
            self._pending, self._size = [], 0
            await self._write(data)

    async def close(self) -> None:
        """Send everyone away, in order."""
        self._closed = True
        for number, request in enumerate(tuple(self._holders)):
            if not request.complete:
                request.end()
            if number % TURN == TURN - 1:
                await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def _write(self, data: bytes) -> None:
        chunk = encoded.chunk(data)
        bounds, untaken = self.bounds, 0
        for number, request in enumerate(tuple(self._holders)):
            if request.gone or request.complete:
                continue
            transport = request.connection.transport
            if waiting := transport.get_write_buffer_size():
                untaken += waiting
                if waiting + len(chunk) > bounds.untaken or untaken > bounds.all_untaken:
                    self.dropped += 1
                    untaken -= waiting
                    transport.abort()
                    continue
            transport.write(chunk if request.version == "1.1" else data)
            if number % TURN == TURN - 1:
                await asyncio.sleep(0)
