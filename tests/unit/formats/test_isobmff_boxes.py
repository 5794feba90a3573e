# SPDX-License-Identifier: Apache-2.0
"""Boxes fit into each other, and there are not too many."""

from __future__ import annotations

import io

import pytest

from answerable.errors import VerificationError
from answerable.formats import isobmff_boxes
from answerable.formats.isobmff_boxes import Box, Walker, box
from answerable.formats.splice import Edit, Source


def walker(data: bytes) -> Walker:
    return Walker(Source(io.BytesIO(data), "mp4"))


def test_boxes_one_behind_and_inside_the_other() -> None:
    inner = box(b"bbbb", b"x")
    data = box(b"aaaa", inner, inner) + box(b"cccc")
    here = walker(data)
    tops = list(here.files())
    assert [(top.kind, top.start, top.body, top.stop) for top in tops] == [(b"aaaa", 0, 8, 26), (b"cccc", 26, 34, 34)]
    assert [child.start for child in here.within(tops[0], b"bbbb")] == [8, 17]
    assert not list(here.within(tops[0], b"bbbb", b"none"))


def test_sizes() -> None:
    wide = (1).to_bytes(4, "big") + b"wide" + (20).to_bytes(8, "big") + b"1234"
    tops = list(walker(wide + bytes(4) + b"lastrest").files())
    assert [(top.body - top.start, top.stop, top.open) for top in tops] == [(16, 20, False), (8, 32, True)]
    here = Source(io.BytesIO(wide), "mp4")
    assert tops[0].resized(5, here) == Edit(8, 16, (25).to_bytes(8, "big"))
    assert tops[1].resized(5, here) is None
    assert Box(b"a", 0, 8, 10).resized(-1, here) == Edit(0, 4, (9).to_bytes(4, "big"))
    with pytest.raises(VerificationError, match=r"format\.oversized"):
        Box(b"a", 0, 8, 10).resized(1 << 32, here)


def test_zeros_end_a_list_within_but_not_a_file() -> None:
    data = box(b"aaaa", box(b"bbbb"), bytes(4), box(b"none"))
    here = walker(data)
    top = next(here.files())
    assert [child.kind for child in here.children(top.body, top.stop)] == [b"bbbb"]


@pytest.mark.parametrize("size", [2, 7, 17, 1 << 31])
def test_what_does_not_fit_is_malformed(size: int) -> None:
    with pytest.raises(VerificationError, match=r"format\.malformed"):
        list(walker(size.to_bytes(4, "big") + b"aaaa" + bytes(8)).files())


def test_not_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isobmff_boxes, "MAX_BOXES", 3)
    with pytest.raises(VerificationError, match=r"format\.oversized"):
        list(walker(box(b"free") * 4).files())
