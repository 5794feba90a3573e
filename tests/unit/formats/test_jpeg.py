# SPDX-License-Identifier: Apache-2.0
"""JPEG: every place is read, exactly one object is left, and what is not ours stays byte for byte."""

from __future__ import annotations

import io

import pytest

from answerable.errors import VerificationError
from answerable.formats import jpeg as module
from answerable.formats.jpeg import Jpeg
from tests.label_files import (
    OLD,
    TEXT,
    VENDOR,
    app1,
    attribute,
    element,
    exif,
    image,
    jpeg,
    picture,
    read,
    segment,
    write,
)
from tests.label_files import xmp as packet

EXIF = b"Exif\0\0"
# As much as a segment holds.
FULL = "<dc:rights>" + "x" * (65_502 - len(packet("<dc:rights></dc:rights>"))) + "</dc:rights>"
COMMENT = EXIF + exif({}, b"ASCII\0\0\0" + OLD.encode())


def scan(data: bytes) -> bytes:
    return data[data.index(b"\xff\xda") :]


@pytest.mark.parametrize(
    "data",
    [
        jpeg(),
        jpeg(app1(packet(""))),
        jpeg(app1(packet(element(), attribute()))),
        jpeg(app1(packet(element())), app1(packet(element()))),
        jpeg(segment(0xE1, COMMENT)),
        jpeg(segment(0xE9, b"AIGC" + OLD.encode()), segment(0xFE, OLD.encode())),
        jpeg(segment(0xE1, COMMENT), app1(packet(element())), segment(0xE4, b"\0\0AIGC:" + OLD.encode())),
        picture("JPEG", "L", progressive=True),
        picture("JPEG", "CMYK", subsampling=0, icc_profile=bytes(70_000)),
    ],
)
def test_exactly_one_object_is_left(data: bytes) -> None:
    made = write(data)
    assert read(made) == [("APP1 XMP TC260:AIGC", TEXT)]
    assert scan(made) == scan(data)
    assert write(made) == made


def test_pixels_are_the_same() -> None:
    import numpy as np
    from PIL import Image

    data = jpeg()
    one, two = (np.asarray(Image.open(io.BytesIO(each))) for each in (data, write(data)))
    assert (one == two).all()


def test_the_new_segment_stands_behind_jfif_and_exif() -> None:
    made = write(jpeg(segment(0xE1, EXIF + exif({0x10F: (2, b"maker\0")})), segment(0xE2, b"ICC_PROFILE\0" + bytes(9))))
    assert made.index(b"JFIF") < made.index(b"Exif") < made.index(b"TC260:AIGC") < made.index(b"ICC_PROFILE")


def test_a_manifest_stays_as_it_stands_and_is_not_read() -> None:
    manifest = segment(0xEB, b'JP\0\1\0\0\0\1\0\0\0\x2ajumb{"AIGC":{"Label":"1"}}AIGC{"Label":"1"}')
    made = write(jpeg(manifest))
    assert manifest in made
    assert len(read(made)) == 1


def test_other_metadata_stays() -> None:
    parts = [
        segment(0xE2, b"ICC_PROFILE\0" + bytes(90)),
        segment(0xED, b"Photoshop 3.0\0" + bytes(20)),
        segment(0xFE, b"a note"),
    ]
    data = jpeg(*parts, app1(packet("")))
    made = write(data)
    assert all(part in made for part in parts)
    assert b"A &amp; B" in made


def test_a_vendors_schema_is_named_and_stays() -> None:
    data = jpeg(segment(0xE1, EXIF + exif({0x10E: (2, VENDOR.encode())})))
    made = write(data)
    assert read(made) == [("APP1 Exif ImageDescription (other schema)", VENDOR), ("APP1 XMP TC260:AIGC", TEXT)]
    assert VENDOR.encode() in made


def test_a_packet_that_fills_its_segment_is_divided() -> None:
    data = jpeg(app1(packet(FULL)))
    made = write(data)
    assert read(made) == [("APP1 XMP TC260:AIGC", TEXT)]
    assert made.count(b"http://ns.adobe.com/xmp/extension/") == 1
    assert b"x" * 64_000 in made
    other = TEXT.replace("rrr", "sss")
    again = write(made, other)
    assert read(again) == [("APP1 XMP TC260:AIGC", other)]
    assert again.count(b"http://ns.adobe.com/xmp/extension/") == 1


def test_free_space_is_given_up_first() -> None:
    room = 65_502 - len(packet("")) - 30
    made = write(jpeg(app1(packet("").replace(b" " * 200, b" " * (200 + room)))))
    assert read(made) == [("APP1 XMP TC260:AIGC", TEXT)]
    assert b"xmp/extension" not in made


def test_extended_xmp_with_an_object_is_read_and_not_written() -> None:
    inner = packet(element())
    data = jpeg(
        segment(
            0xE1, b"http://ns.adobe.com/xmp/extension/\0" + b"G" * 32 + len(inner).to_bytes(4, "big") + bytes(4) + inner
        )
    )
    assert read(data) == [("APP1 extended XMP TC260:AIGC", OLD)]
    with pytest.raises(VerificationError) as caught:
        write(data)
    assert caught.value.code == "format.unsupported"


def test_a_full_packet_beside_extended_xmp_is_unsupported() -> None:
    extended = segment(
        0xE1, b"http://ns.adobe.com/xmp/extension/\0" + b"G" * 32 + bytes(3) + b"\4" + bytes(4) + b"<a/>"
    )
    with pytest.raises(VerificationError) as caught:
        write(jpeg(app1(packet(FULL)), extended))
    assert caught.value.code == "format.unsupported"


def test_fill_bytes_stand_before_a_marker() -> None:
    data = jpeg()
    filled = data[:20] + b"\xff" * 9_000 + data[20:]
    made = write(filled)
    assert read(made) == [("APP1 XMP TC260:AIGC", TEXT)]
    assert made.endswith(b"\xff" * 9_000 + data[20:])


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xe0\0\1",
        b"\xff\xd8\xff\xe0\xff\xff",
        b"\xff\xd8\xff" + b"\xff" * 5_000,
        b"\xff\xd8\xff\xe0\0\2AB",
        b"GIF",
    ],
)
def test_a_broken_structure_is_malformed(data: bytes) -> None:
    for act in (lambda: Jpeg().read(io.BytesIO(data)), lambda: write(data, carrier=Jpeg())):
        with pytest.raises(VerificationError) as caught:
            act()
        assert caught.value.code == "format.malformed"


def test_a_file_of_segments_is_oversized() -> None:
    with pytest.raises(VerificationError) as caught:
        Jpeg().read(io.BytesIO(b"\xff\xd8" + b"\xff\xe3\0\2" * (module.MAX_SEGMENTS + 1)))
    assert caught.value.code == "format.oversized"


def test_extended_xmp_is_bounded() -> None:
    part = segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(65_000))
    with pytest.raises(VerificationError) as caught:
        Jpeg().read(io.BytesIO(jpeg(*[part] * 70)))
    assert caught.value.code == "format.oversized"


def test_the_picture_is_of_its_kind() -> None:
    assert (Jpeg.name, Jpeg.media) == ("jpeg", "image/jpeg")
    assert image().size == (17, 11)
