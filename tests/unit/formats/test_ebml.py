# SPDX-License-Identifier: Apache-2.0
"""Matroska and WebM: one object; SeekHead, Cues and clusters lead where they led."""

from __future__ import annotations

import pytest

from answerable.errors import VerificationError
from answerable.formats import ebml
from answerable.formats.ebml import Mkv, Webm
from answerable.formats.ebml_elements import (
    CLUSTER,
    CRC,
    CUES,
    HEADER,
    INFO,
    SEEK_HEAD,
    SEGMENT,
    TAGS,
    children,
    element,
    head,
    summed,
    void,
)
from tests.av_bytes import OTHER, TEXT, read, texts, write
from tests.unit.formats.test_ebml_positions import SOURCE, point, seek
from tests.unit.formats.test_ebml_tags import TITLE, simple, tag

DOCTYPE = element(HEADER, element(0x4286, b"\1") + element(0x4282, b"matroska"))
UNKNOWN = b"\x01" + b"\xff" * 7
INFOS = element(INFO, b"")


def cluster(number: int) -> bytes:
    return element(CLUSTER, element(0xE7, b"\0") + element(0xA7, b"\0\0") + element(0xA3, b"frame %d" % number), 4)


def segment(*parts: bytes, sized: int = 8) -> bytes:
    return DOCTYPE + element(SEGMENT, b"".join(parts), sized)


def pointed(
    before: tuple[bytes, ...], after: tuple[bytes, ...], *, cues_first: bool = False, crc: bool = False
) -> bytes:
    """A file with a SeekHead that leads to the Cues and to Info, and Cues that lead to three clusters."""
    close = summed if crc else bytes
    positions = [0, 0, 0, 0, 0]
    for _ in range(4):
        seeks = element(SEEK_HEAD, close(seek(CUES, _field(positions[0])) + seek(INFO, _field(positions[1]))))
        cues = element(CUES, close(b"".join(point(_field(each)) for each in positions[2:])))
        clusters = [_placed(cluster(number), at) for number, at in enumerate(positions[2:])]
        front = [seeks, *([cues] if cues_first else []), INFOS, *before]
        parts = [*front, *clusters, *([] if cues_first else [cues]), *after]
        starts = [sum(map(len, parts[:number])) for number in range(len(parts))]
        where = {id(part): start for part, start in zip(parts, starts, strict=True)}
        positions = [where[id(cues)], where[id(INFOS)], *(where[id(each)] for each in clusters)]
    return segment(*parts)


def _field(position: int) -> bytes:
    return position.to_bytes(max((position.bit_length() + 7) // 8, 1), "big")


def _placed(cluster: bytes, position: int) -> bytes:
    return cluster.replace(element(0xA7, b"\0\0"), element(0xA7, position.to_bytes(2, "big")))


def led(data: bytes) -> list[tuple[int, bytes]]:
    """(kind, last bytes) of what SeekHead and Cues lead to; what clusters say of themselves is looked at."""
    start = data.index(SEGMENT.to_bytes(4, "big"))
    said = head(data[start : start + 12])
    assert said is not None
    base = start + said[2]
    inner = data[base:] if said[1] is None else data[base : base + said[1]]
    found: list[tuple[int, bytes]] = []

    def follow(content: bytes) -> None:
        for kind, _, body, stop, _ in children(content, SOURCE):
            if kind in {0x53AC, 0xF1}:
                at = int.from_bytes(content[body:stop], "big")
                there = head(inner[at : at + 12])
                assert there is not None
                assert there[1] is not None
                element_there = inner[at : at + there[2] + there[1]]
                if there[0] == CLUSTER:
                    own = element_there.index(b"\xa7\x82")
                    assert int.from_bytes(element_there[own + 2 : own + 4], "big") == at
                found.append((there[0], element_there[-7:] if there[0] == CLUSTER else b""))
            elif kind in {0x4DBB, 0xBB, 0xB7}:
                follow(content[body:stop])

    for kind, _, body, stop, _ in children(inner, SOURCE):
        if kind in {SEEK_HEAD, CUES}:
            content = inner[body:stop]
            if content.startswith(b"\xbf"):
                assert content == summed(content[6:])
            follow(content)
    return found


CLUSTERS = [(CLUSTER, b"frame %d" % number) for number in range(3)]


@pytest.mark.parametrize("crc", [False, True])
@pytest.mark.parametrize("cues_first", [False, True])
@pytest.mark.parametrize("text", [TEXT, "{" + " " * 70_000 + "}"])
@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ((), (), True),
        ((void(50), element(TAGS, tag(TITLE))), (), False),
        ((element(TAGS, tag(TITLE, simple(b"AIGC", b"{}"))),), (element(TAGS, tag(simple(b"AIGC", b"{}"))),), False),
        ((), (element(TAGS, tag(TITLE, simple(b"AIGC", b"{}"))), void(9)), True),
    ],
)
def test_one_object_and_everything_leads_where_it_led(
    before: tuple[bytes, ...], after: tuple[bytes, ...], told: bool, text: str, cues_first: bool, crc: bool
) -> None:
    data = pointed(before, after, cues_first=cues_first, crc=crc)
    assert led(data)[:2] == [(CUES, b""), (INFO, b"")]
    if len(text) > 60_000:
        text = text[: 60_000 - 1] + "}"  # positions of clusters have two bytes here
    labelled = write(Mkv(), data, text)
    assert [(each.place, each.text) for each in read(Mkv(), labelled)] == [("Tags SimpleTag AIGC", text.encode())]
    assert led(labelled) == [(CUES, b""), (INFO, b""), *([(TAGS, b"")] if told else []), *CLUSTERS]
    assert (TITLE in labelled) == any(TITLE in part for part in (*before, *after))
    assert write(Mkv(), labelled, text) == labelled
    back = write(Mkv(), labelled, OTHER)
    assert texts(Mkv(), back) == [OTHER]
    assert led(back) == led(labelled)


