# SPDX-License-Identifier: Apache-2.0
"""What of one address was refused is borne up to a burst, and forgiven with time; others are not punished for it."""

from __future__ import annotations

import pytest

from answerable.relay import rates
from answerable.relay.rates import Refusals


def test_a_burst_is_borne_then_no_more_until_time_passes() -> None:
    now = [0.0]
    refusals = Refusals(lambda: now[0], burst=3, forgiven=1.0)
    for _ in range(3):
        assert not refusals.too_many("a")
        refusals.count("a")
    assert refusals.too_many("a")
    assert not refusals.too_many("b")
    now[0] = 1.5
    assert not refusals.too_many("a")


def test_memory_is_bounded() -> None:
    now = [0.0]
    refusals = Refusals(lambda: now[0], burst=2, forgiven=1.0)
    for number in range(rates.REMEMBERED + 50):
        refusals.count(str(number))
    assert len(refusals._of) <= rates.REMEMBERED
    now[0] = 100.0
    for number in range(rates.REMEMBERED // 5):
        refusals.count(f"new {number}")
    assert len(refusals._of) <= rates.REMEMBERED // 5


def test_many_count_at_once_and_a_crowd_of_strangers_is_not_looked_at_for_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refusals = Refusals(lambda: 0.0, burst=3, forgiven=1.0)
    refusals.count("a", 3)
    assert refusals.too_many("a")
    monkeypatch.setattr(rates, "REMEMBERED", 100)
    looked = 0
    left = refusals._left

    def counting(address: str) -> float:
        nonlocal looked
        looked += 1
        return left(address)

    monkeypatch.setattr(refusals, "_left", counting)
    for number in range(1_000):
        refusals.count(str(number))
    assert looked < 20 * 1_000  # one hundred each, were all looked at each time
