# SPDX-License-Identifier: Apache-2.0
"""Every place of MP4 and QuickTime that is known to carry an object."""

from __future__ import annotations

import io
import struct

import pytest

from answerable.errors import VerificationError
from answerable.formats import isobmff_meta
from answerable.formats.isobmff_boxes import Walker
from answerable.formats.isobmff_meta import found, meta, names, whole
from answerable.formats.splice import Source
from tests.av_bytes import box, data_box, freeform, full, handler, itunes, keyed

OBJECT = b'{"Label":"1"}'


def seen(*inside: bytes) -> list[tuple[str, bytes]]:
    walker = Walker(Source(io.BytesIO(box(b"moov", *inside)), "mp4"))
    return [(each.place, each.text) for each in found(walker, next(walker.files()))]


@pytest.mark.parametrize(
    ("inside", "place"),
    [
        (box(b"udta", keyed((b"a", b"b"), (b"AIGC", OBJECT))), "moov.udta.meta keys AIGC"),
        (keyed((b"AIGC", OBJECT)), "moov.meta keys AIGC"),
        (box(b"udta", whole(OBJECT)), "moov.udta.meta keys AIGC"),
        (box(b"meta", keyed((b"AIGC", OBJECT))[12:]), "moov.meta keys AIGC"),  # QuickTime: no version
        (box(b"udta", itunes(freeform(b"AIGC", OBJECT))), "moov.udta.meta ---- AIGC"),
        (box(b"udta", itunes(box(b"\xa9cmt", data_box(OBJECT)))), "moov.udta.meta \xa9cmt"),
        (box(b"udta", itunes(box(b"AIGC", data_box(OBJECT)))), "moov.udta.meta AIGC"),
        (box(b"udta", box(b"AIGC", OBJECT)), "moov.udta AIGC"),
        (box(b"udta", box(b"\xa9cmt", struct.pack(">HH", len(OBJECT), 0), OBJECT)), "moov.udta \xa9cmt"),
        (box(b"trak", box(b"udta", box(b"AIGC", OBJECT, b"\0"))), "moov.trak.udta AIGC"),
    ],
)
def test_a_place_is_known(inside: bytes, place: str) -> None:
    assert seen(inside) == [(place, OBJECT)]


def test_what_only_speaks_of_an_object_is_none() -> None:
    comment = b'my {"AIGC"} song'
    assert seen(box(b"udta", itunes(box(b"\xa9cmt", data_box(comment))), box(b"\xa9cmt", comment))) == []
    assert seen(box(b"udta", itunes(freeform(b"aigc2", OBJECT)), keyed((b"title", OBJECT)))) == []


def test_keys_of_another_name_space_are_not_ours() -> None:
    alien = full(b"keys", struct.pack(">II", 1, 12), b"udtaAIGC")
    assert seen(full(b"meta", handler(b"mdta"), alien, box(b"ilst", box(b"\0\0\0\1", data_box(OBJECT))))) == []


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        (struct.pack(">II", 1, 7) + b"mdta", "format.malformed"),
        (struct.pack(">II", 1, 99) + b"mdta", "format.malformed"),
        (struct.pack(">I", 0) + b"more", "format.malformed"),
        (struct.pack(">I", 1 << 31), "format.oversized"),
        (bytes(1 << 20), "format.oversized"),
    ],
)
def test_damaged_keys(keys: bytes, code: str) -> None:
    walker = Walker(Source(io.BytesIO(full(b"keys", keys)), "mp4"))
    with pytest.raises(VerificationError) as caught:
        names(walker, next(walker.files()))
    assert caught.value.code == code


def test_the_parts_of_a_meta_box() -> None:
    walker = Walker(Source(io.BytesIO(whole(OBJECT)), "mp4"))
    parts = meta(walker, next(walker.files()))
    assert (parts.handler, parts.inner) == (b"mdta", 12)
    assert parts.keys is not None
    assert names(walker, parts.keys) == [isobmff_meta.KEY]
