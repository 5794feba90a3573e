# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import struct
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from answerable.errors import AnswerableError, VerificationError
from answerable.labels.c2pa_selftest import chunk, picture
from answerable.labels.explicit import chunks


def encoded(form: str, colour: int, **how: object) -> bytes:
    out = BytesIO()
    Image.new("L", (40, 40), colour).save(out, form, **how)
    return out.getvalue()


def test_a_png_takes_the_new_pixels_and_keeps_all_else_in_its_place() -> None:
    old = picture()
    held = (
        old[:33]
        + chunk(b"caBX", b"manifest")
        + chunk(b"sBIT", b"\1")
        + old[33:-12]
        + chunk(b"tIME", b"now")
        + old[-12:]
    )
    made = chunks.png(BytesIO(held), encoded("PNG", 9))
    kinds = [made[at + 4 : at + 8] for at in _starts(made)]
    assert kinds == [b"IHDR", b"caBX", b"IDAT", b"tIME", b"IEND"]
    assert chunk(b"caBX", b"manifest") in made
    with Image.open(BytesIO(made)) as image:
        assert image.getpixel((3, 3)) == 9
    assert chunks.png_depth(BytesIO(made)) == 8


def _starts(data: bytes) -> list[int]:
    at, found = 8, []
    while at < len(data):
        found.append(at)
        at += 12 + struct.unpack_from(">I", data, at)[0]
    return found


def test_a_jpeg_takes_the_new_pixels_and_keeps_segments_and_comments() -> None:
    held = encoded("JPEG", 10, comment=b"said", xmp=b"<x/>")
    made = chunks.jpeg(BytesIO(held), encoded("JPEG", 200))
    with Image.open(BytesIO(made)) as image:
        assert image.info["comment"] == b"said"
        assert image.info["xmp"] == b"<x/>"
        assert abs(image.getpixel((3, 3)) - 200) < 3


@pytest.mark.parametrize("data", [picture()[:-20], b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIDAT" + bytes(9)])
def test_a_png_whose_chunks_do_not_fit(data: bytes) -> None:
    with pytest.raises(VerificationError, match=r"format\.malformed"):
        chunks.png(BytesIO(data), encoded("PNG", 9))


@pytest.mark.parametrize("data", [b"\xff\xd8\x00\xe1\0\2", b"\xff\xd8\xff\xe1\xff\xff\0"])
def test_a_jpeg_whose_segments_do_not_fit(data: bytes) -> None:
    with pytest.raises(VerificationError, match=r"format\.malformed"):
        chunks.jpeg(BytesIO(data), encoded("JPEG", 9))


def test_which_webp_is_coded_without_loss() -> None:
    assert chunks.webp_lossless(BytesIO(encoded("WEBP", 9, lossless=True)))
    assert not chunks.webp_lossless(BytesIO(encoded("WEBP", 9)))
    assert not chunks.webp_lossless(BytesIO(b""))


@given(st.binary(max_size=300))
def test_foreign_bytes_raise_our_errors_alone(data: bytes) -> None:
    for make, head, form in ((chunks.png, b"\x89PNG\r\n\x1a\n", "PNG"), (chunks.jpeg, b"\xff\xd8", "JPEG")):
        for whole in (data, head + data):
            with suppress(AnswerableError):
                make(BytesIO(whole), encoded(form, 9))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1"])
def test_pixels_come_back_and_what_compresses_well_is_compressed_well(mode: str) -> None:
    noise = Image.effect_noise((200, 160), 90).convert(mode if mode != "LA" else "L").convert(mode)
    even = Image.new("RGB", (200, 160), (3, 4, 5)).convert(mode if mode != "LA" else "L").convert(mode)
    for image in (noise, even):
        encoded = chunks.png_encoded(image)
        with Image.open(BytesIO(encoded)) as again:
            assert (again.mode, again.tobytes()) == (image.mode, image.tobytes())
    best = BytesIO()
    even.save(best, "PNG")
    assert len(chunks.png_encoded(even)) == len(best.getvalue())
