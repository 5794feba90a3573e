# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import math

import numpy as np
import pytest
from PIL import Image

from answerable.errors import VerificationError
from answerable.labels.watermark import embed, extract, psnr
from benchmarks.pictures import DRAWN, drawn

KEY = bytes(range(32))
PAYLOAD = 0x0123456789AB
SCENE = drawn("scene", 1, 300, 400)


@pytest.mark.parametrize("kind", sorted(DRAWN))
def test_every_kind_of_picture_is_marked_within_its_bound(kind: str) -> None:
    pixels = drawn(kind, 1, 384, 512)
    marked = embed(pixels, PAYLOAD, KEY)
    assert 38.2 <= psnr(pixels, marked) <= 45.2
    read = extract(marked, KEY)
    assert read is not None
    assert read.payload == PAYLOAD


def test_psnr_is_counted_over_the_colours() -> None:
    other = SCENE.copy()
    assert psnr(SCENE, other) == math.inf
    other[:, :, 1] ^= 1
    assert psnr(SCENE, other) == pytest.approx(10 * math.log10(255**2 * 3))


def test_the_same_gives_the_same_and_what_was_given_stays() -> None:
    before = SCENE.copy()
    marked = embed(SCENE, PAYLOAD, KEY)
    assert np.array_equal(SCENE, before)
    assert np.array_equal(embed(SCENE.copy(), PAYLOAD, KEY), marked)
    assert not np.array_equal(embed(SCENE, PAYLOAD + 1, KEY), marked)
    assert not np.array_equal(embed(SCENE, PAYLOAD, KEY[::-1]), marked)


def test_colour_differences_stay() -> None:
    apart = embed(SCENE, PAYLOAD, KEY).astype(int) - SCENE
    free = ((SCENE > 20) & (SCENE < 235)).all(axis=2)
    assert free.any()
    assert (apart[free].max(axis=1) == apart[free].min(axis=1)).all()


def test_alpha_is_kept() -> None:
    alpha = np.random.default_rng(1).integers(0, 256, SCENE.shape[:2], np.uint8)
    marked = embed(np.dstack([SCENE, alpha]), PAYLOAD, KEY)
    assert np.array_equal(marked[:, :, 3], alpha)
    assert np.array_equal(marked[:, :, :3], embed(SCENE, PAYLOAD, KEY))
    grey = np.dstack([SCENE[:, :, 1], alpha])
    assert np.array_equal(embed(grey, PAYLOAD, KEY)[:, :, 0], embed(grey[:, :, 0], PAYLOAD, KEY))
    assert np.array_equal(embed(grey, PAYLOAD, KEY)[:, :, 1], alpha)


def test_it_is_as_faint_as_the_picture_allows() -> None:
    pictures = {kind: drawn(kind, 4, 512, 640) for kind in ("scene", "texture")}
    reached = {kind: psnr(pixels, embed(pixels, PAYLOAD, KEY)) for kind, pixels in pictures.items()}
    assert reached["scene"] > reached["texture"] + 1.5


def test_a_page_of_text_is_marked_evenly_so_that_jpeg_leaves_it() -> None:
    page, held = drawn("screenshot", 1, 384, 384), io.BytesIO()
    marked = embed(page, PAYLOAD, KEY)
    Image.fromarray(marked).save(held, "JPEG", quality=50)
    read = extract(np.asarray(Image.open(held)), KEY)
    assert read is not None
    assert read.payload == PAYLOAD
    apart = np.abs(marked.astype(int) - page)[:, :, 1]
    white, beside = page[:, :, 1] == 255, (page[:, :, 1] > 60) & (page[:, :, 1] < 200)
    assert apart[beside].mean() < 3 * apart[white].mean()


def test_strength() -> None:
    for strength in (38.0, 42.0):
        assert strength <= psnr(SCENE, embed(SCENE, PAYLOAD, KEY, strength_db=strength)) <= strength + 0.3
    for strength in (37.9, 61.0, math.nan):
        with pytest.raises(ValueError):
            embed(SCENE, PAYLOAD, KEY, strength_db=strength)


def test_a_picture_that_cannot_carry_it_is_refused() -> None:
    small, black = SCENE[:63, :200], np.zeros((100, 3000, 3), np.uint8)
    rough = np.random.default_rng(1).integers(0, 256, (96, 96, 3), np.uint8)
    for pixels in (small, rough, black[:70, :70]):
        with pytest.raises(VerificationError) as caught:
            embed(pixels, PAYLOAD, KEY)
        assert caught.value.code == "label.watermark"


def test_it_reads_back_what_it_wrote(monkeypatch: pytest.MonkeyPatch) -> None:
    from answerable.labels.watermark import reading

    monkeypatch.setattr(reading, "extract", lambda *_: None)
    with pytest.raises(VerificationError, match="read back"):
        embed(SCENE, PAYLOAD, KEY)


def test_what_is_no_payload_or_key() -> None:
    for payload, key in ((1 << 48, KEY), (-1, KEY), (PAYLOAD, b"short")):
        with pytest.raises(ValueError):
            embed(SCENE, payload, key)
