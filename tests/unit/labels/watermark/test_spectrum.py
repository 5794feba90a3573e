# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np

from answerable.labels.watermark.pattern import TILE
from answerable.labels.watermark.spectrum import deviation, flatten, spectrum


def noise(height: int = 192, width: int = 160, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((height, width)).astype(np.float32)


def test_a_lively_half_speaks_no_louder_than_a_quiet_one() -> None:
    plane = 128 + 4 * noise()
    plane[:, 80:] += 40 * noise()[:, 80:]
    _, spread = deviation(plane)
    assert 5 < spread[20:-20, 100:140].mean() / spread[20:-20, 20:60].mean() < 15
    flat = flatten(plane)
    quiet, lively = flat[:, 20:60].std(), flat[:, 100:140].std()
    assert 0.6 < quiet / lively < 1.6
    assert np.abs(flat).max() <= 3
    assert np.array_equal(flatten(np.full((64, 64), 7, np.float32)), np.zeros((64, 64)))


def exactly(plane: np.ndarray, y: float, x: float) -> complex:
    down = np.arange(plane.shape[0]) - (plane.shape[0] - 1) / 2
    across = np.arange(plane.shape[1]) - (plane.shape[1] - 1) / 2
    return complex(np.exp(-2j * np.pi * y * down) @ plane @ np.exp(-2j * np.pi * x * across))


def test_it_hears_the_waves_of_a_lattice_that_is_turned_or_mirrored() -> None:
    plane = noise()
    seen = spectrum(plane, TILE)
    ky, kx = np.array([3.0, -7.0, 11.0]), np.array([5.0, 2.0, 9.0])
    for lattice in (np.eye(2) / 64, np.array([[0.9, 0.2], [-0.2, 0.9]]) / 70, np.array([[0, 1], [-1, 0]]) / 61.3):
        heard = seen.at(lattice[None], ky, kx, fine=True)[0]
        for k, value in zip(np.stack([ky, kx], axis=1), heard, strict=True):
            y, x = lattice @ k
            wanted = exactly(plane, y, x)
            row, column = round(y * seen.rows) % seen.rows, round(abs(x) * seen.columns)
            if x < 0:
                row = round(-y * seen.rows) % seen.rows
            loud = np.sqrt(seen.power[row, column])
            assert abs(value - wanted / loud) < 0.35, (lattice, k)


def test_a_wave_that_the_plane_cannot_hold_is_silent() -> None:
    seen = spectrum(noise(), TILE)
    heard = seen.at(np.eye(2)[None] / 20, np.array([10.0, 3.0]), np.array([4.0, 12.0]))
    assert np.array_equal(heard, np.zeros((1, 2)))


def test_nothing_is_heard_in_nothing() -> None:
    seen = spectrum(np.zeros((64, 80), np.float32), TILE)
    assert not seen.at(np.eye(2)[None] / 64, np.array([5.0]), np.array([9.0]), fine=True).any()
