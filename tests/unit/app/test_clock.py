# SPDX-License-Identifier: Apache-2.0
import time

from answerable.app.clock import SystemClock


def test_wall_clock_is_milliseconds_utc() -> None:
    assert abs(SystemClock().now_ms() - time.time() * 1000) < 1000


def test_the_monotonic_clock_counts_sleep() -> None:
    assert abs(SystemClock().mono_ms() - time.clock_gettime(time.CLOCK_BOOTTIME) * 1000) < 1000