def test_live_streams() -> None:
    endless = SEGMENT.to_bytes(4, "big") + UNKNOWN + INFOS
    block = CLUSTER.to_bytes(4, "big") + UNKNOWN + element(0xE7, b"\0") + element(0xA3, b"frame")
    for tail in (
        block * 3,
        block * 3 + b"\xa3\x90cut",
        block + element(TAGS, tag(simple(b"AIGC", b"{}"))) + block,
        b"",
    ):
        labelled = write(Webm(), DOCTYPE + endless + tail)
        assert texts(Webm(), labelled) == [TEXT]
        assert labelled.startswith(DOCTYPE + endless)
        assert labelled.endswith(tail[-20:])
        assert write(Webm(), labelled) == labelled


def test_a_segment_whose_size_becomes_longer() -> None:
    labelled = write(Mkv(), segment(INFOS, cluster(0), sized=1))
    assert texts(Mkv(), labelled) == [TEXT]
    assert write(Mkv(), segment(INFOS, cluster(0)) + b"behind").endswith(b"behind")


def test_a_checksum_of_all_goes() -> None:
    labelled = write(Mkv(), segment(element(CRC, b"1234"), INFOS))
    assert void(6) in labelled
    assert texts(Mkv(), labelled) == [TEXT]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "format.malformed"),
        (INFOS, "format.malformed"),
        (DOCTYPE, "format.malformed"),
        (DOCTYPE + INFOS, "format.malformed"),
        (element(HEADER, element(0x4282, b"other")) + segment(), "format.unsupported"),
        (element(HEADER, element(0x42F3, b"\x09")) + element(SEGMENT, b""), "format.unsupported"),
        (segment(INFOS) + segment(INFOS), "format.unsupported"),
        (segment(INFOS + element(SEGMENT, b"")), "format.unsupported"),
        (segment(element(CUES, bytes(5 << 20))), "format.oversized"),
        (segment(element(TAGS, bytes(3 << 20))), "format.oversized"),
        (element(HEADER, bytes(5000)), "format.oversized"),
    ],
)
def test_what_is_not_written(data: bytes, code: str) -> None:
    with pytest.raises(VerificationError) as caught:
        write(Mkv(), data)
    assert caught.value.code == code


def test_not_too_many_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ebml, "_MAX_PARTS", 2)
    with pytest.raises(VerificationError, match=r"format\.oversized"):
        write(Mkv(), segment(INFOS * 3))


def test_where_a_seek_head_leads_behind_the_clusters_none_of_them_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    data = pointed((element(TAGS, tag(simple(b"AIGC", b"{1}"))),), (element(TAGS, tag(simple(b"AIGC", b"{2}"))),))
    read_at: list[int] = []
    real = ebml.Walker.element

    def noted(self: ebml.Walker, start: int, stop: int) -> ebml.Element:
        found = real(self, start, stop)
        read_at.append(found.kind)
        return found

    monkeypatch.setattr(ebml.Walker, "element", noted)
    assert texts(Mkv(), data) == ["{1}", "{2}"]
    assert read_at.count(CLUSTER) == 1
    read_at.clear()
    place = data.index(b"\x53\xac") + 3
    wrong = data[:place] + b"\x05" + data[place + 1 :]
    assert texts(Mkv(), wrong) == ["{1}", "{2}"]
    assert read_at.count(CLUSTER) == 3
