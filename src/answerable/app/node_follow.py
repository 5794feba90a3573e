# SPDX-License-Identifier: Apache-2.0
"""How a gateway node follows its control plane: the registry by number, orders and pulses from whoever carries them.

Every order message is kept on the node's own disk. A control plane that shows a smaller stop set than the node knows
was put back from the past: it is offered every message that the node has, and nothing of its older registry is taken.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Final

from answerable.admission.holding import HolderView
from answerable.admission.orders import Told
from answerable.app.node_feed import Told as Changes
from answerable.app.node_link import Link
from answerable.app.node_replica import Replica
from answerable.app.order_store import OrderStore
from answerable.errors import AnswerableError

RETRY_S: Final = 0.5
LONGEST_S: Final = 5.0
# Messages offered in one question.
OFFERED: Final = 64
_log: Final = logging.getLogger("answerable.node")


class Follow:
    """changed: called after each change of the replica, with the rids of the parties that changed. problem: code of
    what keeps the node from hearing its control plane now, "" for nothing."""

    def __init__(
        self,
        link: Link,
        replica: Replica,
        view: HolderView,
        orders: OrderStore,
        changed: Callable[[tuple[str, ...]], Awaitable[None]],
    ) -> None:
        self._link = link
        self._replica = replica
        self._view = view
        self._orders = orders
        self._changed = changed
        self.problem = "node.unseen"
        self.offered = 0

    def recall(self) -> int:
        """Take in what was kept; how many orders are known. Raises Unavailable ``store.failed``."""
        for message in self._orders.read():
            try:
                self._view.order(message)
            except AnswerableError as error:
                _log.error("an order that was kept is not believed any more: %s", error.code)
        return len(self._view.told())

    def keep(self, told: Told) -> None:
        """An order that was news."""
        try:
            self._orders.add(told.data)
        except AnswerableError as error:
            _log.error("an order is in force and was not kept: %s", error)

    async def once(self, *, wait: bool = False) -> bool:
        """Ask once; whether the replica is complete. Raises as `Link.changes`."""
        epoch = self._view.epoch
        told = await self._link.changes(self._replica.since, wait=wait, epoch=epoch, root=self._view.root(epoch))
        if told.epoch < self._view.epoch and await self._behind():
            self.problem = "recover.behind"
            return False
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
                await asyncio.sleep(pause * (0.5 + random.random()))  # noqa: S311
                pause = min(2 * pause, LONGEST_S)
                continue
            pause = RETRY_S
            if self.problem or not (complete or self._replica.since):
                await asyncio.sleep(RETRY_S)

    async def _behind(self) -> bool:
        """The control plane lacks orders: offer all. Whether it still lacks some, so that its registry is the past."""
        told = await self._say()
        if told.epoch >= self._view.epoch:
            return False  # its answer was on the way when the order came
        messages = [each.data for each in self._view.told()]
        for start in range(0, len(messages), OFFERED):
            await self._link.regain(messages[start : start + OFFERED])
        self.offered += len(messages)
        _log.error(
            "the control plane shows change %d of the stop set, this node knows %d: offered %d orders",
            told.epoch, self._view.epoch, len(messages),
        )  # fmt: skip
        return (await self._say()).epoch < self._view.epoch

    async def _say(self) -> Changes:
        epoch = self._view.epoch
        return await self._link.changes(self._replica.since, wait=False, epoch=epoch, root=self._view.root(epoch))
