# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from answerable.tools.windows import STEPS, Window

DAY = 86_400_000


def test_what_has_left_the_window_counts_no_more() -> None:
    window = Window(DAY)
    window.add(0, reserved=5)
    window.add(DAY // 2, used=7)
    window.advance(DAY - 1)
    assert (window.reserved, window.used) == (5, 7)
    window.advance(Window.longest(DAY))
    assert (window.reserved, window.used) == (0, 7)
    window.advance(2 * DAY)
    assert window.empty


def test_what_is_taken_back_is_taken_back_where_it_was_counted() -> None:
    window = Window(DAY)
    window.add(10, reserved=5)
    window.add(10, reserved=-5, used=3)
    assert (window.reserved, window.used) == (0, 3)
    window.advance(3 * DAY)
    assert not window.holds(10)
    window.add(10, reserved=-5)  # it is not counted any more: nothing is freed twice
    assert (window.reserved, window.used) == (0, 0)


def test_when_enough_is_free() -> None:
    window = Window(STEPS)  # steps of 1 ms
    window.add(3, used=10)
    window.add(7, reserved=10)
    assert window.frees(1) == 3 + 1 + STEPS
    assert window.frees(11) == 7 + 1 + STEPS
    assert window.frees(21) == 0
    window.advance(window.frees(1))
    assert window.used + window.reserved == 10


@given(st.lists(st.tuples(st.integers(0, 3 * DAY), st.integers(1, 100)), max_size=40), st.integers(0, 4 * DAY))
def test_nothing_counts_for_less_than_the_window_or_for_more_than_a_step_longer(
    events: list[tuple[int, int]], now: int
) -> None:
    window = Window(DAY)
    for at, amount in events:
        window.add(at, used=amount)
    window.advance(now)
    least = sum(amount for at, amount in events if at + DAY > now)
    most = sum(amount for at, amount in events if at + Window.longest(DAY) > now)
    assert least <= window.used <= most
