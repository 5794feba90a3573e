# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.labels.explicit.rhythm import LEVEL, PATTERN, REST_S, TONE_HZ, UNIT_S, find, samples

RATES = (8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000)


def tones(rate: int, *units: float) -> np.ndarray:
    """Sound and silence in turn, in units."""
    parts = [np.zeros(rate // 4)]
    for place, each in enumerate(units):
        count = round(each * UNIT_S * rate)
        parts.append(
            LEVEL * np.sin(2 * np.pi * TONE_HZ * np.arange(count) / rate) if place % 2 == 0 else np.zeros(count)
        )
    return np.concatenate([*parts, np.zeros(rate // 4)]).astype(np.float32)


@pytest.mark.parametrize("rate", RATES)
def test_it_is_short_long_pause_short_short(rate: int) -> None:
    assert PATTERN == ((True, 1), (False, 1), (True, 3), (False, 3), (True, 1), (False, 1), (True, 1))
    made = samples(rate)
    found = find(made, rate)
    assert found is not None
    assert found.seconds == pytest.approx([units * UNIT_S for _, units in PATTERN], abs=0.011)
    assert found.start_s == pytest.approx(REST_S, abs=0.011)
    assert np.abs(made).max() == pytest.approx(LEVEL, abs=0.02)


@pytest.mark.parametrize("rate", [8_000, 44_100])
def test_other_rhythms_are_not_taken_for_it(rate: int) -> None:
    assert find(tones(rate, 1, 1, 3, 3, 1, 1, 1), rate) is not None
    for other in (
        (1, 1, 3, 1, 1, 1, 1),  # L: the pause between the letters is missing
        (3, 1, 1, 3, 1, 1, 1),  # long-short first
        (1, 1, 1, 3, 1, 1, 1),  # no long sound
        (1, 1, 3, 3, 1, 3, 1),  # the last two apart
        (1, 1, 3, 3, 1),
        (3, 3, 9, 3, 3, 3, 3),
        (1,),
    ):
        assert find(tones(rate, *other), rate) is None, other


def test_silence_and_other_sounds() -> None:
    drawn = np.random.default_rng(3)
    for rate in (8_000, 44_100):
        assert find(np.zeros(0, np.float32), rate) is None
        assert find(np.zeros(rate * 3, np.float32), rate) is None
        assert find(drawn.normal(0, 0.3, rate * 20).astype(np.float32), rate) is None
        chord = np.sin(2 * np.pi * np.outer((440, 880, 1_320), np.arange(rate * 3) / rate)).mean(axis=0)
        assert find(chord.astype(np.float32), rate) is None


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(RATES[:6]), st.floats(0, 0.06))
def test_it_is_found_between_other_sounds(seed: int, rate: int, noise: float) -> None:
    drawn = np.random.default_rng(seed)
    before, after = (drawn.normal(0, 0.2, drawn.integers(0, rate)).astype(np.float32) for _ in range(2))
    heard = np.concatenate([before, samples(rate), after])
    heard += drawn.normal(0, noise, len(heard)).astype(np.float32)
    found = find(heard, rate)
    assert found is not None
    assert found.start_s == pytest.approx(len(before) / rate + REST_S, abs=0.03)
