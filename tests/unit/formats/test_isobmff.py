# SPDX-License-Identifier: Apache-2.0
"""MP4, MOV, M4A: one object, where the practice guide puts it; what stood behind it is found again."""

from __future__ import annotations

import struct

import pytest

from answerable.errors import VerificationError
from answerable.formats import isobmff
from answerable.formats.isobmff import M4a, Mov, Mp4
from tests.av_bytes import (
    FTYP,
    OTHER,
    TEXT,
    box,
    find,
    freeform,
    full,
    itunes,
    keyed,
    numbers,
    read,
    stco,
    texts,
    track,
    write,
)

MDAT = box(b"mdat", b"0123456789" * 10)


def front(*more: bytes) -> bytes:
    """The movie box first, as on the web."""
    size = len(FTYP + box(b"moov", track(stco(0, 0)), *more))
    return FTYP + box(b"moov", track(stco(size + 8, size + 58)), *more) + MDAT


def end(*more: bytes) -> bytes:
    return FTYP + MDAT + box(b"moov", track(stco(len(FTYP) + 8)), *more)


def samples(data: bytes) -> list[bytes]:
    table = find(data, b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stco")
    return [data[at : at + 10] for at in numbers(table[8:], "I")]


@pytest.mark.parametrize("data", [front(), front(box(b"udta", itunes(freeform(b"x", b"y")))), end()])
def test_one_object_and_the_samples_where_the_tables_say(data: bytes) -> None:
    labelled = write(Mp4(), data)
    assert [(each.place, each.text) for each in read(Mp4(), labelled)] == [("moov.udta.meta keys AIGC", TEXT.encode())]
    assert samples(labelled) == samples(data)
    assert all(sample == b"0123456789" for sample in samples(labelled))
    assert write(Mp4(), labelled) == labelled
    assert texts(Mp4(), write(Mp4(), labelled, OTHER)) == [OTHER]


def test_metadata_of_others_stays() -> None:
    theirs = itunes(box(b"\xa9nam", b"title"), freeform(b"other", b"kept"))
    labelled = write(M4a(), front(box(b"udta", theirs, box(b"name", b"n"), bytes(4))))
    users = find(labelled, b"moov", b"udta")
    assert users.startswith(theirs + box(b"name", b"n"))
    assert users.endswith(bytes(4)), "what ends the list still ends it"
    assert texts(M4a(), labelled) == [TEXT]


def test_keys_that_are_there_are_used() -> None:
    labelled = write(Mov(), front(box(b"udta", keyed((b"title", b"t"), (b"AIGC", b"old"), (b"AIGC", b"older")))))
    assert texts(Mov(), labelled) == [TEXT]
    assert labelled.count(b"mdta") == 4, "three keys and their handler"
    added = write(Mov(), front(box(b"udta", keyed((b"title", b"t")))))
    assert texts(Mov(), added) == [TEXT]
    assert numbers(find(added, b"moov", b"udta")[8 + 4 + 8 + 33 - 8 + 8 + 4 :][:4], "I") == (2,)


def test_objects_elsewhere_are_replaced() -> None:
    data = front(
        box(b"udta", itunes(freeform(b"AIGC", b"{}"), box(b"\xa9cmt", b"")), box(b"AIGC", b"{}")),
        keyed((b"AIGC", b"{}")),
    )
    assert len(read(Mp4(), data)) == 3
    assert texts(Mp4(), write(Mp4(), data)) == [TEXT]


def test_boxes_with_sizes_of_64_bits_and_to_the_end() -> None:
    inner = track(stco(0))
    large = struct.pack(">I", 1) + b"moov" + struct.pack(">Q", 16 + len(inner)) + inner
    start = len(FTYP + large) + 8
    inner = track(stco(start))
    large = struct.pack(">I", 1) + b"moov" + struct.pack(">Q", 16 + len(inner)) + inner
    labelled = write(Mp4(), FTYP + large + bytes(4) + b"mdat" + b"0123456789")
    assert texts(Mp4(), labelled) == [TEXT]
    assert labelled.endswith(bytes(4) + b"mdat0123456789")
    assert struct.unpack(">I", labelled[labelled.index(b"stco") + 12 :][:4])[0] == len(labelled) - 10
    tail = FTYP + MDAT + bytes(4) + b"moov" + track(stco(len(FTYP) + 8))
    assert texts(Mp4(), write(Mp4(), tail)) == [TEXT]


def test_a_file_of_fragments() -> None:
    def fragment(base: int) -> bytes:
        return box(b"moof", box(b"traf", full(b"tfhd", struct.pack(">IQ", 1, base), flags=1))) + box(b"mdat", b"frame")

    head = FTYP + box(b"moov", track(stco()))
    data = head + fragment(len(head)) + fragment(len(head) + len(fragment(0)))
    labelled = write(Mp4(), data)
    grown = len(labelled) - len(data)
    assert texts(Mp4(), labelled) == [TEXT]
    bases = [struct.unpack(">Q", labelled[at + 12 : at + 20])[0] for at in _all(labelled, b"tfhd")]
    assert bases == [len(head) + grown, len(head) + len(fragment(0)) + grown]


def _all(data: bytes, what: bytes) -> list[int]:
    found, at = [], data.find(what)
    while at >= 0:
        found.append(at)
        at = data.find(what, at + 1)
    return found


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (FTYP + MDAT, "format.malformed"),
        (end() + box(b"moov"), "format.malformed"),
        (FTYP + box(b"moov", box(b"cmov")), "format.unsupported"),
        (front(full(b"meta", handler := full(b"hdlr", bytes(20)), full(b"iloc"))), "format.unsupported"),
        (FTYP + box(b"moov", track(stco(), references=full(b"dref", bytes(4), full(b"url ")))), "format.unsupported"),
        (FTYP + struct.pack(">I", 7) + b"moov", "format.malformed"),
        (FTYP + struct.pack(">I", 700) + b"moov", "format.malformed"),
    ],
)
def test_what_is_not_written(data: bytes, code: str) -> None:
    with pytest.raises(VerificationError) as caught:
        write(Mp4(), data)
    assert caught.value.code == code


def test_a_manifest_stays_as_it_stands() -> None:
    manifest = box(b"uuid", bytes.fromhex("d8fec3d61b0e483c92975828877ec481"), bytes(21), b"jumb")
    data = FTYP + manifest + MDAT + box(b"moov", track(stco(len(FTYP + manifest) + 8)))
    labelled = write(Mp4(), data)
    assert labelled.startswith(FTYP + manifest + MDAT)
    assert texts(Mp4(), labelled) == [TEXT]


def test_not_too_many_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isobmff, "MAX_OBJECTS", 1)
    with pytest.raises(VerificationError, match=r"format\.oversized"):
        write(Mp4(), end(box(b"udta", box(b"AIGC", b"{}") * 2)))


def test_names() -> None:
    assert [(each.name, each.media) for each in (Mp4, Mov, M4a)] == [
        ("mp4", "video/mp4"),
        ("mov", "video/quicktime"),
        ("m4a", "audio/mp4"),
    ]
