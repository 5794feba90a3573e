# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from answerable.machines.limits import Braking, allowed, free_ahead, max_speed
from tests.small_site import LIMITS, NARROW

BRAKING = Braking()


def test_the_strictest_limit_holds() -> None:
    assert max_speed((LIMITS, NARROW)) == 1_000
    assert allowed((LIMITS,), 55_000, 0)
    assert not allowed((LIMITS, NARROW), 55_000, 0)


def test_no_limit_is_no_leave() -> None:
    assert max_speed(()) == 0
    assert not allowed((), 0, 0)


def test_the_way_ahead_ends_at_what_is_protected() -> None:
    assert free_ahead((LIMITS,), 59_000, 0, 1, 5_000) == 990
    assert free_ahead((LIMITS,), 59_000, 0, -1, 500) == 500
    assert free_ahead((LIMITS,), 59_995, 0, 1, 500) == 0


@given(st.integers(-3_000, 3_000), st.sampled_from([600, 1_500, 3_000]))
def test_braking_is_never_rounded_down(speed: int, rate: int) -> None:
    assert BRAKING.time_ms(speed, rate) >= abs(speed) * 1000 / rate + BRAKING.react_ms
    assert BRAKING.distance(speed, rate) >= speed * speed / (2 * rate) + abs(speed) * BRAKING.react_ms / 1000
