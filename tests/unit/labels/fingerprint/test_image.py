# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from answerable.labels.fingerprint.image import of_greys, of_image, packed
from answerable.model.prints import Kind, Print, alike, distance, unlike
from tests.unit.labels.fingerprint.seen import scene


def coded(image: Any, form: str = "JPEG", **options: Any) -> Any:
    out = io.BytesIO()
    image.save(out, form, **options)
    return Image.open(io.BytesIO(out.getvalue()))


def near(one: Any, other: Any) -> bool:
    return any(alike(distance(a, b)) for a in of_image(one) for b in of_image(other))


def framed(image: Any) -> Any:
    screen = Image.new("RGB", (image.width + 90, image.height + 50), (250, 250, 250))
    screen.paste(image, (60, 20))
    return coded(screen, quality=80)


CHANGES: dict[str, Any] = {
    "q30": lambda image: coded(image, quality=30),
    "half": lambda image: image.resize((image.width // 2, image.height // 2)),
    "a third, q75": lambda image: coded(image.resize((image.width // 3, image.height // 3)), quality=75),
    "GIF": lambda image: coded(image, "GIF"),
    "screen": framed,
    "lighter": lambda image: image.point(lambda level: min(255, level * 1.1 + 6)),
    "transparent": lambda image: image.convert("RGBA"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_picture_is_near(change: str) -> None:
    for seed in range(5):
        image = Image.fromarray(scene(seed))
        assert near(image, CHANGES[change](image))


def test_other_pictures_are_far() -> None:
    prints = [of_image(Image.fromarray(scene(seed)))[0] for seed in range(16)]
    for at, one in enumerate(prints):
        for other in prints[:at]:
            assert unlike(distance(one, other))


def test_the_first_word_is_the_image_code_of_iscc() -> None:
    """Vectors of ISO 24138's reference implementation: all greys alike, and a ramp."""
    import iscc_lib

    greys = np.arange(1024, dtype=np.uint32).reshape(32, 32) % 256
    made = of_greys(greys.astype(np.uint8), Kind.IMAGE, 1)
    code = iscc_lib.iscc_decode(iscc_lib.gen_image_code_v0(greys.astype(np.uint8).tobytes()).iscc)
    assert made.words[0].to_bytes(8) == code[4]
    white = iscc_lib.iscc_decode("ISCC:EEAYAAAAAAAAAAAA")  # gen_image_code_v0 of 1024 times 255
    assert of_greys(np.full((32, 32), 255, np.uint8), Kind.IMAGE, 1).words[0].to_bytes(8) == white[4]


def test_what_shows_too_little_has_none() -> None:
    ramp = np.broadcast_to(np.linspace(0, 255, 400).astype(np.uint8)[None, :, None], (300, 400, 3))
    for pixels in (np.full((300, 400, 3), 90, np.uint8), ramp):
        assert of_image(Image.fromarray(np.ascontiguousarray(pixels))) == ()


@pytest.mark.parametrize("mode", ["L", "LA", "P", "CMYK", "I;16", "F", "1", "RGBA"])
def test_every_kind_of_pixels_is_seen(mode: str) -> None:
    image = Image.fromarray(scene(1))
    made = (
        Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 200)
        if mode == "I;16"
        else image.convert(mode)
    )
    assert of_image(made)
    if mode in ("L", "P", "RGBA", "I;16"):
        assert near(image, made)


def test_a_picture_on_its_side_is_set_upright() -> None:
    image = Image.fromarray(scene(2))
    turned, exif = image.transpose(Image.Transpose.ROTATE_90), Image.Exif()
    exif[0x0112] = 6
    assert near(image, coded(turned, quality=95, exif=exif))
    assert not near(image, coded(turned, quality=95))


def test_bits_are_packed_in_order() -> None:
    assert packed(np.r_[1, np.zeros(62), 1].reshape(8, 8)) == (1 << 63) | 1
    assert isinstance(of_image(Image.fromarray(scene(1)))[0], Print)
