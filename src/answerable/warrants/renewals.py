# SPDX-License-Identifier: Apache-2.0
"""A minute's renewals in one leaf: the RFC 6962 root over the digests of the tokens that were signed, in order.

A leaf for each renewal would be 43 million a day for ten thousand copies. First grants have a leaf each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Final

from answerable.crypto.random import nonce
from answerable.errors import AnswerableError, Unavailable
from answerable.log.leaf import encode, leaf_hash
from answerable.log.merkle import root_of
from answerable.model.leaves import RenewalsLeaf
from answerable.model.units import Unit
from answerable.ports import Clock, Ledger

MINUTE_MS: Final = 60_000
# No record, no act: when a batch cannot be written for this long, renewals end, and with them the copies.
OVERDUE_MS: Final = 5 * MINUTE_MS
# 10,000 copies renewing every 5 s for as long as a batch may wait, with room to spare.
MAX_PENDING: Final = 1_000_000


class Renewals:
    """The batch being collected. Used on one event loop."""

    def __init__(
        self, ledger: Ledger, clock: Clock, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._sleep = sleep
        self._pending: list[bytes] = []
        self._since = 0  # wall clock at the first pending one
        self._since_mono = 0
        self._writing = asyncio.Lock()
        self._last: asyncio.Future[None] | None = None

    @property
    def pending(self) -> int:
        return len(self._pending)

    def check(self) -> None:
        """Raises Unavailable ``warrant.unrecorded`` while renewals cannot be recorded."""
        waited = self._clock.mono_ms() - self._since_mono if self._pending else 0
        if waited > OVERDUE_MS or len(self._pending) >= MAX_PENDING:
            raise Unavailable("warrant.unrecorded", seconds=waited // 1000)

    def add(self, token: str) -> None:
        """Count a token that was just signed."""
        if not self._pending:
            self._since, self._since_mono = self._clock.now_ms(), self._clock.mono_ms()
        self._pending.append(leaf_hash(sha256(token.encode("ascii")).digest()))

    async def flush(self) -> None:
        """Write what is pending as one leaf. Raises what the ledger raises; then it stays pending."""
        async with self._writing:
            batch = tuple(self._pending)
            if not batch:
                return
            leaf = RenewalsLeaf(
                n=nonce(), num=len(batch), root=root_of(batch).hex(), t=self._clock.now_ms(), t0=self._since
            )
            await self._ledger.commit(Unit(leaves=(encode(leaf),)))
            del self._pending[: len(batch)]
            self._since, self._since_mono = self._clock.now_ms(), self._clock.mono_ms()

    async def run(self) -> None:
        """Write a leaf a minute until cancelled. A failed write is tried again with the next."""
        while True:
            await self._sleep(MINUTE_MS / 1000)
            # Not cancelled with us: what the ledger has taken it writes, and the last flush must not write it again.
            self._last = asyncio.ensure_future(self.flush())
            try:
                await asyncio.shield(self._last)
            except AnswerableError:
                continue  # `check` ends renewals when this goes on
