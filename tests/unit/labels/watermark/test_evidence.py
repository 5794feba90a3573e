# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest

from answerable.labels.watermark import code
from answerable.labels.watermark.evidence import ACCEPTED, agreement, p_value, read
from answerable.labels.watermark.pattern import TILE, pattern, tile
from answerable.labels.watermark.search import places
from answerable.labels.watermark.spectrum import spectrum

KEY = bytes(range(32))
DRAWN = pattern(KEY)


def test_a_word_is_read_at_its_place() -> None:
    made = np.tile(tile(DRAWN, code.encode(0xBEEF), TILE), (3, 3))
    noise = np.random.default_rng(3).standard_normal(made.shape)
    seen = spectrum((made + 1.5 * noise).astype(np.float32), TILE)
    found = places(seen, DRAWN, np.eye(2) / TILE, 1)[0]
    result = read(seen, DRAWN, found, 3)
    assert result is not None
    assert result.decoded.payload == 0xBEEF
    assert result.chance == p_value(result.z, 3) < ACCEPTED
    assert result.z == pytest.approx(agreement(seen, DRAWN, found, code.encode(0xBEEF)))
    assert read(seen, DRAWN, found._replace(down=(found.down + 20) % TILE), 1) is None


def test_a_word_that_is_not_sure_enough_is_not_read() -> None:
    made = np.tile(tile(DRAWN, code.encode(0xBEEF), TILE), (3, 3))
    noise = np.random.default_rng(3).standard_normal(made.shape)
    for louder in (3.0, 5.0, 8.0, 12.0):
        seen = spectrum((made + louder * noise).astype(np.float32), TILE)
        found = places(seen, DRAWN, np.eye(2) / TILE, 1)[0]
        sure = p_value(agreement(seen, DRAWN, found, code.encode(0xBEEF)), 1) <= ACCEPTED
        assert sure or read(seen, DRAWN, found, 1) is None


def test_the_p_value_is_the_union_bound_of_every_place_read() -> None:
    assert p_value(12, 1) == pytest.approx(2 * 2**48 * math.exp(-72))
    assert p_value(12, 5) == pytest.approx(30 * 2**48 * math.exp(-72))
    assert p_value(3, 1) == 1
    assert p_value(-12, 1) == 1
    # What every place may be believed at, added up: no more than one search may be wrong.
    needed = [math.sqrt(2 * (math.log(n * (n + 1)) + 48 * math.log(2) - math.log(ACCEPTED))) for n in range(1, 4000)]
    assert p_value(needed[29], 30) == pytest.approx(ACCEPTED)
    assert sum(2**48 * math.exp(-(z**2) / 2) for z in needed) < ACCEPTED
    assert p_value(10.4, 1) > ACCEPTED > p_value(10.5, 1)


def test_the_bound_holds_over_keys() -> None:
    """A fixed word in a fixed picture: over many keys, z passes a bound no more often than Hoeffding allows."""
    plane = np.add.outer(np.sin(np.arange(192) / 3), np.cos(np.arange(192) / 5)).astype(np.float32)
    plane += np.random.default_rng(4).standard_normal(plane.shape).astype(np.float32) * np.float32(0.2)
    seen = spectrum(plane, TILE)
    signs = 1.0 - 2.0 * code.encode(77)
    z = []
    for number in range(400):
        drawn = pattern.__wrapped__(number.to_bytes(16, "big"))
        waves = seen.at(np.eye(2)[None] / TILE, drawn.ky, drawn.kx, fine=True)[0]
        parts = np.stack([waves.real, waves.imag], axis=1)
        carrying = drawn.bit >= 0
        heard = (parts * drawn.signs)[carrying] * signs[drawn.bit[carrying]]
        z.append(float(heard.sum() / np.sqrt((heard**2).sum())))
    for bound in (1.0, 2.0, 3.0):
        assert np.mean(np.array(z) > bound) <= math.exp(-(bound**2) / 2)
    assert 0.8 < np.std(z) < 1.2
