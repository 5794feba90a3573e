# SPDX-License-Identifier: Apache-2.0
"""PNG: text chunks, XMP and Exif are read; one object is left; picture data stays byte for byte."""

from __future__ import annotations

import io
import zlib

import pytest

from answerable.errors import VerificationError
from answerable.formats import png as module
from answerable.formats.png import SIGNATURE, Png
from tests.label_files import OLD, TEXT, VENDOR, attribute, chunk, element, exif, itxt, picture, png, read, write
from tests.label_files import xmp as packet

XMP = "XML:com.adobe.xmp"
PLACE = "iTXt XMP TC260:AIGC"


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 8
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        body = data[at + 8 : at + 8 + length]
        assert zlib.crc32(data[at + 4 : at + 8] + body) == int.from_bytes(
            data[at + 8 + length : at + 12 + length], "big"
        )
        found.append((data[at + 4 : at + 8], body))
        at += 12 + length
    return found


@pytest.mark.parametrize(
    ("data", "places"),
    [
        (png(), []),
        (png(itxt(XMP, packet(""))), []),
        (png(itxt(XMP, packet(element()), packed=True)), [PLACE]),
        (png(itxt(XMP, packet("", attribute())), itxt(XMP, packet(element()))), ["iTXt XMP @TC260:AIGC", PLACE]),
        (png(chunk(b"tEXt", XMP.encode() + b"\0" + packet(element()))), ["tEXt XMP TC260:AIGC"]),
        (png(chunk(b"tEXt", b"AIGC\0" + OLD.encode())), ["tEXt AIGC"]),
        (png(chunk(b"zTXt", b"AIGC\0\0" + zlib.compress(OLD.encode()))), ["zTXt AIGC"]),
        (png(itxt("AIGC", OLD.encode())), ["iTXt AIGC"]),
        (png(chunk(b"tEXt", b"Comment\0AIGC" + OLD.encode())), ["tEXt Comment"]),
        (png(chunk(b"eXIf", exif({}, b"ASCII\0\0\0" + OLD.encode()))), ["eXIf UserComment"]),
        (picture("PNG", "RGBA", frames=2), []),
    ],
)
def test_every_place_is_read_and_one_object_is_left(data: bytes, places: list[str]) -> None:
    assert [place for place, _ in read(data)] == places
    made = write(data)
    assert read(made) == [(PLACE, TEXT)]
    same = (b"IHDR", b"PLTE", b"IDAT", b"fdAT", b"fcTL", b"acTL", b"IEND")
    assert [each for each in chunks(made) if each[0] in same] == [each for each in chunks(data) if each[0] in same]
    assert write(made) == made


def test_text_behind_the_picture_is_read() -> None:
    data = png()
    end = data.rindex(b"IEND") - 4
    assert read(data[:end] + chunk(b"tEXt", b"AIGC\0{}") + data[end:]) == [("tEXt AIGC", "{}")]


def test_what_others_wrote_stays() -> None:
    parts = [
        chunk(b"tEXt", b"Title\0A picture"),
        chunk(b"caBX", b'jumb{"AIGC":{"Label":"1"}}'),
        chunk(b"tEXt", b'Json\0{"AIGC":1}'),
    ]
    parts.append(chunk(b"eXIf", exif({0x10E: (2, VENDOR.encode())})))
    made = write(png(*parts, itxt(XMP, packet(""))))
    assert all(part in made for part in parts)
    assert b"A &amp; B" in made
    assert [place for place, _ in read(made)] == ["eXIf ImageDescription (other schema)", PLACE]


def test_a_damaged_packet_is_not_thrown_away() -> None:
    with pytest.raises(VerificationError) as caught:
        write(png(itxt(XMP, b"<x>")))
    assert caught.value.code == "format.malformed"


def test_a_bomb_of_text_is_oversized() -> None:
    bomb = zlib.compress(bytes(50_000_000))
    for name in ("AIGC", XMP):
        with pytest.raises(VerificationError) as caught:
            read(png(chunk(b"zTXt", name.encode() + b"\0\0" + bomb)))
        assert caught.value.code == "format.oversized"
    assert read(png(chunk(b"zTXt", b"Comment\0\0" + bomb))) == []


def test_an_object_and_a_chunk_are_bounded() -> None:
    for data in (png(chunk(b"tEXt", b"AIGC\0" + b"x" * 140_000)), png(chunk(b"iTXt", bytes(5_000_000)))):
        with pytest.raises(VerificationError) as caught:
            read(data)
        assert caught.value.code == "format.oversized"


def test_a_file_of_chunks_is_oversized(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CHUNKS", 50)
    with pytest.raises(VerificationError) as caught:
        Png().read(io.BytesIO(png(*[chunk(b"abCd", b"")] * 50)))
    assert caught.value.code == "format.oversized"


@pytest.mark.parametrize(
    "data",
    [
        SIGNATURE,
        SIGNATURE + b"\0\0\0\0",
        SIGNATURE + b"\xff\xff\xff\xffIHDR",
        SIGNATURE + chunk(b"IEND", b""),
        SIGNATURE + chunk(b"tEXt", b"a\0b") + chunk(b"IEND", b""),
        png()[:-3],
        b"",
    ],
)
def test_a_broken_structure_is_malformed(data: bytes) -> None:
    with pytest.raises(VerificationError) as caught:
        Png().read(io.BytesIO(data))
    assert caught.value.code == "format.malformed"


@pytest.mark.parametrize("body", [b"no zero", b"AIGC\0\0 no zlib", b"\0x", b"k" * 80 + b"\0x"])
def test_a_damaged_text_has_no_keyword(body: bytes) -> None:
    assert read(png(chunk(b"zTXt", body), chunk(b"iTXt", b"AIGC\0\0\0cut"))) == []


def test_many_bombs_of_text_are_oversized_together() -> None:
    bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(50_000_000)))
    with pytest.raises(VerificationError, match="metadata"):
        read(png(*[bomb] * 300))
