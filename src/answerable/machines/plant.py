# SPDX-License-Identifier: Apache-2.0
"""A simulated cart on a track: its body, its motor, its brake, and the actuator's own watchdog. Sans-io.

The watchdog is the first dead-man: it counts lease renewals on the actuator's own clock and asks nobody. It brakes; it
does not cut: a cart without power would roll.
"""

from __future__ import annotations

from answerable.machines.limits import Braking
from answerable.machines.machine import Drive, Seen


class Plant:
    """accel: mm/s2. The position is on the x axis; y stays as it began."""

    def __init__(self, *, braking: Braking, watchdog_ms: int, accel: int = 1_000, x: int = 0, y: int = 0) -> None:
        self._braking, self._watchdog_ms, self._accel = braking, watchdog_ms, accel
        self._x, self._y, self._speed = float(x), y, 0.0
        self._then: int | None = None
        self.drive: Drive | None = None
        self.tripped = False  # the watchdog brakes now
        self.switch = False  # the switch on the machine is pressed: somebody stands there and takes it over

    @property
    def seen(self) -> Seen:
        """Rounded away from zero: what moves at all is not said to stand."""
        speed = self._speed
        whole = int(speed) if speed == int(speed) else int(speed) + (1 if speed > 0 else -1)
        return Seen(round(self._x), self._y, whole)

    def step(self, mono_ms: int) -> Seen:
        """Let the time until `mono_ms` pass."""
        seconds = 0.0 if self._then is None else max(0, mono_ms - self._then) / 1000
        self._then = mono_ms
        drive = self.drive
        self.tripped = drive is None or mono_ms - drive.renewed > self._watchdog_ms
        if drive is None or self.tripped or self.switch or not drive.powered:
            target, rate = 0, self._braking.hard
        else:
            target, rate = drive.speed, drive.rate
        before = self._speed
        slower = abs(target) < abs(before) or target * before < 0
        change = (rate if slower else self._accel) * seconds
        gap = target - before
        self._speed = float(target) if abs(gap) <= change else before + (change if gap > 0 else -change)
        self._x += (before + self._speed) / 2 * seconds
        return self.seen
