# SPDX-License-Identifier: Apache-2.0
"""Directories of TIFF: both orders, both widths, circles and sizes."""

from __future__ import annotations

import io
import struct

import pytest

from answerable.errors import VerificationError
from answerable.formats import ifd
from answerable.formats.ifd import Directories
from answerable.formats.splice import Source
from tests.label_files import tiff


def opened(data: bytes) -> Directories:
    return Directories(Source(io.BytesIO(data), "tiff"))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
def test_pages_and_values(order: str, big: bool) -> None:
    data = tiff(order, big=big, pages=3, fields={270: (2, b"a description\0"), 700: (1, b"ab")})
    directories = opened(data)
    chain = directories.chain()
    assert (len(chain), directories.order, directories.big) == (3, order, big)
    first = chain[0]
    described, short = first.get(270), first.get(700)
    assert described is not None
    assert short is not None
    assert directories.value(described, 100) == b"a description\0"
    assert directories.value(short, 100) == b"ab"
    assert first.get(1) is None
    assert data[described.at : described.at + 2] == struct.pack(order + "H", 270)
    word = directories.word
    assert directories.number(data[chain[1].pointer : chain[1].pointer + word]) == first.next
    with pytest.raises(VerificationError) as caught:
        directories.value(described, 5)
    assert caught.value.code == "format.oversized"


def test_a_circle_is_malformed() -> None:
    data = bytearray(tiff())
    (start,) = struct.unpack_from("<I", data, 4)
    struct.pack_into("<I", data, start + 2 + 9 * 12, start)
    with pytest.raises(VerificationError, match="circle"):
        opened(bytes(data)).chain()


def test_sizes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    data = tiff(pages=3)
    for name in ("MAX_ENTRIES", "MAX_DIRECTORIES", "MAX_ALL"):
        monkeypatch.setattr(ifd, name, 2)
        with pytest.raises(VerificationError) as caught:
            opened(data).chain()
        assert caught.value.code == "format.oversized"
        monkeypatch.undo()


@pytest.mark.parametrize("data", [b"", b"II*", b"XX*\0\0\0\0\0", b"II-\0\0\0\0\0", b"II+\0\4\0\0\0" + bytes(8)])
def test_no_header_is_malformed(data: bytes) -> None:
    with pytest.raises(VerificationError) as caught:
        opened(data)
    assert caught.value.code == "format.malformed"
