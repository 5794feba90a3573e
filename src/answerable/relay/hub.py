# SPDX-License-Identifier: Apache-2.0
"""Where messages come in, from the registry, a bus, another relay or anyone: verified once, then told to all.

Nothing is passed on that was not verified by the keys that are pinned here: whoever may publish on the bus may not
speak through us.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Final

from answerable.admission.holding import HolderView
from answerable.admission.orders import Told
from answerable.errors import AnswerableError
from answerable.ports import Bus, Clock
from answerable.relay import encoded
from answerable.relay.board import Board
from answerable.relay.fanout import Fanout

MAX_UNSENT: Final = 1_024  # messages for a bus that does not take them; the oldest go: its readers pull
_log: Final = logging.getLogger("answerable.relay")

Pull = Callable[[], Awaitable[None]]


def topics(origin: str) -> tuple[str, str]:
    """Of orders and of pulses of the registry with that log."""
    name = sha256(origin.encode()).hexdigest()[:16]
    return f"orders.{name}", f"pulses.{name}"


class Hub:
    """view: what this node itself knows; it decides what is believed. bus: None where this node is the only one.
    heard: called with each pulse that was taken; direct: with each order that came past the registry; taken: with every
    order that was news."""

    def __init__(self, board: Board, fanout: Fanout, view: HolderView, clock: Clock, bus: Bus | None = None) -> None:
        self.board = board
        self.fanout = fanout
        self.view = view
        self._clock = clock
        self._bus = bus
        self._orders, self._pulses = topics(view.trust.origin)
        self.heard: list[Callable[[bytes], object]] = []
        self.direct: list[Callable[[bytes], object]] = []
        self.taken: list[Callable[[Told], object]] = []
        self._unsent: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(MAX_UNSENT)

    def order(self, data: bytes, *, publish: bool = True) -> Told | None:
        """Take in an order message, tell everyone; None where it is known. Raises as `HolderView.order`."""
        told = self.view.order(data)
        if told is not None:
            self.tell(told, publish=publish)
        return told

    def tell(self, told: Told, *, publish: bool = True) -> None:
        """Tell what `view` has taken in."""
        news = self.board.put(told)
        self.board.epoch = self.view.epoch
        if news:
            self.fanout.tell(encoded.order(told.data, max(told.epoch, told.changed)))
            if publish:
                self._send(self._orders, told.data)
            for tap in self.taken:
                tap(told)
            if not told.issued:
                for each in self.direct:
                    each(told.data)

    def pulse(self, data: bytes, *, publish: bool = True) -> bool:
        """Take in a pulse, tell everyone; whether it speaks of orders that are not here. Raises as
        `HolderView.pulse`."""
        before = self.view.seq
        missing = self.view.pulse(data, self._clock.now_ms(), self._clock.mono_ms())
        if self.view.seq > before:
            self.pulsed(data, publish=publish)
        return missing

    def pulsed(self, data: bytes, *, publish: bool = True) -> None:
        """Tell the pulse that `view` has taken in, and the orders that it brought."""
        for told in self.view.told(self.board.epoch):
            self.tell(told, publish=publish)
        self.board.epoch = self.view.epoch
        if data != self.board.pulse:
            self.board.pulse = data
            self.fanout.tell(encoded.pulse(data))
            if publish:
                self._send(self._pulses, data)
            for each in self.heard:
                each(data)

    async def run(self, pull: Pull | None = None) -> None:
        """Hear the bus and speak on it, until cancelled. pull: brings what may have been missed; None where this node
        is the source."""
        if self._bus is None:
            await asyncio.Event().wait()  # there is nobody to hear
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(self._speak(self._bus))
            group.create_task(self._hear(self._bus, self._orders, pull))
            group.create_task(self._hear(self._bus, self._pulses, pull))

    async def _hear(self, bus: Bus, topic: str, pull: Pull | None) -> None:
        async for data in bus.subscribe(topic):
            try:
                if not data:
                    missing = topic == self._orders  # the newest pulse comes again by itself
                elif topic == self._orders:
                    missing = self.order(data, publish=False) is not None and self.view.missing
                else:
                    missing = self.pulse(data, publish=False)
                if missing and pull is not None:
                    await pull()
            except AnswerableError as error:
                _log.info("the bus: %s", error.code)

    async def _speak(self, bus: Bus) -> None:
        while True:
            topic, data = await self._unsent.get()
            try:
                await bus.publish(topic, data)
            except AnswerableError as error:
                # Its readers get a hint when it is back, and pull: nothing is kept for it.
                _log.warning("not told over the bus: %s", error.code)

    def _send(self, topic: str, data: bytes) -> None:
        if self._bus is None:
            return
        if self._unsent.full():
            self._unsent.get_nowait()
        self._unsent.put_nowait((topic, data))
