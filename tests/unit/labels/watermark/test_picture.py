# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sys

import numpy as np
import pytest

from answerable.errors import Unavailable
from answerable.labels.watermark.picture import colours, doublings, luma, period, ready, shrink


def test_what_is_a_picture() -> None:
    for planes, shown in ((1, 1), (2, 1), (3, 3), (4, 3)):
        pixels = np.arange(4 * 5 * planes, dtype=np.uint8).reshape(4, 5, planes)
        assert np.array_equal(colours(pixels), pixels[:, :, :shown])
        assert colours(pixels).base is not None
    assert colours(np.zeros((4, 5), np.uint8)).shape == (4, 5, 1)
    for wrong in (np.zeros((4, 5, 5), np.uint8), np.zeros((4, 5, 3), np.uint16), np.zeros(4, np.uint8)):
        with pytest.raises(ValueError):
            colours(wrong)
    with pytest.raises(ValueError):
        colours(np.zeros((0, 5, 3), np.uint8))


def test_luma_is_that_of_jpeg() -> None:
    pixels = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], np.uint8)
    assert np.allclose(luma(pixels), [[76.245, 149.685, 29.07, 255]], atol=1e-3)
    assert np.array_equal(luma(np.array([[7, 9]], np.uint8)), [[7, 9]])


def test_shrinking_takes_means_and_drops_the_rest() -> None:
    plane = np.arange(35, dtype=np.float32).reshape(5, 7)
    small = shrink(plane, 3)
    assert small.shape == (1, 2)
    assert np.allclose(small, [[plane[:3, :3].mean(), plane[:3, 3:6].mean()]])
    assert shrink(plane, 1) is plane


def test_a_tile_grows_with_the_picture() -> None:
    assert [doublings(*size) for size in ((64, 64), (1024, 1024), (1080, 1920), (3000, 4000))] == [1, 1, 1, 3]
    assert [period(times) for times in (1, 2, 3)] == [128, 256, 384]


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    ready()
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(Unavailable) as caught:
        ready()
    assert caught.value.code == "label.extra"
