# SPDX-License-Identifier: Apache-2.0
"""The state of this machine's wall clock, read every few seconds, and steps of it as they happen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from answerable.admission.clocks import Reading, Steps
from answerable.guard.lease import mono_ms, now_ms
from answerable.net.timex import read_clock

EVERY_MS: Final = 5_000


class Watch:
    """take: given each reading; stepped: given by how much, ms, the wall clock was set."""

    def __init__(
        self,
        take: Callable[[Reading], None],
        stepped: Callable[[int], None],
        *,
        read: Callable[[], Reading | None] = read_clock,
        wall: Callable[[], int] = now_ms,
        mono: Callable[[], int] = mono_ms,
    ) -> None:
        self._take = take
        self._stepped = stepped
        self._read = read
        self._wall = wall
        self._mono = mono
        self._steps = Steps()
        self._next = 0

    def look(self) -> None:
        """Cheap: to be called several times a second."""
        mono = self._mono()
        moved = self._steps.look(self._wall(), mono)
        if moved:
            self._stepped(moved)
        if mono >= self._next or moved:
            self._next = mono + EVERY_MS
            reading = self._read()
            if reading is not None:
                self._take(reading)
