# SPDX-License-Identifier: Apache-2.0
"""Exif fields are read in each encoding and emptied in place; another vendor's words stay."""

from __future__ import annotations

import pytest

from answerable.formats import exif
from tests.label_files import OLD, VENDOR
from tests.label_files import exif as block

WRAPPED = '{"AIGC":' + OLD + "}"


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("comment", "found"),
    [
        (b"ASCII\0\0\0" + WRAPPED.encode(), WRAPPED),
        (bytes(8) + OLD.encode() + b"\0", OLD),
        (b"UNICODE\0" + ("AIGC" + OLD).encode("utf-16-le"), "AIGC" + OLD),
        (b"UNICODE\0" + OLD.encode("utf-16-be"), OLD),
        (b"ASCII\0\0\0note " + OLD.encode() + b" note", OLD),
    ],
)
def test_a_comment_is_read_and_emptied(order: str, comment: bytes, found: str) -> None:
    data = block({0x10F: (2, b"maker\0")}, comment, order)
    assert [(each.place, each.text.decode()) for each in exif.find(data, "Exif")] == [("Exif UserComment", found)]
    left = exif.cleared(data)
    assert left is not None
    assert len(left) == len(data)
    assert exif.find(left, "Exif") == []
    assert b"maker\0" in left
    assert (b"note" in left) == (b"note" in comment)
    assert exif.cleared(left) is None


def test_windows_comment() -> None:
    data = block({0x9C9C: (1, OLD.encode("utf-16-le") + b"\0\0")})
    assert [each.place for each in exif.find(data, "Exif")] == ["Exif XPComment"]
    assert exif.find(exif.cleared(data) or b"", "Exif") == []


def test_another_schema_is_named_and_stays() -> None:
    data = block({0x10E: (2, VENDOR.encode())})
    (only,) = exif.find(data, "Exif")
    assert (only.place, only.text.decode()) == ("Exif ImageDescription (other schema)", VENDOR)
    assert exif.cleared(data) is None


@pytest.mark.parametrize("data", [b"", b"II*\0", b"II*\0\xff\xff\xff\xff", block({}, b"x" * 8)[:-9], bytes(64)])
def test_a_damaged_block_holds_nothing(data: bytes) -> None:
    assert exif.find(data, "Exif") == []
    assert exif.cleared(data) is None


def test_a_block_beyond_the_bound_is_not_searched() -> None:
    assert exif.find(block({}, b"ASCII\0\0\0" + OLD.encode()) + bytes(exif.MAX_BLOCK), "Exif") == []
