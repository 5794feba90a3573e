# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from answerable.labels.watermark import code
from answerable.labels.watermark.pattern import CODE_BITS, HIGHEST, LOWEST, amplitudes, pattern, tile

KEY = bytes(range(32))
WORD = code.encode(0xC0FFEE123456)


def test_a_key_draws_one_pattern_and_another_key_another() -> None:
    again = pattern.__wrapped__(KEY)
    assert np.array_equal(pattern(KEY).signs, again.signs)
    assert np.array_equal(pattern(KEY).bit, again.bit)
    other = pattern(KEY[::-1])
    assert 0.4 < float(np.mean(pattern(KEY).signs == other.signs)) < 0.6
    assert not np.array_equal(pattern(KEY).bit, other.bit)
    with pytest.raises(ValueError):
        pattern(KEY[:15])


def test_the_band_and_who_uses_it() -> None:
    drawn = pattern(KEY)
    radius = np.hypot(drawn.ky, drawn.kx)
    assert radius.min() >= LOWEST
    assert radius.max() <= HIGHEST
    assert (drawn.kx > 0).all()
    assert (drawn.ky != 0).all()
    assert 1 / 7 < drawn.sync.mean() < 1 / 5
    assert (drawn.bit[drawn.sync] == -1).all()
    uses = np.bincount(drawn.bit[~drawn.sync].ravel(), minlength=CODE_BITS)
    assert len(uses) == CODE_BITS
    assert uses.max() - uses.min() <= 1
    # Each bit is heard low and high: none has all its parts in one half of the band.
    middle = np.median(radius)
    for bit in range(CODE_BITS):
        its = radius[np.nonzero(drawn.bit == bit)[0]]
        assert its.min() < middle < its.max()


def test_a_tile_says_its_word_and_repeats_without_a_seam() -> None:
    drawn = pattern(KEY)
    made = tile(drawn, WORD, 128)
    assert made.shape == (128, 128)
    assert float(np.mean(made**2)) == pytest.approx(1, abs=1e-4)
    waves = np.fft.rfft2(made)[drawn.ky.astype(int) % 128, drawn.kx.astype(int)]
    assert np.allclose(waves / np.abs(waves).mean(), amplitudes(drawn, WORD) / np.sqrt(2), atol=1e-3)
    larger = tile(drawn, WORD, 256)
    assert np.allclose(larger[::2, ::2], made, atol=1e-4)


def test_the_word_turns_the_signs_of_its_own_parts_alone() -> None:
    drawn = pattern(KEY)
    flipped = WORD.copy()
    flipped[7] ^= 1
    one, other = amplitudes(drawn, WORD), amplitudes(drawn, flipped)
    changed = np.stack([one.real != other.real, one.imag != other.imag], axis=1)
    assert np.array_equal(changed, drawn.bit == 7)
