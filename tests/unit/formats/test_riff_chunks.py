# SPDX-License-Identifier: Apache-2.0
"""Chunks fit into each other, and there are not too many."""

from __future__ import annotations

import io

import pytest

from answerable.errors import VerificationError
from answerable.formats import riff_chunks
from answerable.formats.riff_chunks import Walker, chunk
from answerable.formats.splice import Source
from tests.av_bytes import listed, riff


def walker(data: bytes) -> Walker:
    return Walker(Source(io.BytesIO(data), "wav"))


def test_chunks_lists_and_filling() -> None:
    data = riff(b"TEST", chunk(b"abcd", b"odd"), listed(b"INFO", chunk(b"INAM", b"")))
    here = walker(data)
    top = here.chunk(0, len(data))
    assert (top.kind, top.form, top.body, top.stop, top.cut) == (b"RIFF", b"TEST", 12, len(data), False)
    inner = list(here.within(top.body, top.stop))
    assert [(each.kind, each.form, each.stop - each.body, each.end - each.start) for each in inner] == [
        (b"abcd", b"", 3, 12),
        (b"LIST", b"INFO", 8, 20),
    ]


def test_a_size_of_64_bits_stands_elsewhere() -> None:
    data = b"data\xff\xff\xff\xff" + bytes(20)
    here = walker(data)
    assert here.chunk(0, len(data)).cut
    here.sizes[b"data"] = 20
    assert not here.chunk(0, len(data)).cut


def test_only_what_ends_the_file_may_be_cut() -> None:
    data = chunk(b"abcd", b"1234")
    assert walker(data[:-1]).chunk(0, len(data) - 1).cut
    with pytest.raises(VerificationError, match=r"format\.malformed"):
        walker(data + b"more").chunk(0, len(data) - 1)
    with pytest.raises(VerificationError, match=r"format\.malformed"):
        walker(b"LIST\0\0\0\0INFO").chunk(0, 12)


def test_not_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(riff_chunks, "MAX_CHUNKS", 3)
    with pytest.raises(VerificationError, match=r"format\.oversized"):
        list(walker(chunk(b"abcd", b"") * 4).within(0, 32))
