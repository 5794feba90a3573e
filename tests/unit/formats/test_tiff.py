# SPDX-License-Identifier: Apache-2.0
"""TIFF: nothing that the file points to moves; pages and both widths are understood."""

from __future__ import annotations

import io

import pytest

from answerable.errors import VerificationError
from answerable.formats import streams
from answerable.formats.tiff import Tiff
from tests.label_files import OLD, TEXT, VENDOR, attribute, element, exif, picture, read, tiff, write
from tests.label_files import xmp as packet

PLACE = "tag 700 XMP TC260:AIGC"


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize(
    ("fields", "places"),
    [
        ({}, []),
        ({700: (1, packet(""))}, []),
        ({700: (1, packet(element()))}, [PLACE]),
        ({700: (7, packet("", attribute())), 305: (2, b"a program\0")}, ["tag 700 XMP @TC260:AIGC"]),
        ({270: (2, OLD.encode() + b"\0")}, ["IFD ImageDescription"]),
    ],
)
def test_one_object_is_left_and_pixels_stay(
    order: str, big: bool, fields: dict[int, tuple[int, bytes]], places: list[str]
) -> None:
    data = tiff(order, big=big, pages=2, fields=fields)
    assert [place for place, _ in read(data)] == places
    made = write(data)
    assert read(made) == [(PLACE, TEXT)]
    assert write(made) == made
    # All but offsets and emptied fields stands where it stood.
    if 270 not in fields:
        assert sum(one != two for one, two in zip(data, made, strict=False)) <= 20
    assert (b"A &amp; B" in made) == (700 in fields)
    assert (b"a program\0" in made) == (305 in fields)


@pytest.mark.parametrize(
    ("mode", "options"), [("RGB", {}), ("RGB", {"compression": "tiff_lzw"}), ("L", {"big_tiff": True})]
)
def test_pixels_of_every_page_are_the_same(mode: str, options: dict[str, object]) -> None:
    from PIL import Image

    data = picture("TIFF", mode, frames=3, **options)
    one, two = Image.open(io.BytesIO(data)), Image.open(io.BytesIO(write(data)))
    assert one.n_frames == two.n_frames == 3
    for page in range(3):
        one.seek(page)
        two.seek(page)
        assert one.tobytes() == two.tobytes()


def test_objects_of_later_pages_do_not_stay() -> None:
    page = tiff(fields={700: (1, packet(element()))})
    first = bytearray(tiff())
    # The only directory of the first is followed by that of the second, offsets and all put behind it.
    second = bytearray(page)
    shift, word = len(first), 4
    start = int.from_bytes(second[4:8], "little")
    for at in range(start + 2, start + 2 + 12 * 10, 12):
        tag = int.from_bytes(second[at : at + 2], "little")
        if tag in (273, 700):
            offset = int.from_bytes(second[at + 8 : at + 12], "little") + shift
            second[at + 8 : at + 12] = offset.to_bytes(word, "little")
    first[-4:] = (start + shift).to_bytes(4, "little")
    data = bytes(first + second)
    assert read(data) == [("page 2 tag 700 XMP TC260:AIGC", OLD)]
    assert read(write(data)) == [(PLACE, TEXT)]


def test_exif_of_the_file_is_read_and_another_schema_stays() -> None:
    data = exif({270: (2, VENDOR.encode())}, b"ASCII\0\0\0" + OLD.encode())
    assert [place for place, _ in read(data)] == ["IFD ImageDescription (other schema)", "IFD UserComment"]
    assert [place for place, _ in read(write(data))] == [PLACE, "IFD ImageDescription (other schema)"]


def test_no_directory_and_broken_ones_are_malformed() -> None:
    for data in (b"II*\0\0\0\0\0", b"II*\0\xff\xff\0\0", tiff()[:-1]):
        with pytest.raises(VerificationError) as caught:
            write(data, carrier=Tiff())
        assert caught.value.code == "format.malformed"


def test_a_packet_that_lies_over_a_directory_is_malformed() -> None:
    data = bytearray(tiff(fields={270: (2, b'"' + OLD.encode()), 700: (1, b"ab")}))
    text = data.index(OLD.encode()) - 1
    start = int.from_bytes(data[4:8], "little")
    for at in range(start + 2, start + 2 + 12 * 11, 12):
        if int.from_bytes(data[at : at + 2], "little") == 270:
            entry = at
    # A second description, pointing into the first one's text.
    data[entry + 12 : entry + 14] = (315).to_bytes(2, "little")
    data[entry + 14 : entry + 16] = (2).to_bytes(2, "little")
    data[entry + 16 : entry + 20] = (len(OLD)).to_bytes(4, "little")
    data[entry + 20 : entry + 24] = (text + 1).to_bytes(4, "little")
    with pytest.raises(VerificationError) as caught:
        write(bytes(data))
    assert caught.value.code == "format.malformed"


@pytest.mark.parametrize("tag", [270, 700])
def test_a_value_named_by_every_page_is_looked_at_so_often_alone(tag: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MAX_METADATA", 4_000_000)
    data = tiff(pages=40, fields={tag: (1, b"AIGC{" + bytes(250_000))})
    first = int.from_bytes(data[4:8], "little")
    entries = {int.from_bytes(data[at : at + 2], "little"): at for at in range(first + 2, first + 2 + 120, 12)}
    entry, made = data[entries[tag] : entries[tag] + 12], bytearray(data)
    # Each page's first entry, its width, gives way to the one that leads to the value of the first page.
    at = int.from_bytes(data[first + 2 + 120 : first + 6 + 120], "little")
    while at:
        made[at + 2 : at + 14] = entry
        at = int.from_bytes(data[at + 2 + 108 : at + 6 + 108], "little")
    with pytest.raises(VerificationError, match="metadata"):
        read(bytes(made))
