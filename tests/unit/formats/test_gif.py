# SPDX-License-Identifier: Apache-2.0
"""GIF: XMP in its peculiar form, comments, both versions; frames stay byte for byte."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.errors import VerificationError
from answerable.formats import gif as module
from answerable.formats.gif import Gif
from answerable.formats.splice import Source
from tests.label_files import OLD, TEXT, attribute, element, gif, gif_extension, read, write
from tests.label_files import xmp as packet

PLACE = "XMP DataXMP TC260:AIGC"
HEAD = b"\x21\xff\x0bXMP DataXMP"
MAGIC = b"\1" + bytes(range(255, -1, -1)) + b"\0"


def xmp(*packets: bytes) -> list[bytes]:
    return [HEAD + each + MAGIC for each in packets]


@pytest.mark.parametrize(
    ("data", "places"),
    [
        (gif(), []),
        (gif(frames=3, loop=0), []),
        (gif(*xmp(packet(element()))), [PLACE]),
        (gif(*xmp(packet(element()), packet("", attribute()))), [PLACE, "XMP DataXMP @TC260:AIGC"]),
        (gif(gif_extension(HEAD, packet(element()))), [PLACE]),
        (gif(gif_extension(b"\x21\xfe", b"AIGC" + OLD.encode())), ["comment"]),
        (gif(gif_extension(b"\x21\xfe", b"a comment"), gif_extension(b"\x21\xff\x0bC2PA_GIF\1\0\0", OLD.encode())), []),
    ],
)
def test_every_place_is_read_and_one_object_is_left(data: bytes, places: list[str]) -> None:
    from PIL import Image

    assert [place for place, _ in read(data)] == places
    made = write(data)
    assert read(made) == [(PLACE, TEXT)]
    assert write(made) == made
    one, two = Image.open(io.BytesIO(data)), Image.open(io.BytesIO(made))
    assert one.n_frames == two.n_frames
    for frame in range(one.n_frames):
        one.seek(frame)
        two.seek(frame)
        assert one.convert("RGB").tobytes() == two.convert("RGB").tobytes()


def test_the_older_version_becomes_the_newer() -> None:
    data = b"GIF87a" + gif()[6:]
    assert read(data) == []
    made = write(data)
    assert made[:6] == b"GIF89a"
    assert read(made) == [(PLACE, TEXT)]


def test_it_stands_behind_the_loop_and_before_the_first_frame() -> None:
    made = write(gif(frames=2, loop=0))
    assert made.index(b"NETSCAPE2.0") < made.index(b"XMP DataXMP") < made.index(b"\x21\xf9\x04")


def test_a_manifest_and_comments_of_others_stay() -> None:
    kept = [gif_extension(b"\x21\xff\x0bC2PA_GIF\1\0\0", bytes(900)), gif_extension(b"\x21\xfe", b"a comment")]
    made = write(gif(*kept))
    assert all(each in made for each in kept)


@pytest.mark.parametrize("data", [b"GIF89a", b"GIF90a" + bytes(9), gif()[:-1], gif()[:-1] + b"\7", gif()[:-2]])
def test_a_broken_structure_is_malformed(data: bytes) -> None:
    with pytest.raises(VerificationError) as caught:
        Gif().read(io.BytesIO(data))
    assert caught.value.code == "format.malformed"


def test_sizes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SUB_BLOCKS", 9_000)
    for data in (
        gif(*[b"\x21\xfe\0"] * 70_000),
        gif(b"\x21\xfe" + b"\1x" * 10_000 + b"\0"),
        gif(*xmp(b" " * 4_300_000)),
    ):
        with pytest.raises(VerificationError) as caught:
            Gif().read(io.BytesIO(data))
        assert caught.value.code == "format.oversized"


def test_a_long_comment_is_no_object() -> None:
    assert read(gif(gif_extension(b"\x21\xfe", OLD.encode() + b" " * 300_000))) == []


@given(st.lists(st.sampled_from([1, 7, 254, 255, 255, 255, 255]), max_size=40), st.integers(1, 3_000))
def test_rows_of_full_sub_blocks_end_where_they_do_one_by_one(lengths: list[int], window: int) -> None:
    """Whatever the window through which the file is seen cuts in two."""
    data = b"".join(bytes((length,)) + b"\xff" * length for length in lengths) + b"\0"
    usual = module._WINDOW
    module._WINDOW = window  # type: ignore[misc]
    try:
        walk = module._Walk(Source(io.BytesIO(data + b"\xff\xff\0"), "gif"))
        assert walk.end(0) == len(data)
        assert walk._count == len(lengths)
    finally:
        module._WINDOW = usual  # type: ignore[misc]


def test_full_sub_blocks_count_towards_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SUB_BLOCKS", 10)
    data = (b"\xff" + bytes(255)) * 11 + b"\x01\x00\x00"
    with pytest.raises(VerificationError, match=r"format\.oversized"):
        module._Walk(Source(io.BytesIO(data), "gif")).end(0)
