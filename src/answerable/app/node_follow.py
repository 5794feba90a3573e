# SPDX-License-Identifier: Apache-2.0
"""How a gateway node follows its control plane: the registry by number, orders and pulses from whoever carries them.

Every order message is kept on the node's own disk. A control plane that shows a smaller stop set than the node knows
was put back from the past: it is offered every message that the node has, and nothing of its older registry is taken.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from answerable.admission.holding import HolderView
from answerable.admission.orders import Told, stop_root
from answerable.app.node_feed import Told as Changes
from answerable.app.node_link import Link
from answerable.app.node_replica import Replica
from answerable.app.order_store import OrderStore
from answerable.crypto.random import spread
from answerable.errors import AnswerableError

RETRY_S: Final = 0.5
LONGEST_S: Final = 5.0
# Where a warrant shows that the control plane is there again and knows more, it is asked no sooner than this.
HURRY_S: Final = 0.1
# Messages offered in one question.
OFFERED: Final = 64
_log: Final = logging.getLogger("answerable.node")


class Follow:
    """changed: called after each change of the replica, with the rids of the parties that changed; heard: with each
    order that was news. problem: code of
    what keeps the node from hearing its control plane now, "" for nothing."""

    def __init__(
        self,
        link: Link,
        replica: Replica,
        view: HolderView,
        orders: OrderStore,
        changed: Callable[[tuple[str, ...]], Awaitable[None]],
        heard: Callable[[Told], None] = lambda _: None,
    ) -> None:
        self._link = link
        self._replica = replica
        self._view = view
        self._orders = orders
        self._changed = changed
        self._heard = heard
        self.problem = "node.unseen"
        self.offered = 0
        self._hurry = asyncio.Event()
        link.known, link.hear = (lambda: view.epoch), self.order

    def recall(self) -> int:
        """Take in what was kept; how many orders are known. Raises Unavailable ``store.failed``."""
        for message in self._orders.read():
            try:
                self._view.order(message, kept=True)
            except AnswerableError as error:
                _log.error("an order that was kept is not believed any more: %s", error.code)
        return len(self._view.told())

    def keep(self, told: Told) -> None:
        """An order that was news."""
        try:
            self._orders.add(told.data)
        except AnswerableError as error:
            _log.error("an order is in force and was not kept: %s", error)

    def hurry(self) -> None:
        """Ask at once, if the next question waits for a control plane that did not answer."""
        self._hurry.set()

    async def once(self, *, wait: bool = False) -> bool:
        """Ask once; whether the replica is complete. Raises as `Link.changes`."""
        told = await self._say(wait=wait)
        if told.epoch < self.known() and await self._behind():
            self.problem = "recover.behind"
            return False
        for message in told.orders:  # before the row: who shows that it was ordered must be able to prove it
            self.order(message.encode())
        parties = tuple(key for space, key, _ in told.rows if space == "parties")
        if self._replica.take(told):
            await self._changed(parties)
        self.problem = ""
        return not told.more

    async def run(self) -> None:
        """Follow until cancelled."""
        pause = RETRY_S
        while True:
            try:
                complete = await self.once(wait=self._replica.seen and not self.problem)
            except AnswerableError as error:
                if self.problem != error.code:
                    _log.warning("the control plane: %s", error)
                self.problem = error.code
                self._hurry.clear()
                await asyncio.sleep(HURRY_S)
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause * (0.5 + spread()) - HURRY_S):
                        await self._hurry.wait()
                pause = min(2 * pause, LONGEST_S)
                continue
            pause = RETRY_S
            if self.problem or not (complete or self._replica.since):
                await asyncio.sleep(RETRY_S)

    @property
    def epoch(self) -> int:
        """Up to which change of the stop set all messages are known."""
        return self._view.epoch

    def known(self) -> int:
        """Up to which change of the stop set anything was heard, by an order's message or by the registry."""
        return max(self._view.epoch, self._replica.epoch)

    def order(self, message: bytes) -> None:
        """Take in an order's message from the control plane."""
        try:
            told = self._view.order(message)
        except AnswerableError as error:
            _log.error("an order from the control plane is not believed: %s", error.code)
            return
        if told is not None:
            self._heard(told)

    async def _behind(self) -> bool:
        """The control plane lacks orders: offer all. Whether it still lacks some, so that its registry is the past."""
        told = await self._say()
        if told.epoch >= self.known():
            return False  # its answer was on the way when the order came
        messages = [each.data for each in self._view.told()]
        for start in range(0, len(messages), OFFERED):
            await self._link.regain(messages[start : start + OFFERED])
        self.offered += len(messages)
        _log.error(
            "the control plane shows change %d of the stop set, this node knows %d: offered %d orders",
            told.epoch, self.known(), len(messages),
        )  # fmt: skip
        return (await self._say()).epoch < self.known()

    async def _say(self, *, wait: bool = False) -> Changes:
        """Ask, and say which stop set is known here: a registry that knows less was put back from the past."""
        epoch = self.known()
        root = self._view.root(epoch) if epoch == self._view.epoch else stop_root(self._replica.stops(), epoch)
        return await self._link.changes(self._replica.since, wait=wait, epoch=epoch, root=root)
