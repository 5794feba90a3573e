# SPDX-License-Identifier: Apache-2.0
"""WebP: a simple file becomes an extended one, chunks of pictures stay, and what others wrote does too."""

from __future__ import annotations

import io
import struct

import pytest

from answerable.errors import VerificationError
from answerable.formats import webp as module
from answerable.formats.webp import WebP
from tests.label_files import OLD, TEXT, attribute, element, exif, read, riff_chunk, webp, write
from tests.label_files import xmp as packet

PLACE = "XMP chunk TC260:AIGC"
COMMENT = exif({}, b"ASCII\0\0\0" + OLD.encode())


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    assert data[:4] + data[8:12] == b"RIFFWEBP"
    assert len(data) == 8 + struct.unpack_from("<I", data, 4)[0]
    found, at = [], 12
    while at < len(data):
        (length,) = struct.unpack_from("<I", data, at + 4)
        found.append((data[at : at + 4], data[at + 8 : at + 8 + length]))
        at += 8 + length + length % 2
    return found


@pytest.mark.parametrize(
    ("data", "places"),
    [
        (webp(), []),
        (webp(mode="RGBA", lossless=True), []),
        (webp(mode="RGB", lossless=True), []),
        (webp(mode="RGBA"), []),
        (webp(frames=3), []),
        (webp(riff_chunk(b"XMP ", packet(element()))), [PLACE]),
        (webp(riff_chunk(b"XMP ", packet("", attribute())), riff_chunk(b"XMP ", packet(element()))), None),
        (webp(riff_chunk(b"EXIF", COMMENT)), ["EXIF chunk UserComment"]),
        (webp(riff_chunk(b"EXIF", b"Exif\0\0" + COMMENT)), ["EXIF chunk UserComment"]),
    ],
)
def test_every_place_is_read_and_one_object_is_left(data: bytes, places: list[str] | None) -> None:
    assert places is None or [place for place, _ in read(data)] == places
    made = write(data)
    assert read(made) == [(PLACE, TEXT)]
    pictures = (b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF")
    assert [each for each in chunks(made) if each[0] in pictures] == [
        each for each in chunks(data) if each[0] in pictures
    ]
    assert write(made) == made


@pytest.mark.parametrize(("mode", "alpha"), [("RGB", False), ("RGBA", True)])
@pytest.mark.parametrize("lossless", [False, True])
def test_the_new_header_says_size_and_alpha(mode: str, alpha: bool, lossless: bool) -> None:
    from PIL import Image

    made = write(webp(mode=mode, lossless=lossless, size=(301, 77)))
    kind, head = chunks(made)[0]
    assert kind == b"VP8X"
    assert head[0] & 0x04
    assert bool(head[0] & 0x10) == alpha
    assert (int.from_bytes(head[4:7], "little"), int.from_bytes(head[7:10], "little")) == (300, 76)
    opened = Image.open(io.BytesIO(made))
    assert (opened.size, opened.mode) == ((301, 77), mode)


def test_a_manifest_and_a_profile_stay_in_their_order() -> None:
    manifest = riff_chunk(b"C2PA", b'jumb{"AIGC":{"Label":"1"}}')
    data = webp(riff_chunk(b"XMP ", packet("")), manifest, icc_profile=b"profile")
    made = write(data)
    assert manifest in made
    assert [kind for kind, _ in chunks(made)] == [kind for kind, _ in chunks(data)]


def test_a_missing_last_padding_is_put_in() -> None:
    odd = webp(riff_chunk(b"abcd", b"odd"))
    cut = odd[:4] + struct.pack("<I", len(odd) - 9) + odd[8:-1]
    assert read(write(cut)) == [(PLACE, TEXT)]
    assert chunks(write(cut))[2] == (b"abcd", b"odd")


def test_bytes_behind_the_file_stay_behind() -> None:
    made = write(webp() + b"behind")
    assert made.endswith(b"behind")
    assert read(made) == [(PLACE, TEXT)]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        webp()[:-3],
        b"RIFF\4\0\0\0WEBP",
        b"RIFF" + struct.pack("<I", 12) + b"WEBPabcd\0\0\0\0",
        b"RIFF" + struct.pack("<I", 14) + b"WEBPVP8 \x02\0\0\0ab",
        b"RIFF" + struct.pack("<I", 14) + b"WEBPVP8L\x02\0\0\0ab",
        b"RIFF" + struct.pack("<I", 14) + b"WEBPVP8X\x02\0\0\0ab",
        b"RIFF" + struct.pack("<I", 13) + b"WEBPVP8X\x00\0\0\0a",
    ],
)
def test_a_broken_structure_is_malformed(data: bytes) -> None:
    with pytest.raises(VerificationError) as caught:
        write(data, carrier=WebP())
    assert caught.value.code == "format.malformed"


def test_chunks_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CHUNKS", 20)
    for data in (webp(*[riff_chunk(b"abcd", b"")] * 30), webp(riff_chunk(b"EXIF", bytes(5_000_000)))):
        with pytest.raises(VerificationError) as caught:
            read(data)
        assert caught.value.code == "format.oversized"
