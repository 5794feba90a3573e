# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.admission.clocks import MAX_ERROR_MS, READING_MS, STEP_MS, ClockMode, Reading, Steps, check
from answerable.errors import Refused

GOOD = Reading(synchronised=True, error_ms=20, mono_ms=5_000)


def test_the_issuers_own_host_needs_no_time_service() -> None:
    check(ClockMode.SAME_HOST, None, 0)


def test_a_synchronised_clock() -> None:
    check(ClockMode.NTP, GOOD, 5_000)
    check(ClockMode.NTP, GOOD, 5_000 + READING_MS)


@pytest.mark.parametrize(
    ("reading", "mono_ms", "detail"),
    [
        (None, 0, "never read"),
        (GOOD, 5_001 + READING_MS, "last read 60001 ms ago"),
        (GOOD, 4_999, "last read -1 ms ago"),
        (Reading(synchronised=False, error_ms=0, mono_ms=5_000), 5_000, "STA_UNSYNC"),
        (Reading(synchronised=True, error_ms=MAX_ERROR_MS + 1, mono_ms=5_000), 5_000, "off by 1001 ms"),
    ],
)
def test_no_lease_is_counted_on_any_other(reading: Reading | None, mono_ms: int, detail: str) -> None:
    with pytest.raises(Refused, match=detail) as error:
        check(ClockMode.NTP, reading, mono_ms)
    assert error.value.code == "clock.unsynchronised"


def test_steps_are_seen_and_slewing_is_none() -> None:
    steps = Steps()
    assert steps.look(1_000_000, 500) == 0
    assert steps.look(1_010_005, 10_500) == 0  # 5 ms in 10 s: 500 ppm
    assert steps.look(1_010_105 - 5_000, 10_600) == -5_000
    assert steps.look(1_005_205, 10_700) == 0  # told once
    assert steps.look(1_005_305 + STEP_MS + 1, 10_800) == STEP_MS + 1
