# SPDX-License-Identifier: Apache-2.0
"""Fingerprint of sound: three words of 64 bits, by where and when its energy lies.

The first ten minutes, brought to one channel of 11,025 Hz, are cut into parts of equal length and bands of equal width
in octaves (P. Haitsma and T. Kalker, "A highly robust audio fingerprinting system", 2002, compare neighbouring bands in
the same way). A bit says whether a band has more of its energy in a part than the bands and parts around it have.

Survives: another format and bit rate, another sampling rate, one channel instead of two, another loudness. Does not:
cutting off more than some hundredths, another speed, other sounds over it; a steady tone and silence have none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO, Final

from answerable.labels.fingerprint.image import packed
from answerable.model.prints import Kind, Print

if TYPE_CHECKING:
    from numpy.typing import NDArray

VERSION: Final = 1
RATE: Final = 11_025
MOST_S: Final = 600
LEAST_S: Final = 1.0
_WINDOW: Final = 2048
_HOP: Final = 1024
_LOW_HZ: Final = 120.0
_HIGH_HZ: Final = 4_000.0
_FLOOR: Final = 1e-3
# Of the loudest sample: where what is heard begins and ends, so that silence that a coder adds moves nothing.
_HEARD: Final = 0.02
PARTS: Final = 16
BANDS: Final = 13
# Decibels (standard deviation) below which the parts of a sound cannot be told from each other.
LEAST_DETAIL: Final = 1.5


def of_sound(source: BinaryIO) -> Print | None:
    """None for what has no sound, or too little of it to tell. Raises VerificationError ``format.malformed``,
    Unavailable ``label.extra``."""
    from answerable.labels.fingerprint.decoding import sound

    return of_samples(sound(source, RATE, MOST_S))


def of_samples(samples: NDArray[Any]) -> Print | None:
    """samples: one channel at `RATE`, from -1 to 1."""
    if len(samples) < LEAST_S * RATE:
        return None
    import numpy as np

    heard = np.flatnonzero(np.abs(samples) > _HEARD * float(np.abs(samples).max()))
    if not len(heard) or heard[-1] - heard[0] < LEAST_S * RATE:
        return None
    levels = _levels(samples[heard[0] : heard[-1] + 1])
    # What a band has everywhere, and a part in all bands, says how it was recorded and how loud.
    levels = levels - levels.mean(axis=0, keepdims=True)
    levels = levels - levels.mean(axis=1, keepdims=True)
    if float(levels.std()) < LEAST_DETAIL:
        return None
    steps = np.diff(levels, axis=1)  # PARTS x 12: each band against the next
    words = [packed(steps[0::2, 0:8]), packed(steps[1::2, 0:8]), packed(steps[:, 8:12])]
    return Print(Kind.AUDIO, VERSION, tuple(words))


def _levels(samples: NDArray[Any]) -> NDArray[Any]:
    """Decibels of `PARTS` x `BANDS`; what lies 30 dB below the loudest counts as silence."""
    import numpy as np

    edges = np.geomspace(_LOW_HZ, _HIGH_HZ, BANDS + 1) * _WINDOW / RATE
    window = np.hanning(_WINDOW)
    energy = np.zeros((PARTS, BANDS))
    count = max(PARTS, (len(samples) - _WINDOW) // _HOP + 1)
    starts = np.linspace(0, len(samples) - _WINDOW, count).astype(int)
    for at, start in enumerate(starts):
        power = np.abs(np.fft.rfft(samples[start : start + _WINDOW] * window)) ** 2
        part = min(PARTS - 1, at * PARTS // count)
        for band in range(BANDS):
            energy[part, band] += power[int(edges[band]) : max(int(edges[band]) + 1, int(edges[band + 1]))].mean()
    levels: NDArray[Any] = 10 * np.log10(energy + energy.max() * _FLOOR + 1e-12)
    return levels
