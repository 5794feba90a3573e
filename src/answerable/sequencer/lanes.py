# SPDX-License-Identifier: Apache-2.0
"""The bounded queue before the writer, in three lanes: stop orders, actions, noise.

Each lane has a bound of its own, so that a full queue never keeps anyone from stopping and strangers never keep an
action out. Within a lane order is kept: an action's close leaf stands behind its open leaf.
"""

from __future__ import annotations

from asyncio import Future
from collections import deque
from typing import Final

from answerable.errors import AnswerableError, Unavailable
from answerable.model.units import Committed, Drop, Lane, Space, Unit

# Refusals of strangers are written in aggregate; more than a few waiting is a defect or an attack.
NOISE_BOUND: Final = 64
# More stop orders than anyone signs within the time of a commit.
STOP_BOUND: Final = 1024
# What one transaction takes: a second's worth of work on a slow disk, and a row that SQLite holds with ease.
BATCH_UNITS: Final = 4096
BATCH_BYTES: Final = 16 << 20
NOISE_A_BATCH: Final = 4


_ACTION: Final = Lane.ACTION  # a global is found faster than a member


class Entry:
    """A unit that waits. outcome: index of its first leaf, or why it was not written; set by the writer."""

    __slots__ = ("future", "outcome", "unit", "weight")

    def __init__(self, unit: Unit, future: Future[Committed], weight: int) -> None:
        self.unit = unit
        self.future = future
        self.weight = weight  # bytes of its leaves and payloads
        self.outcome: int | AnswerableError = 0


def ends(unit: Unit) -> bool:
    """Whether the unit only ends actions. There are no more of them than actions that were let in, and what was done
    must not stay without its end because others came in between."""
    return bool(unit.effects) and all(type(e) is Drop and e.space is Space.OPENS for e in unit.effects)


class Lanes:
    """`put` is called on the event loop's thread alone, `take` on the writer's alone: they share deques and no lock."""

    def __init__(self, units: int, weight: int) -> None:
        """units, weight (bytes): bounds of the action lane."""
        self._action: deque[Entry] = deque()
        self._stop: deque[Entry] = deque()
        self._noise: deque[Entry] = deque()
        self._units = units
        self._most = weight
        # Each is written by one thread only: the difference is what waits.
        self._came = 0
        self._went = 0

    def put(self, entry: Entry) -> None:
        """Raises Unavailable ``log.full`` when its lane is: refused at once rather than left waiting."""
        lane = entry.unit.lane
        if lane is _ACTION:
            queue = self._action
            full = len(queue) >= self._units or self._came - self._went > self._most
            if full and not ends(entry.unit):
                raise Unavailable("log.full")
            self._came += entry.weight
        else:
            queue, bound = (self._stop, STOP_BOUND) if lane is Lane.STOP else (self._noise, NOISE_BOUND)
            if len(queue) >= bound:
                raise Unavailable("log.full")
        queue.append(entry)

    def waiting(self) -> bool:
        return bool(self._action or self._stop or self._noise)

    def take(self) -> list[Entry]:
        """The next batch: stop orders alone, so that they wait for nobody's bytes, else actions in order and a little
        noise."""
        taken: list[Entry] = []
        while self._stop:
            taken.append(self._stop.popleft())
        if taken:
            return taken
        action = self._action
        weight = 0
        # As many as wait now: what comes in meanwhile is the next batch.
        for _ in range(min(len(action), BATCH_UNITS)):
            entry = action.popleft()
            taken.append(entry)
            weight += entry.weight
            if weight >= BATCH_BYTES:
                break
        self._went += weight
        for _ in range(min(len(self._noise), NOISE_A_BATCH)):
            taken.append(self._noise.popleft())
        return taken
