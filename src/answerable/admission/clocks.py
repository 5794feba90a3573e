# SPDX-License-Identifier: Apache-2.0
"""Whether a lease may be counted on this machine's clocks. Pure: the readings come in from an adapter.

A holder on the issuer's own host shares its wall clock and needs no time service; what bounds it is the monotonic clock
(CLOCK_BOOTTIME). Any other must be synchronised, and that is read from the kernel (adjtimex(2)), never assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from answerable.errors import Refused

# The kernel's own estimate of how far the clock may be off; a warrant's `iat` may lie this far ahead too.
MAX_ERROR_MS: Final = 1_000
# A reading is taken every few seconds; the kernel marks a clock that lost its source by itself.
READING_MS: Final = 60_000
# NTP slews by 0.5 ms a second; two readings of both clocks are microseconds apart. More is a step.
STEP_MS: Final = 250


class ClockMode(StrEnum):
    """How a holder's clock relates to the issuer's."""

    SAME_HOST = "same-host"
    NTP = "ntp"


# Looked up once: a member's name costs CPython 3.11 a tenth of a microsecond, in every admission.
SAME_HOST: Final = ClockMode.SAME_HOST


@dataclass(frozen=True, slots=True)
class Reading:
    """What the kernel says of its wall clock. synchronised: STA_UNSYNC is not set; error_ms: `maxerror`, rounded up;
    mono_ms: when it was read."""

    synchronised: bool
    error_ms: int
    mono_ms: int


def check(mode: ClockMode, reading: Reading | None, mono_ms: int, max_error_ms: int = MAX_ERROR_MS) -> None:
    """Return if a lease may be counted. Raises Refused ``clock.unsynchronised``."""
    if mode is SAME_HOST:
        return
    detail = ""
    if reading is None:
        detail = "its state was never read"
    elif not 0 <= mono_ms - reading.mono_ms <= READING_MS:
        detail = f"its state was last read {mono_ms - reading.mono_ms} ms ago"
    elif not reading.synchronised:
        detail = "the kernel says STA_UNSYNC"
    elif reading.error_ms > max_error_ms:
        detail = f"it may be off by {reading.error_ms} ms"
    if detail:
        raise Refused("clock.unsynchronised", detail=detail)


class Steps:
    """Watches the wall clock against the monotonic one. A step backwards must not lengthen what was counted from the
    wall clock alone, so the one who counts is told."""

    __slots__ = ("_offset",)

    def __init__(self) -> None:
        self._offset: int | None = None

    def look(self, now_ms: int, mono_ms: int) -> int:
        """By how much, in ms, the wall clock was stepped since the last look; 0 for what slewing explains."""
        offset = now_ms - mono_ms
        before, self._offset = self._offset, offset
        moved = 0 if before is None else offset - before
        return moved if abs(moved) > STEP_MS else 0
