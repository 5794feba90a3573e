# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.admission.bound import Clocks, bound, bound_of
from answerable.admission.ttl import CLASSES

NOTHING = Clocks(view_ms=0, drift_ppm=0, recheck_ms=0)


def test_with_perfect_clocks_the_bound_is_the_life() -> None:
    one = bound("x", 60_000, NOTHING)
    assert (one.synced, one.monotonic, one.admission, one.effects) == (60_000, 60_000, 60_000, 60_000)


def test_each_term_counts() -> None:
    one = bound("x", 10_000, Clocks(view_ms=1, issuer_error_ms=2, holder_error_ms=4, recheck_ms=8, settle_ms=16))
    assert one.synced == 10_007
    assert one.monotonic == 1 + 10_003  # 10,000 / (1 - 200e-6) = 10,002.0004, rounded up
    assert one.effects == 10_007 + 24


@given(st.integers(0, 10**6), st.integers(0, 999_999))
def test_the_monotonic_form_is_never_rounded_down(ttl: int, ppm: int) -> None:
    got = bound("x", ttl, Clocks(view_ms=0, drift_ppm=ppm)).monotonic
    exact = Fraction(ttl * 1_000_000, 1_000_000 - ppm)
    assert exact <= got < exact + 1


def test_of_a_class() -> None:
    row = CLASSES[0]
    assert bound_of(row, NOTHING).admission == row.default_ms
    assert bound_of(row, NOTHING, longest=True).admission == row.max_ms
    assert bound_of(row).name == "ordinary"


@pytest.mark.parametrize("clocks", [Clocks(view_ms=-1), Clocks(drift_ppm=1_000_000), Clocks(settle_ms=-1)])
def test_nonsense_is_no_bound(clocks: Clocks) -> None:
    with pytest.raises(ValueError, match="negative"):
        bound("x", 1, clocks)
