# SPDX-License-Identifier: Apache-2.0
"""How sound and video begin, and what only looks like it."""

from __future__ import annotations

import pytest

from answerable.formats import sniff_av
from tests.av_bytes import FTYP, box, riff, wav

MP3_FRAME = b"\xff\xfb\x90\x00" + bytes(413)
EBML = b"\x1a\x45\xdf\xa3\x93\x42\x86\x81\x01\x42\x82"
OGG = b"OggS\0\2" + bytes(20) + b"\1\x13"

CASES = [
    ("wav", wav()),
    ("wav", b"RF64\xff\xff\xff\xffWAVEds64"),
    ("avi", riff(b"AVI ")),
    ("mp4", FTYP),
    ("mp4", box(b"styp", b"msdh")),
    ("m4a", box(b"ftyp", b"M4A ")),
    ("mov", box(b"ftyp", b"qt  ")),
    ("mov", box(b"moov")),
    ("mov", box(b"wide") + box(b"mdat")),
    ("mp3", MP3_FRAME * 2),
    ("mp3", b"\xff\xf3\x84\xc4" + bytes(188) + b"\xff\xf3\x84\xc4"),
    ("mp3", b"\xff\xfd\x80\x00" + bytes(413) + b"\xff\xfd\x80\x00"),
    ("mp3", b"\xff\xff\x10\x00" + bytes(28) + b"\xff\xff\x10\x00"),
    ("flac", b"fLaC\0\0\0\x22"),
    ("ogg", OGG + b"\1vorbis"),
    ("opus", OGG + b"OpusHead"),
    ("webm", EBML + b"\x84webm"),
    ("mkv", EBML + b"\x88matroska"),
    ("", riff(b"WEBP")),
    ("", box(b"ftyp", b"avif")),
    ("", box(b"ftyp", b"heic")),
    ("", b"fakefreeform text"),
    ("", b"\xff\xf1\x50\x80" + bytes(400)),  # AAC
    ("", b"\xff\xfb\x90\x00" + bytes(5000)),
    ("", b"\xff\xd8\xff\xe0"),
    ("", EBML + b"\x84else"),
    ("", b""),
    ("", b"OggX"),
]
NAMES = ("wav", "avi", "mp4", "m4a", "mov", "mp3", "flac", "ogg", "opus", "webm", "mkv")


@pytest.mark.parametrize(("name", "head"), CASES)
def test_a_format_is_known_by_its_beginning_and_as_no_other(name: str, head: bytes) -> None:
    said = [each for each in NAMES if getattr(sniff_av, each)(head[:4096])]
    assert said == ([name] if name else [])


@pytest.mark.parametrize("text", ["Hello 世界\n", "人工智能生成合成内容\n", "a", "\u7cc0 and more text " * 90])
def test_text_in_utf_16_is_no_sound(text: str) -> None:
    assert not sniff_av.mp3(b"\xff\xfe" + text.encode("utf-16-le"))


def test_sound_behind_a_tag_and_zeros() -> None:
    assert sniff_av.tagged_mp3(bytes(100) + MP3_FRAME * 2)
    assert not sniff_av.tagged_mp3(bytes(100) + b"\xff\xf1\x50\x80" + bytes(400))
