# SPDX-License-Identifier: Apache-2.0
"""Positions move, in fields that never become narrower."""

from __future__ import annotations

import io

import pytest

from answerable.errors import VerificationError
from answerable.formats.ebml_elements import CLUSTER, TAGS, Walker, element, summed, void
from answerable.formats.ebml_positions import clusters, remapped, sought, with_tags
from answerable.formats.splice import Edit, Source

SOURCE = Source(io.BytesIO(), "mkv")


def seek(kind: int, position: bytes) -> bytes:
    return element(0x4DBB, element(0x53AB, kind.to_bytes(4, "big")) + element(0x53AC, position))


def point(position: bytes, sized: int = 1) -> bytes:
    positions = element(0xF7, b"\1") + element(0xF1, position) + element(0xF0, b"\5")
    return element(0xBB, element(0xB3, b"\0") + element(0xB7, positions, sized))


def test_positions_move_and_nothing_else() -> None:
    assert remapped(seek(TAGS, b"\0\x10"), lambda at: at + 0x100, SOURCE) == seek(TAGS, b"\1\x10")
    assert remapped(point(b"\xff", 8), lambda at: at + 1, SOURCE) == point(b"\1\0", 8)
    assert remapped(point(b"\7"), lambda at: 0, SOURCE) == point(b"\0")
    assert remapped(summed(point(b"\7")), lambda at: at, SOURCE) == summed(point(b"\7"))
    assert remapped(summed(point(b"\7")), lambda at: at + 1, SOURCE) == summed(point(b"\x08"))


def test_a_position_that_leads_nowhere() -> None:
    with pytest.raises(VerificationError, match=r"format\.malformed"):
        remapped(point(b"\xff" * 8), lambda at: at + 1, SOURCE)


def test_new_tags_are_told() -> None:
    assert with_tags(seek(CLUSTER, b"\1"), 7, SOURCE) == seek(CLUSTER, b"\1") + seek(TAGS, b"\0\0\0\7")
    assert with_tags(summed(seek(CLUSTER, b"\1")), 7, SOURCE) == summed(seek(CLUSTER, b"\1") + seek(TAGS, b"\0\0\0\7"))


def patches(*inside: bytes, base: int = 0, grown: int = 100) -> list[Edit]:
    data = bytes(base) + element(CLUSTER, b"".join(inside) + element(0xA3, b"\xa7\x81\0"))
    walker = Walker(Source(io.BytesIO(data), "mkv"))
    return list(clusters(walker, [base], base, lambda at: at + grown))


def test_what_a_cluster_says_of_itself() -> None:
    time, here = element(0xE7, b"\0"), element(0xA7, b"\0\0")
    assert patches(time, here) == [Edit(10, 12, b"\0\x64")]
    assert patches(time, element(0xA7, b"\0"), grown=300) == [Edit(8, 11, void(3))]
    assert patches(summed(here)) == [Edit(5, 11, void(6)), Edit(13, 15, b"\0\x64")]
    assert patches(element(0xA7, b"\5")) == [], "what was wrong before is not understood"
    assert patches(time) == []


def test_what_a_seek_head_leads_to() -> None:
    data = summed(seek(TAGS, b"\1\0") + element(0x4DBB, b"") + seek(CLUSTER, b"\2"))
    assert list(sought(data, SOURCE)) == [(TAGS, 256), (0, 0), (CLUSTER, 2)]
