# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.control.rates import EVENTS_A_MINUTE, MINUTE_MS, TELLERS, Rates
from answerable.errors import Refused


def test_so_many_a_minute_and_teller() -> None:
    rates = Rates()
    for _ in range(EVENTS_A_MINUTE):
        rates.count("one", 1_000)
    with pytest.raises(Refused, match=r"redline\.flood"):
        rates.count("one", 1_000 + MINUTE_MS - 1)
    rates.count("another", 1_000)
    rates.count("one", 1_000 + MINUTE_MS)


def test_what_is_refused_does_not_lengthen_the_wait() -> None:
    rates = Rates()
    for at in range(EVENTS_A_MINUTE):
        rates.count("one", at)
    for at in range(100, 200):
        with pytest.raises(Refused):
            rates.count("one", at)
    rates.count("one", MINUTE_MS)


def test_memory_is_bounded() -> None:
    rates = Rates()
    for n in range(TELLERS + 50):
        rates.count(str(n), 0)
    assert len(rates.told) == TELLERS
    assert "0" not in rates.told
