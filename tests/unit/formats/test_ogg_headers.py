# SPDX-License-Identifier: Apache-2.0
"""Which packets are headers, and what they say."""

from __future__ import annotations

import io

import pytest

from answerable.errors import VerificationError
from answerable.formats import ogg_headers
from answerable.formats.ogg_headers import Links
from answerable.formats.ogg_pages import FIRST, checksum, paged, pages
from answerable.formats.splice import Source
from tests.unit.formats.test_vorbis_comment import comments

SERIAL = b"aaaa"
FLAC_COMMENTS = b"\x84" + len(comments(b"A=b")).to_bytes(3, "big") + comments(b"A=b")

FIRSTS = {
    "Vorbis": (b"\x01vorbis" + bytes(23), [b"\x03vorbis" + comments(b"A=b", rest=b"\1"), b"\x05vorbis"]),
    "Opus": (b"OpusHead" + bytes(11), [b"OpusTags" + comments(b"A=b")]),
    "Theora": (b"\x80theora" + bytes(35), [b"\x81theora" + comments(b"A=b"), b"\x82theora"]),
    "FLAC": (b"\x7fFLAC\1\0\0\1fLaC" + bytes(38), [FLAC_COMMENTS]),
    "Speex": (b"Speex   " + bytes(72), [comments(b"A=b")]),
}


def first(packet: bytes, serial: bytes = SERIAL) -> bytes:
    """A page that begins a stream."""
    data = paged([packet], serial, 0)[0]
    data = data[:5] + bytes((FIRST,)) + data[6:22] + bytes(4) + data[26:]
    return data[:22] + checksum(data).to_bytes(4, "little") + data[26:]


def stream(codec: str, serial: bytes = SERIAL, pages_of: list[list[bytes]] | None = None) -> bytes:
    packet, headers = FIRSTS[codec]
    data, number = first(packet, serial), 1
    for packets in pages_of or [headers]:
        made = paged(packets, serial, number)
        data, number = data + b"".join(made), number + len(made)
    return data


def fed(data: bytes) -> Links:
    source = Source(io.BytesIO(data), "ogg")
    links = Links(source)
    for page in pages(source):
        links.feed(page)
    links.end()
    return links


@pytest.mark.parametrize("codec", FIRSTS)
def test_headers_of_each_codec(codec: str) -> None:
    links = fed(stream(codec))
    headers = links.known[SERIAL]
    assert (headers.codec.name, headers.complete, links.pending()) == (codec, True, False)
    source = Source(io.BytesIO(stream(codec)), "ogg")
    assert headers.comments(source).entries == (b"\3\0\0\0A=b",)
    made = first(FIRSTS[codec][0]) + b"".join(headers.with_comments(comments(b"A=c"), source))
    assert fed(made).known[SERIAL].comments(source).entries == (b"\3\0\0\0A=c",)


def test_flac_that_does_not_say_how_many() -> None:
    data = first(b"\x7fFLAC\1\0\0\0fLaC" + bytes(38))
    blocks = [b"\4" + FLAC_COMMENTS[1:], b"\x81\0\0\0"]
    assert len(fed(data + b"".join(paged(blocks, SERIAL, 1))).known[SERIAL].packets) == 2


def test_streams_that_play_together_and_one_after_the_other() -> None:
    video, audio = stream("Theora", b"vvvv"), stream("Vorbis", b"aaaa")
    cut = len(first(FIRSTS["Theora"][0])), len(first(FIRSTS["Vorbis"][0]))
    together = video[: cut[0]] + audio[: cut[1]] + audio[cut[1] :] + video[cut[0] :]
    assert [each.codec.name for each in fed(together).known.values()] == ["Theora", "Vorbis"]
    after = fed(together + stream("Opus", b"oooo"))
    assert after.serials == {b"oooo"}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (stream("Vorbis", pages_of=[FIRSTS["Vorbis"][1][:1]]), "format.malformed"),
        (stream("Opus", pages_of=[[FIRSTS["Opus"][1][0], b"sound"]]), "format.unsupported"),
        (first(FIRSTS["Opus"][0]) * 2, "format.malformed"),
        (first(FIRSTS["Opus"][0]) + paged([bytes(70_000)], SERIAL, 1)[1], "format.malformed"),
        (first(FIRSTS["Opus"][0])[:-1] + b"!", "format.malformed"),
    ],
)
def test_what_is_not_understood(data: bytes, code: str) -> None:
    with pytest.raises(VerificationError) as caught:
        fed(data)
    assert caught.value.code == code


def test_a_second_packet_that_is_no_comments() -> None:
    for codec in ("Opus", "FLAC"):
        headers = fed(stream(codec, pages_of=[[b"else"]])).known[SERIAL]
        with pytest.raises(VerificationError, match=r"format\.malformed"):
            headers.comments(Source(io.BytesIO(), "ogg"))


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ogg_headers, "MAX_PACKETS", 1)
    with pytest.raises(VerificationError, match=r"format\.oversized"):
        fed(stream("Vorbis"))
    monkeypatch.setattr(ogg_headers, "MAX_HEADERS", 10)
    with pytest.raises(VerificationError, match=r"format\.oversized"):
        fed(stream("Opus"))
    monkeypatch.setattr(ogg_headers, "MAX_STREAMS", 1)
    with pytest.raises(VerificationError, match=r"format\.oversized"):
        fed(first(b"x", b"aaaa") + first(b"x", b"bbbb"))
