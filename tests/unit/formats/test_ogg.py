# SPDX-License-Identifier: Apache-2.0
"""Ogg: one object, every packet as it was, every page's number and checksum right."""

from __future__ import annotations

import io

import pytest

from answerable.errors import VerificationError
from answerable.formats.ogg import Ogg, Opus
from answerable.formats.ogg_pages import paged, pages, parts, whole
from answerable.formats.splice import Source
from tests.av_bytes import OTHER, TEXT, read, texts, write
from tests.unit.formats.test_ogg_headers import FIRSTS, first, stream
from tests.unit.formats.test_vorbis_comment import comments


def with_sound(codec: str, serial: bytes = b"aaaa") -> bytes:
    data = stream(codec, serial)
    number = len(list(pages(Source(io.BytesIO(data), "ogg"))))
    return data + b"".join(paged([b"sound %d" % each], serial, number + each)[0] for each in range(5))


def sound(data: bytes) -> list[bytes]:
    """Its packets; every page is looked at."""
    source = Source(io.BytesIO(data), "ogg")
    found: list[bytes] = []
    numbers: dict[bytes, int] = {}
    for page in pages(source):
        assert page.number == numbers.get(page.serial, -1) + 1
        numbers[page.serial] = page.number
        found += parts(whole(source, page), page)
    return [each for each in found if each.startswith(b"sound")]


@pytest.mark.parametrize("codec", FIRSTS)
@pytest.mark.parametrize("text", [TEXT, "{" + " " * 100_000 + "}"])
def test_one_object_and_the_same_sound(codec: str, text: str) -> None:
    data = with_sound(codec)
    labelled = write(Ogg(), data, text)
    assert [(each.place, each.text) for each in read(Ogg(), labelled)] == [(f"{codec} comment AIGC", text.encode())]
    assert sound(labelled) == sound(data) == [b"sound %d" % each for each in range(5)]
    assert write(Ogg(), labelled, text) == labelled
    back = write(Ogg(), labelled, OTHER)
    assert texts(Ogg(), back) == [OTHER]
    assert sound(back) == sound(data)


def test_chained_streams_have_one_object_in_all() -> None:
    data = write(Ogg(), with_sound("Opus", b"aaaa")) + write(Ogg(), with_sound("Vorbis", b"bbbb"), OTHER)
    assert texts(Ogg(), data) == [TEXT, OTHER]
    labelled = write(Ogg(), data, "{" + "x" * 70_000 + "}")
    assert len(read(Ogg(), labelled)) == 1
    assert sound(labelled) == sound(data)


def test_streams_that_play_together() -> None:
    video, audio = with_sound("Theora", b"vvvv"), with_sound("Vorbis", b"aaaa")
    cut = len(first(FIRSTS["Theora"][0])), len(first(FIRSTS["Vorbis"][0]))
    data = video[: cut[0]] + audio[: cut[1]] + audio[cut[1] :] + video[cut[0] :]
    labelled = write(Ogg(), data)
    assert [each.place for each in read(Ogg(), labelled)] == ["Theora comment AIGC"]
    assert sorted(sound(labelled)) == sorted(sound(data))
    assert audio[cut[1] :] in labelled


def test_what_is_not_written() -> None:
    with pytest.raises(VerificationError, match=r"format\.unsupported"):
        write(Ogg(), first(b"fishead\0"))
    with pytest.raises(VerificationError, match=r"format\.malformed"):
        write(Ogg(), with_sound("Opus") + b"garbage")
    with pytest.raises(VerificationError, match=r"format\.malformed"):
        read(Opus(), first(FIRSTS["Opus"][0]))


def test_kept_comments() -> None:
    labelled = write(Opus(), with_sound("Opus"))
    assert comments(b"A=b", b"AIGC=" + TEXT.encode()) in labelled
    assert (Ogg.name, Opus.name) == ("ogg", "opus")
