# SPDX-License-Identifier: Apache-2.0
"""Comments are kept byte for byte; AIGC is one of them."""

from __future__ import annotations

import io
import struct

import pytest

from answerable.errors import VerificationError
from answerable.formats import vorbis_comment
from answerable.formats.splice import Source
from answerable.formats.vorbis_comment import EMPTY, parse

SOURCE = Source(io.BytesIO(), "ogg")


def comments(*entries: bytes, vendor: bytes = b"maker", rest: bytes = b"") -> bytes:
    sized = b"".join(struct.pack("<I", len(each)) + each for each in entries)
    return struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", len(entries)) + sized + rest


def test_an_object_comes_and_all_else_stays() -> None:
    data = comments(b"TITLE=a", b"aigc={}", b"AIGC={1}", b"no name", rest=b"\1filling")
    found = parse(data, SOURCE)
    assert found.texts() == [b"{}", b"{1}"]
    assert found.with_object(b"{2}") == comments(b"TITLE=a", b"no name", b"AIGC={2}", rest=b"\1filling")
    assert found.with_object(None) == comments(b"TITLE=a", b"no name", rest=b"\1filling")
    assert parse(EMPTY.with_object(b"{}"), SOURCE).texts() == [b"{}"]


@pytest.mark.parametrize("cut", range(1, len(comments(b"A=b"))))
def test_what_is_cut_is_malformed(cut: int) -> None:
    with pytest.raises(VerificationError, match=r"format\.malformed"):
        parse(comments(b"A=b")[:-cut], SOURCE)


def test_not_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vorbis_comment, "MAX_COMMENTS", 2)
    with pytest.raises(VerificationError, match=r"format\.oversized"):
        parse(comments(b"a", b"b", b"c"), SOURCE)
