# SPDX-License-Identifier: Apache-2.0
"""The machine's clocks."""

from __future__ import annotations

import time


class SystemClock:
    """Implements `ports.Clock`. The monotonic one goes on while the machine sleeps, so a lease runs out in sleep
    too."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def mono_ms(self) -> int:
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
