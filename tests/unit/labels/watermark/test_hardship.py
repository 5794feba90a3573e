# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io

import numpy as np
from PIL import Image

from answerable.labels.watermark import code, embed
from answerable.labels.watermark.hardship import heard, rounded
from answerable.labels.watermark.pattern import pattern
from answerable.labels.watermark.picture import luma, shrink
from benchmarks.pictures import drawn

KEY = bytes(range(32))
DRAWN = pattern(KEY)
SCENE = drawn("scene", 5, 512, 640)


def after(strength_db: float, payload: int = 9, pixels: np.ndarray = SCENE) -> float:
    marked = embed(pixels, 9, KEY, strength_db=strength_db)
    return heard(shrink(luma(marked), 2), DRAWN, code.encode(payload), 1)


def test_luma_is_rounded_as_an_encoder_does_it() -> None:
    grey = luma(SCENE).round().astype(np.uint8)
    held = io.BytesIO()
    Image.fromarray(grey).save(held, "JPEG", quality=60)
    theirs = np.asarray(Image.open(held)).astype(np.float32)
    ours = rounded(grey.astype(np.float32) - 128, 60) + 128
    lost = np.abs(theirs - grey).mean()
    assert np.abs(np.clip(ours, 0, 255) - theirs).mean() < 0.2 * lost
    assert rounded(np.zeros((17, 31), np.float32), 60).shape == (16, 24)


def test_a_louder_mark_is_heard_better_and_another_word_is_not() -> None:
    assert after(38.5) > after(42.0) + 1.5 > 6
    assert abs(after(38.5, payload=10)) < after(38.5) - 3


def test_too_small_a_picture_says_nothing() -> None:
    assert after(38.5, pixels=SCENE[200:380, 200:420]) == 0
