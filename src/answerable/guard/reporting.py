# SPDX-License-Identifier: Apache-2.0
"""The guard's signed word on a stop, on its way back: a receipt for each state, forward only.

A receipt that cannot be sent is asked for again, and kept as a file: anyone may carry it. Nothing waits for it but the
guard's own end, and that for a bounded time.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final

from answerable.admission.receipts import Receipt, StopState, follows, make
from answerable.crypto.random import nonce
from answerable.errors import AnswerableError, Unavailable
from answerable.guard.folder import Folder
from answerable.guard.sources import Identity, Post

PATH: Final = "/relay/v1/receipts"
REGAIN: Final = "/relay/v1/regain"
MOST: Final = 256  # orders in one offer; who lacks more asks for them
RETRY_S: Final = 0.25
LONGEST_S: Final = 5.0


class Receipts:
    """origin: of the log; posts: ways to the holders' plane; folder: where what was signed is kept."""

    def __init__(self, identity: Identity, origin: str, posts: tuple[Post, ...], folder: Folder) -> None:
        self._identity = identity
        self._origin = origin
        self._posts = posts
        self._folder = folder
        self._states: dict[str, StopState] = {}
        self._received: dict[str, int] = {}
        self._sending: set[asyncio.Task[None]] = set()
        self._offering: asyncio.Task[None] | None = None
        self.sent = 0

    def say(self, order: str, state: StopState, *, now_ms: int, last_ms: int, flying: int) -> Receipt | None:
        """Sign and send that `order` is in `state` here; None where that was said, or more. order: rid."""
        before = self._states.get(order)
        if before is state:
            return None
        if before is not None:
            try:
                follows(before, state)
            except AnswerableError:
                return None
        self._states[order] = state
        received = self._received.setdefault(order, now_ms)
        receipt = Receipt(
            order=order,
            holder=self._identity.rid,
            t_received=received,
            t_last_action=last_ms,
            in_flight=flying,
            stop_state=state,
            n=nonce(),
        )
        data = make(receipt, self._identity.key, self._origin)
        self._folder.append(f"{order}.{state.value}.receipt", data, anew=True)
        task = asyncio.get_running_loop().create_task(self._send(data))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        return receipt

    def offer(self, orders: Sequence[bytes]) -> None:
        """Give orders back to a control plane that does not know them any more; not while the last offer is on its
        way."""
        if orders and (self._offering is None or self._offering.done()):
            body = b'{"orders":[' + b",".join(orders[:MOST]) + b"]}"
            self._offering = asyncio.get_running_loop().create_task(self._once(REGAIN, body))

    async def _once(self, path: str, body: bytes) -> None:
        for post in self._posts:
            with contextlib.suppress(AnswerableError, TimeoutError):
                async with asyncio.timeout(LONGEST_S):
                    await post.post(path, body)

    async def flush(self, seconds: float) -> bool:
        """Wait for what is on its way; whether all arrived."""
        if self._sending:
            _, left = await asyncio.wait(tuple(self._sending), timeout=seconds)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            return not left
        return True

    async def _send(self, data: bytes) -> None:
        """Until one takes it. Who refuses it is not asked again; who is away is."""
        left, pause = list(self._posts), RETRY_S
        while left:
            for post in tuple(left):
                try:
                    async with asyncio.timeout(LONGEST_S):
                        await post.post(PATH, data)
                except (Unavailable, TimeoutError):
                    continue
                except AnswerableError:
                    left.remove(post)
                    continue
                self.sent += 1
                return
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_S)
