# SPDX-License-Identifier: Apache-2.0
"""MP3: the object in the tag before the sound, the sound and what follows it untouched."""

from __future__ import annotations

import io

import pytest

from answerable.errors import VerificationError
from answerable.formats import id3
from answerable.formats.id3 import Mp3
from answerable.formats.id3_tag import as_synchsafe, made
from tests.av_bytes import OTHER, TEXT, read, texts, write

SOUND = b"\xff\xfb\x90\x00" + bytes(413) + b"\xff\xfb\x90\x00" + bytes(413)
TAIL = b"APETAGEX" + bytes(24) + b"TAG" + bytes(125)


def frame(kind: bytes, content: bytes) -> bytes:
    return kind + len(content).to_bytes(4, "big") + bytes(2) + content


def tag(*frames: bytes, version: int = 3, flags: int = 0) -> bytes:
    body = b"".join(frames)
    return b"ID3" + bytes((version, 0, flags)) + as_synchsafe(len(body)) + body


TITLE = frame(b"TIT2", b"\0title")
GEOB = frame(b"GEOB", b"\0application/x-c2pa-manifest-store\0c2pa\0c2pa\0" + bytes(50))


def test_a_file_without_a_tag_gets_one() -> None:
    labelled = write(Mp3(), SOUND + TAIL)
    assert labelled == made(TEXT.encode()) + SOUND + TAIL
    assert [(each.place, each.text) for each in read(Mp3(), labelled)] == [("ID3v2.3 TXXX AIGC", TEXT.encode())]
    assert read(Mp3(), SOUND) == ()


def test_a_tag_keeps_its_frames() -> None:
    labelled = write(Mp3(), tag(TITLE, GEOB) + SOUND + TAIL)
    assert labelled.endswith(SOUND + TAIL)
    assert TITLE + GEOB in labelled
    assert write(Mp3(), labelled) == labelled
    assert texts(Mp3(), write(Mp3(), labelled, OTHER)) == [OTHER]


def test_filling_is_used() -> None:
    data = tag(TITLE, bytes(2000)) + SOUND
    labelled = write(Mp3(), data)
    assert len(labelled) == len(data)
    assert write(Mp3(), write(Mp3(), labelled, OTHER)) == labelled


def test_one_object_in_all_of_the_tags() -> None:
    inside = frame(b"TXXX", b"\0AIGC\0{}")
    last = tag(inside, version=4, flags=0x10)
    last += b"3DI" + last[3:10]
    data = tag(inside, TITLE) + tag(TITLE, inside) + SOUND + last
    for tail in (b"", b"TAG" + bytes(125)):
        assert len(read(Mp3(), data + tail)) == 3
        labelled = write(Mp3(), data + tail)
        assert texts(Mp3(), labelled) == [TEXT]
        assert labelled.count(TITLE) == 2
        assert SOUND in labelled


@pytest.mark.parametrize(
    ("behind", "name"),
    [(SOUND, "mp3"), (bytes(60) + SOUND, "mp3"), (b"fLaC\x80\0\0\x22" + bytes(34), "flac"), (b"\xff\xf1\x50\x80", "")],
)
def test_the_sound_behind_a_tag_decides(behind: bytes, name: str) -> None:
    data = io.BytesIO(tag(TITLE) * 2 + behind)
    if name:
        assert id3.of(data).name == name
    else:
        with pytest.raises(VerificationError, match=r"format\.unknown"):
            id3.of(data)


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(id3, "MAX_TAGS", 2)
    with pytest.raises(VerificationError, match=r"format\.oversized"):
        read(Mp3(), tag(TITLE) * 3 + SOUND)
    with pytest.raises(VerificationError, match=r"format\.malformed"):
        read(Mp3(), tag(TITLE))
