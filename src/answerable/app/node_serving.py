# SPDX-License-Identifier: Apache-2.0
"""The copies that a gateway node serves: they stand in the registry of its control plane, and name the node."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from answerable.app.node_card import Card
from answerable.app.node_link import Link
from answerable.app.node_replica import Replica
from answerable.config import Config
from answerable.errors import Unavailable
from answerable.model.records import Copy
from answerable.ports import Clock, Directory
from answerable.registry.requests import EndCopy, StartCopy

# Until the replica shows what was just registered.
SHOWN_S: Final = 10.0
_STEP_S: Final = 0.02


class FarRegistry:
    """`app.serving.Registry` over the network."""

    def __init__(self, replica: Replica, link: Link, card: Card, config: Config, clock: Clock) -> None:
        self.book: Directory = replica
        self.config = config
        self.origin = card.origin
        self._replica = replica
        self._link = link
        self._node = card.node
        self._clock = clock

    @property
    def now(self) -> int:
        return self._clock.now_ms()

    @property
    def writable(self) -> bool:
        """Whether copies can be registered and ended now."""
        return self._replica.seen

    def copies(self) -> Iterable[Copy]:
        return [copy for copy in self._replica.copies() if copy.node == self._node]

    async def start(self, request: StartCopy) -> Copy:
        """Raises as `Link.start_copy`, Unavailable ``node.away`` where the replica does not come to show it."""
        rid = await self._link.start_copy(request)
        for _ in range(int(SHOWN_S / _STEP_S)):
            if (copy := self._replica.copy(rid)) is not None:
                return copy
            await asyncio.sleep(_STEP_S)
        raise Unavailable("node.away", detail="a copy was registered and is not shown")

    async def end(self, request: EndCopy) -> None:
        await self._link.end_copy(request)
