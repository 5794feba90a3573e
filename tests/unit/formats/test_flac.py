# SPDX-License-Identifier: Apache-2.0
"""FLAC: the comments change, the sound does not."""

from __future__ import annotations

import pytest

from answerable.errors import VerificationError
from answerable.formats import flac
from answerable.formats.flac import Flac
from answerable.formats.id3_tag import made
from tests.av_bytes import OTHER, TEXT, read, texts, write
from tests.unit.formats.test_vorbis_comment import comments

SOUND = b"\xff\xf8" + bytes(100)
PICTURE = (6, b"picture")


def stream(*blocks: tuple[int, bytes]) -> bytes:
    blocks = ((0, bytes(34)), *blocks)
    parts = [
        bytes((kind | (0x80 if number == len(blocks) else 0),)) + len(content).to_bytes(3, "big") + content
        for number, (kind, content) in enumerate(blocks, 1)
    ]
    return b"fLaC" + b"".join(parts) + SOUND


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            stream((4, comments(b"TITLE=t")), PICTURE, (1, bytes(50))),
            stream((4, comments(b"TITLE=t", b"AIGC=" + TEXT.encode())), PICTURE, (1, bytes(50))),
        ),
        (stream(), stream((4, comments(b"AIGC=" + TEXT.encode(), vendor=b"unknown")))),
        (stream(PICTURE), stream((4, comments(b"AIGC=" + TEXT.encode(), vendor=b"unknown")), PICTURE)),
        (
            stream((4, comments(b"AIGC={}")), (4, comments(b"AIGC={}"))),
            stream((4, comments(b"AIGC=" + TEXT.encode())), (4, comments())),
        ),
    ],
)
def test_only_the_comments_change(before: bytes, after: bytes) -> None:
    assert write(Flac(), before) == after
    assert [(each.place, each.text) for each in read(Flac(), after)] == [("Vorbis comment AIGC", TEXT.encode())]
    assert write(Flac(), after) == after
    assert texts(Flac(), write(Flac(), after, OTHER)) == [OTHER]


def test_a_tag_before_the_stream_loses_its_object_only() -> None:
    tag = made(b"{}") + b""
    data = tag + stream((4, comments()))
    assert texts(Flac(), data) == ["{}"]
    labelled = write(Flac(), data)
    assert labelled.startswith(b"ID3")
    assert texts(Flac(), labelled) == [TEXT]


@pytest.mark.parametrize("data", [b"", b"fLaC", b"fLaX" + bytes(40), stream()[:20], stream((4, b"\1"))])
def test_what_is_damaged(data: bytes) -> None:
    with pytest.raises(VerificationError, match=r"format\.malformed"):
        write(Flac(), data)


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(VerificationError, match=r"format\.oversized"):
        write(Flac(), stream(), "x" * (1 << 24))
    monkeypatch.setattr(flac, "MAX_BLOCKS", 2)
    with pytest.raises(VerificationError, match=r"format\.oversized"):
        read(Flac(), stream(PICTURE, PICTURE))
