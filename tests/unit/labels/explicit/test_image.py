# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageOps

from answerable.errors import Refused, VerificationError
from answerable.labels.explicit.image import Measured, draw, grey, measure, turned
from answerable.labels.explicit.plan import Corner, Plan

MODES = ("1", "L", "LA", "RGB", "RGBA", "P", "CMYK", "YCbCr", "I;16")


def noise(mode: str, size: tuple[int, int] = (240, 160)) -> Image.Image:
    drawn = np.random.default_rng(7)
    if mode == "I;16":
        return Image.fromarray(drawn.integers(0, 65_536, size[::-1], dtype=np.uint16))
    return Image.fromarray(drawn.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)).convert(mode)


def rgba(image: Image.Image) -> np.ndarray:
    return np.array(image if image.mode in ("CMYK", "I;16") else image.convert("RGBA"))


@pytest.mark.parametrize("mode", MODES)
def test_every_kind_of_pixel(mode: str) -> None:
    image = noise(mode)
    before = rgba(image)
    drawn = draw(image, Plan())
    assert drawn.image is image
    found = measure(image, drawn.patch, Plan()).checked()
    assert found.glyph_px >= 160 / 20
    after, box = rgba(image), drawn.stored
    changed = (before != after).reshape(*before.shape[:2], -1).any(axis=2)
    changed[box.y : box.y + box.height, box.x : box.x + box.width] = False
    assert not changed.any(), "nothing outside the words is touched"


def test_a_clear_picture_carries_words_that_are_not_clear() -> None:
    image = Image.new("RGBA", (200, 200), (255, 255, 255, 0))
    box = draw(image, Plan()).stored
    alpha = np.array(image)[box.y : box.y + box.height, box.x : box.x + box.width, 3]
    assert (alpha == 255).all()


def test_a_palette_without_room_or_tones_is_refused_and_one_with_room_is_used() -> None:
    grey_only = Image.new("P", (200, 200), 0)
    grey_only.putpalette([100, 100, 100] * 3)
    drawn = draw(grey_only, Plan())
    assert measure(grey_only, drawn.patch, Plan()).contrast > 20
    assert grey_only.convert("RGB").getpixel((0, 0)) == (100, 100, 100)
    full = Image.frombytes("P", (256, 64), bytes(range(256)) * 64)
    full.putpalette([100, 100, 100] * 256)
    with pytest.raises(Refused, match="palette"):
        draw(full, Plan())


@pytest.mark.parametrize("mode", ["F", "I", "LAB", "HSV"])
def test_other_kinds_of_pixel_are_refused(mode: str) -> None:
    with pytest.raises(Refused, match=r"label\.explicit"):
        draw(Image.new(mode, (200, 200)), Plan())


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_picture_that_is_shown_turned_reads_upright(turn: int) -> None:
    image = noise("L", (300, 200))
    image.getexif()[0x0112] = turn
    assert turned(image) == turn
    plan = Plan(corner=Corner.TOP_LEFT)
    drawn = draw(image, plan)
    shown = ImageOps.exif_transpose(image)
    region = grey(shown, drawn.patch.box)
    assert np.array_equal(region, drawn.patch.pixels), "as drawn, where it was meant"
    assert measure(image, drawn.patch, plan).checked().glyph_px == drawn.patch.glyph


def test_what_falls_short_is_found() -> None:
    for found in (Measured(9, 10, 21.0), Measured(10, 10, 4.4)):
        with pytest.raises(VerificationError, match=r"label\.explicit"):
            found.checked()
    assert Measured(10, 10, 4.5).checked() == Measured(10, 10, 4.5)
    image = noise("L")
    drawn = draw(image, Plan())
    box = drawn.stored
    image.paste(0, (box.x, box.y, box.x + box.width, box.y + box.height))
    assert measure(image, drawn.patch, Plan()).glyph_px == 0
    image.paste(noise("L"), (0, 0))
    with pytest.raises(VerificationError):
        measure(image, drawn.patch, Plan()).checked()
