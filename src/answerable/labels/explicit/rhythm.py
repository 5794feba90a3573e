# SPDX-License-Identifier: Apache-2.0
"""The rhythm that says "AI" in sound (GB 45438-2025 section 5.3): short-long, pause, short-short. Without the pause
between the two letters it would be another letter. Made as samples, and found again in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

UNIT_S: Final = 0.1
TONE_HZ: Final = 880.0
LEVEL: Final = 0.35  # of full scale: heard over speech at its usual level, and not painful
REST_S: Final = 0.25
# (sounds, units): short, gap, long, pause, short, gap, short.
PATTERN: Final = ((True, 1), (False, 1), (True, 3), (False, 3), (True, 1), (False, 1), (True, 1))
_RAMP_S: Final = 0.008
_WINDOW_S: Final = 0.01
_PURE: Final = 0.5  # the least share of a window's energy that is the tone's


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A rhythm that was found. start_s: of its first sound; seconds: lengths of the seven sounds and silences."""

    start_s: float
    seconds: tuple[float, ...]


def samples(rate: int) -> NDArray[float32]:
    """The rhythm at `rate` samples a second, one channel, -1 to 1, silence before and after it."""
    import numpy as np

    rest = np.zeros(round(REST_S * rate), np.float32)
    parts = [rest]
    for sounds, units in PATTERN:
        count = round(units * UNIT_S * rate)
        if sounds:
            ramp = np.minimum(1, np.minimum(np.arange(count), np.arange(count)[::-1]) / (_RAMP_S * rate))
            wave = LEVEL * ramp * np.sin(2 * np.pi * TONE_HZ * np.arange(count) / rate)
            parts.append(wave.astype(np.float32))
        else:
            parts.append(np.zeros(count, np.float32))
    return np.concatenate([*parts, rest])


def find(heard: NDArray[float32], rate: int) -> Rhythm | None:
    """The first rhythm in `heard` (one channel), by its envelope; None if there is none."""
    import numpy as np

    step = max(round(_WINDOW_S * rate), 1)
    count = len(heard) // step
    if count < sum(units for _, units in PATTERN):
        return None
    cut = heard[: count * step].astype(np.float64).reshape(count, step)
    wave = np.exp(-2j * np.pi * TONE_HZ * np.arange(count * step) / rate).reshape(count, step)
    tone = np.abs((cut * wave).mean(axis=1)) * 2
    power = np.sqrt(2 * np.square(cut).mean(axis=1))
    on = (tone > 0.3 * LEVEL) & (tone > _PURE * power)
    return _pattern(on, step / rate)


def _pattern(on: Any, window_s: float) -> Rhythm | None:
    runs: list[tuple[bool, int, int]] = []  # (sounds, start, length)
    for place, sounds in enumerate(on):
        if runs and runs[-1][0] == bool(sounds):
            runs[-1] = (runs[-1][0], runs[-1][1], runs[-1][2] + 1)
        else:
            runs.append((bool(sounds), place, 1))
    for first in range(len(runs) - len(PATTERN) + 1):
        taken = runs[first : first + len(PATTERN)]
        lengths = tuple(length * window_s for _, _, length in taken)
        if taken[0][0] and _says_ai(lengths):
            return Rhythm(taken[0][1] * window_s, lengths)
    return None


def _says_ai(seconds: tuple[float, ...]) -> bool:
    """By proportion, as an ear does it: the long sound and the pause are twice the short ones or more."""
    one, gap, long, pause, two, rest, three = seconds
    shorts = (one, two, three, gap, rest)
    middle = sorted(shorts)[2]
    return (
        0.03 <= middle <= 0.4
        and all(0.5 * middle <= each <= 1.6 * middle for each in shorts)
        and 2 * middle <= long <= 5 * middle
        and 2 * middle <= pause <= 7 * middle
    )
