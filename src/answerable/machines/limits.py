# SPDX-License-Identifier: Apache-2.0
"""Where a machine may be, how fast, and whether it can still stop before it is where it may not be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from answerable.model.envelopes import Motion

STEP_MM = 10  # how finely the way ahead is looked at


@dataclass(frozen=True, slots=True)
class Braking:
    """What a machine's brakes do, mm/s2. gentle: of a minimal-risk manoeuvre; stop: of a Stop 1; hard: of the
    actuator's own brake. react_ms: from a decision to the brakes."""

    gentle: int = 600
    stop: int = 1_500
    hard: int = 3_000
    react_ms: int = 50

    def time_ms(self, speed: int, rate: int) -> int:
        """To standstill from `speed`, rounded up."""
        return self.react_ms - (-abs(speed) * 1000 // rate)

    def distance(self, speed: int, rate: int) -> int:
        """To standstill, mm, rounded up."""
        return -(-abs(speed) * self.react_ms // 1000) - (-speed * speed // (2 * rate))


def max_speed(limits: Sequence[Motion]) -> int:
    """The lowest of the limits that hold."""
    return min((motion.max_speed for motion in limits), default=0)


def allowed(limits: Sequence[Motion], x: int, y: int) -> bool:
    """Whether every limit lets it be there. No limit at all lets it be nowhere."""
    return bool(limits) and all(motion.allows(x, y) for motion in limits)


def free_ahead(limits: Sequence[Motion], x: int, y: int, direction: int, reach: int) -> int:
    """How far (mm, at most `reach`) it may go from x along its track, in steps of `STEP_MM`, rounded down."""
    free = 0
    for gone in range(STEP_MM, reach + STEP_MM, STEP_MM):
        if not allowed(limits, x + direction * gone, y):
            break
        free = gone
    return min(free, reach)
