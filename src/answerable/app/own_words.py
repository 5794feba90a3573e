# SPDX-License-Identifier: Apache-2.0
"""What the service's own gateway says of an order: for each copy that it serves and that the order reaches, a signed
receipt by that copy's own key, when nothing of it is in flight any more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from answerable.admission.receipts import StopState
from answerable.app.keys import copy_key
from answerable.app.models import ServedModel
from answerable.app.node_records import Noted
from answerable.app.serving import OwnRegistry, Serving
from answerable.crypto.random import nonce
from answerable.errors import AnswerableError, VerificationError
from answerable.log import leaf as leaves
from answerable.model.leaves import OpenLeaf
from answerable.model.records import Stop
from answerable.model.terms import Ruling
from answerable.pipeline.flights import Flights
from answerable.stops.confirming import reaches
from answerable.upstreams.last_word import Word
from answerable.upstreams.local import LocalModel

# What an order cuts ends within milliseconds. Whatever takes longer is told as draining, and a model that is terminated
# does not live on for it.
DRAIN_S: Final = 1.0
STEP_S: Final = 0.005
LONGEST_S: Final = 60.0
_log: Final = logging.getLogger("answerable.service")


class OwnWords:
    """take: records a receipt, as one from a holder elsewhere."""

    def __init__(
        self,
        registry: OwnRegistry,
        serving: Serving,
        flights: Flights,
        noted: Noted,
        take: Callable[[bytes], Awaitable[object]],
    ) -> None:
        self._registry = registry
        self._serving = serving
        self._flights = flights
        self._noted = noted
        self._take = take

    async def of(self, stop: Stop) -> tuple[Awaitable[None], ...]:
        """Confirm the order for what is served here. What is to be waited for longer comes back: models that end may
        end before it. Raises nothing: who does not confirm expires."""
        received = self._registry.now
        hit = reaches(self._registry.book, stop)
        served = [each for each in self._serving.models if hit(each.copy)]
        await self._drained(served, DRAIN_S)
        done = await asyncio.gather(*(self._confirm(stop, each, received) for each in served))
        return tuple(self._later(stop, each, received) for each, ended in zip(served, done, strict=True) if not ended)

    async def _later(self, stop: Stop, served: ServedModel, received: int) -> None:
        await self._drained([served], LONGEST_S)
        await self._confirm(stop, served, received)

    async def _drained(self, served: Sequence[ServedModel], seconds: float) -> None:
        """Until nothing of these is in flight, or the time is over."""
        copies, loop = [each.copy.rid for each in served], asyncio.get_running_loop()
        until = loop.time() + seconds
        while loop.time() < until and any(map(self._flights.of, copies)):  # noqa: ASYNC110  # counted, not awaited
            await asyncio.sleep(STEP_S)

    async def _confirm(self, stop: Stop, served: ServedModel, received: int) -> bool:
        """Whether nothing of it is in flight."""
        flying = self._flights.of(served.copy.rid)
        word = Word(
            origin=self._registry.origin,
            order=stop.rid,
            holder=served.copy.rid,
            t_received=received,
            t_last_action=self._last(served),
            in_flight=flying,
            stop_state=StopState.DRAINING if flying else StopState.STOPPED,
            n=nonce(),
        )
        try:
            if isinstance(served.upstream, LocalModel):
                data = await served.upstream.word(word)
            else:
                data = word.signed(copy_key(self._registry.config.store_path, served.key))
            await self._take(data)
        except AnswerableError as error:
            _log.error("the copy %s gave no receipt for the order %s: %s", served.copy.id, stop.rid, error)
        return not flying

    def _last(self, served: ServedModel) -> int:
        """When the last action of its system that is remembered was admitted, ms UTC; 0 for none."""
        named = served.system.rid.encode()
        for at, data in reversed(self._noted.opened):
            if named not in data:
                continue
            try:
                leaf = leaves.decode(data)
            except VerificationError:
                continue
            if isinstance(leaf, OpenLeaf) and leaf.dec == Ruling.PERMIT.value and leaf.via == served.system.rid:
                return at
        return 0
