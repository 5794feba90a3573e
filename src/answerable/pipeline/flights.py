# SPDX-License-Identifier: Apache-2.0
"""Actions in flight, so that a stop order reaches them at once instead of at their next chunk, and a deadline too.

A stop order cancels the task of each action whose caller or model it stops, a deadline that of the one that is late;
the action's flight says why it was cut: `carry` tells this cancellation from a client that went away. One timer looks
after the deadlines of all: a timer an action costs ten times as much. Another asks every second whether all of them are
admitted still: a warrant or a pulse may end while a model is silent, when no chunk comes at which to ask.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from answerable.admission.bound import SAME_HOST
from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.model.warrants import Bearer, Horizon
from answerable.ports import Gate

# A deadline is kept to a quarter of itself, and to a second at the most.
_FINE: Final = 4
_COARSEST_S: Final = 1.0
# The delta of `admission.bound`: how often long work is admitted anew.
RECHECK_S: Final = SAME_HOST.recheck_ms / 1000


class Flight:
    """One action on its way. cause: why it was cut by us, None while it was not. bearers: who flies, as last admitted;
    horizon: as far as that is known to last; again: asks for admission anew, None before there was any."""

    __slots__ = ("_flights", "_task", "again", "bearers", "cause", "ends", "horizon")

    def __init__(self, flights: Flights, task: asyncio.Task[object] | None) -> None:
        self._flights = flights
        self._task = task
        self.ends = 0.0  # the loop's time at which it has to be done; 0: no deadline runs
        self.bearers: tuple[Bearer, ...] = ()
        self.horizon: Horizon | None = None
        self.again: Callable[[], Awaitable[object]] | None = None
        self.cause: AnswerableError | None = None

    def take_off(self, caller: Bearer, model: Bearer, horizon: Horizon | None) -> None:
        """From here on the flight is theirs: both were admitted, and a stop order that reaches one of them cuts it."""
        self.bearers = (caller, model)
        self.horizon = horizon

    def due(self, seconds: float) -> None:
        """From now on it may take so long, and up to a second more; 0 takes its deadline away."""
        if seconds:
            self._flights.watch(self, seconds)
        else:
            self.ends = 0.0

    def cut(self, cause: AnswerableError) -> None:
        """End it for this reason. The first one stands, except that an order outranks what is no refusal."""
        if self._task is None:
            return
        if self.cause is None:
            self._task.cancel()
        elif isinstance(self.cause, Refused) or not isinstance(cause, Refused):
            return
        self.cause = cause

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
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._shortest = self._step = 0.0  # seconds: of the deadlines, and between two sweeps, while there are any
        self._rechecks: asyncio.TimerHandle | None = None
        self._asking: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._flights)

    def of(self, copy: str) -> int:
        """How many the copy with that rid takes part in."""
        return sum(any(bearer.copy.rid == copy for bearer in flight.bearers) for flight in self._flights)

    def board(self) -> Flight:
        flight = Flight(self, asyncio.current_task())
        self._flights.add(flight)
        if self._rechecks is None:
            loop = asyncio.get_running_loop()
            self._rechecks = loop.call_later(RECHECK_S, self._recheck, loop)
        return flight

    def leave(self, flight: Flight) -> None:
        self._flights.discard(flight)

    def watch(self, flight: Flight, seconds: float) -> None:
        """Let `flight` know when it takes longer than this from now on."""
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.get_running_loop()
        flight.ends = loop.time() + seconds
        if self._timer is None or seconds < self._shortest:
            if self._timer is not None:
                self._timer.cancel()
            self._shortest = seconds
            self._step = min(seconds / _FINE, _COARSEST_S)
            self._timer = loop.call_later(self._step, self._sweep, loop)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        self._timer = None
        for flight in tuple(self._flights):
            if 0.0 < flight.ends <= now:
                flight.cut(Unavailable("upstream.timeout"))
        if self._flights:
            self._timer = loop.call_later(self._step, self._sweep, loop)

    def _recheck(self, loop: asyncio.AbstractEventLoop) -> None:
        self._rechecks = loop.call_later(RECHECK_S, self._recheck, loop) if self._flights else None
        for flight in tuple(self._flights):
            if flight.again is None or (flight.horizon is not None and self._gate.holds(flight.horizon)):
                continue
            task = loop.create_task(self._ask(flight, flight.again))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    async def _ask(self, flight: Flight, again: Callable[[], Awaitable[object]]) -> None:
        """Admission anew, as at a chunk. Who cannot be asked for a new warrant in time goes by the one at hand."""
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(RECHECK_S):
                    await again()
                    return
            for bearer in flight.bearers:
                self._gate.admit(bearer)
        except AnswerableError as error:
            if flight in self._flights:
                flight.cut(error)

    def stops_changed(self) -> int:
        """Cut every flight that the stop set now blocks; returns how many. Called after each change of the stop set."""
        cut = 0
        for flight in tuple(self._flights):
            for bearer in flight.bearers:
                if order := self._gate.stopped_by(bearer):
                    flight.cut(Refused("stop.system", order=order))
                    cut += 1
                    break
        return cut

    def ground(self) -> int:
        """Cut every flight, because the gateway ends; returns how many. Each is told and recorded as just that."""
        for flight in tuple(self._flights):
            flight.cut(Unavailable("action.shutdown"))
        return len(self._flights)
