# SPDX-License-Identifier: Apache-2.0
"""What of one address was refused is borne up to a burst, and forgiven with time; others are not punished for it."""

from __future__ import annotations

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
    refusals.count("new")
    assert len(refusals._of) <= 2
