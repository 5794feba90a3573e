# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from answerable.labels.watermark import code
from answerable.labels.watermark.pattern import TILE, pattern, tile
from answerable.labels.watermark.search import best, nearer, places
from answerable.labels.watermark.spectrum import Spectrum, spectrum

KEY = bytes(range(32))
DRAWN = pattern(KEY)


def marked(down: int = 0, across: int = 0) -> Spectrum:
    """Three by three tiles of 64 pixels, moved, in noise louder than they are."""
    made = np.tile(tile(DRAWN, code.encode(5), TILE), (3, 3))
    noise = np.random.default_rng(1).standard_normal(made.shape)
    return spectrum((np.roll(made, (down, across), (0, 1)) + 1.5 * noise).astype(np.float32), TILE)


def test_the_place_of_a_tile_is_found() -> None:
    still, moved = (places(marked(*by), DRAWN, np.eye(2) / TILE, 3) for by in ((0, 0), (9, 23)))
    assert ((moved[0].down - still[0].down) % TILE, (moved[0].across - still[0].across) % TILE) == (9, 23)
    assert moved[0].z > 6 > moved[1].z + 1
    assert abs(moved[1].down - moved[0].down) > 2 or abs(moved[1].across - moved[0].across) > 2


def test_the_right_lattice_stands_out_among_many() -> None:
    pitches = np.linspace(50, 80, 61)
    lattices = np.eye(2) / pitches[:, None, None]
    found = best(marked(9, 23), DRAWN, lattices, 5)
    assert len(found) == 5
    assert 1 / found[0].lattice[0, 0] == pytest.approx(64)
    assert [one.z for one in found] == sorted((one.z for one in found), reverse=True)
    fine = best(marked(9, 23), DRAWN, lattices, 1, fine=True)[0]
    assert fine.z > 6
    assert fine.z == pytest.approx(places(marked(9, 23), DRAWN, fine.lattice, 1)[0].z)


def test_nothing_stands_out_for_another_key() -> None:
    assert places(marked(), pattern(KEY[::-1]), np.eye(2) / TILE, 1)[0].z < 5


def test_a_place_between_two_is_found_nearer() -> None:
    """A picture that was cut and made smaller begins between two places."""
    from scipy.ndimage import fourier_shift

    made = np.tile(tile(DRAWN, code.encode(5), TILE), (3, 3))
    moved = np.fft.ifft2(fourier_shift(np.fft.fft2(made), (9.5, 23.25))).real
    noise = np.random.default_rng(1).standard_normal(made.shape)
    seen = spectrum((moved + 0.2 * noise).astype(np.float32), TILE)
    still = nearer(marked(), DRAWN, places(marked(), DRAWN, np.eye(2) / TILE, 1)[0])
    found = places(seen, DRAWN, np.eye(2) / TILE, 1)[0]
    close = nearer(seen, DRAWN, found)
    assert close.z > found.z
    assert (close.down - still.down) % TILE == pytest.approx(9.5, abs=0.25)
    assert (close.across - still.across) % TILE == pytest.approx(23.25, abs=0.25)
    assert nearer(seen, DRAWN, close._replace(down=close.down - 0.25)).z == pytest.approx(close.z)
