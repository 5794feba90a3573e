# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from answerable.labels.watermark import WatermarkReading, embed, extract
from answerable.labels.watermark.evidence import ACCEPTED
from benchmarks.pictures import drawn

KEY = bytes(range(32))
PAYLOAD = 0xFEDCBA987654
PLAIN = drawn("scene", 2, 560, 640)
MARKED = Image.fromarray(embed(PLAIN, PAYLOAD, KEY))


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    held = io.BytesIO()
    image.save(held, "JPEG", quality=quality)
    return Image.open(held).convert("RGB")


def resized(image: Image.Image, share: float) -> Image.Image:
    return image.resize((round(image.width * share), round(image.height * share)), Image.Resampling.LANCZOS)


def cut(image: Image.Image, share: float) -> Image.Image:
    """A piece of this share of the area, off the middle."""
    width, height = round(image.width * share**0.5), round(image.height * share**0.5)
    left, top = round((image.width - width) * 0.3), round((image.height - height) * 0.7)
    return image.crop((left, top, left + width, top + height))


def read(image: Image.Image, search: str = "full") -> WatermarkReading:
    found = extract(np.asarray(image), KEY, search=search)  # type: ignore[arg-type]
    assert found is not None
    assert found.payload == PAYLOAD
    assert found.p_value <= ACCEPTED
    return found


def test_as_written() -> None:
    found = read(MARKED, "place")
    assert (found.corrected_bits, found.scale, found.turned, found.mirrored) == (0, 1.0, 0.0, False)
    # A corner of a tile lies where the picture begins: from its middle, whole tiles back and up.
    assert abs((found.offset[0] + 280 + 64) % 128 - 64) <= 2
    assert abs((found.offset[1] + 320 + 64) % 128 - 64) <= 2


@pytest.mark.parametrize("quality", [50, 30])
def test_jpeg(quality: int) -> None:
    read(jpeg(MARKED, quality), "place")


def test_a_piece_is_read_without_a_search() -> None:
    whole = read(MARKED, "place")
    piece = MARKED.crop((101, 53, 101 + 450, 53 + 400))
    found = read(piece, "place")
    # The piece's middle lies at (253, 326), the picture's at (280, 320).
    assert abs((found.offset[0] - whole.offset[0] - 27 + 64) % 128 - 64) <= 2
    assert abs((found.offset[1] - whole.offset[1] + 6 + 64) % 128 - 64) <= 2


def test_sizes() -> None:
    for share in (0.5, 0.77, 1.6):
        assert read(resized(MARKED, share)).scale == pytest.approx(share, rel=0.005)
    read(jpeg(resized(MARKED, 0.5), 75))


def test_pieces_made_smaller_and_compressed() -> None:
    read(jpeg(cut(MARKED, 0.5), 70), "place")
    read(jpeg(resized(cut(MARKED, 0.5), 0.7), 70))


def test_turned_by_quarters_and_mirrored() -> None:
    for way, turned, mirrored in (
        (Image.Transpose.ROTATE_90, 90, False),
        (Image.Transpose.ROTATE_180, 180, False),
        (Image.Transpose.ROTATE_270, -90, False),
        (Image.Transpose.FLIP_LEFT_RIGHT, 0, True),
    ):
        found = read(MARKED.transpose(way))
        assert abs(found.turned) == pytest.approx(abs(turned), abs=0.1)
        assert found.turned * turned >= 0
        assert found.mirrored is mirrored


def test_turned_a_little() -> None:
    found = read(jpeg(MARKED.rotate(2.5, Image.Resampling.BICUBIC).crop((40, 40, 600, 520)), 80))
    assert found.turned == pytest.approx(2.5, abs=0.25)
    assert found.scale == pytest.approx(1, rel=0.01)


def test_a_large_picture_is_still_read_when_it_is_made_small() -> None:
    large = np.asarray(Image.fromarray(drawn("scene", 3, 500, 700)).resize((2800, 2000), Image.Resampling.BICUBIC))
    marked = Image.fromarray(embed(large, PAYLOAD, KEY))
    assert read(marked, "place").scale == 2.0
    read(resized(marked, 0.25))


def test_nothing_is_read_from_what_was_not_marked() -> None:
    assert extract(PLAIN[:320, :400], KEY, search="full") is None
    assert extract(np.asarray(MARKED)[:320, :400], KEY[::-1], search="full") is None
    for value in (0, 255):
        assert extract(np.full((130, 150, 3), value, np.uint8), KEY, search="full") is None


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 4000, 3), (47, 47), (48, 48, 4), (40_000, 49, 2)])
def test_any_shape_is_looked_at(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    assert extract(pixels, KEY, search="full") is None
