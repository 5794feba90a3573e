# SPDX-License-Identifier: Apache-2.0
"""Actions in flight, so that a stop order reaches them at once instead of at their next chunk.

A stop order cancels the task of each action whose caller or model it stops, and the action's flight says by which
order: `carry` tells this cancellation from a client that went away.
"""

from __future__ import annotations

import asyncio

from answerable.model.warrants import Bearer
from answerable.ports import Gate


class Flight:
    """One action on its way. `order` is the rid of the stop order that cut it, or ""."""

    __slots__ = ("_task", "bearers", "order")

    def __init__(self, task: asyncio.Task[object] | None) -> None:
        self._task = task
        self.bearers: tuple[Bearer, ...] = ()
        self.order = ""

    def cut(self, order: str) -> None:
        if not self.order and self._task is not None:
            self.order = order
            self._task.cancel()

    def landed(self) -> None:
        """Take back the cancellation that `cut` sent, so that the close leaf can be awaited (PEP 789's rule: who
        cancels a task uncancels it)."""
        if self._task is not None:
            self._task.uncancel()


class Flights:
    """The set of flights of one gateway. Used from its event loop alone."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._flights: set[Flight] = set()

    def __len__(self) -> int:
        return len(self._flights)

    def board(self) -> Flight:
        flight = Flight(asyncio.current_task())
        self._flights.add(flight)
        return flight

    def leave(self, flight: Flight) -> None:
        self._flights.discard(flight)

    def stops_changed(self) -> int:
        """Cut every flight that the stop set now blocks; returns how many. Called after each change of the stop set."""
        cut = 0
        for flight in tuple(self._flights):
            for bearer in flight.bearers:
                if order := self._gate.stopped_by(bearer):
                    flight.cut(order)
                    cut += 1
                    break
        return cut
