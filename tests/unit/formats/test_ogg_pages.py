# SPDX-License-Identifier: Apache-2.0
"""Pages: packets go in and come out, and checksums are those of RFC 3533."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.errors import VerificationError
from answerable.formats import ogg_pages
from answerable.formats.ogg_pages import checksum, page, paged, pages, parts, renumbered, whole
from answerable.formats.splice import Source

SERIAL = b"\1\2\3\4"


def source(data: bytes) -> Source:
    return Source(io.BytesIO(data), "ogg")


def slowly(data: bytes) -> int:
    """The checksum bit by bit, as the RFC describes it."""
    register = 0
    for each in data:
        register ^= each << 24
        for _ in range(8):
            register = (register << 1 ^ (0x04C11DB7 if register & 1 << 31 else 0)) & 0xFFFFFFFF
    return register


@given(st.binary(max_size=300))
def test_the_checksum_is_that_of_the_rfc(data: bytes) -> None:
    assert checksum(data) == slowly(data)


@given(st.lists(st.integers(0, 140_000).map(lambda size: bytes(size % 251 for _ in range(1)) * size), max_size=4))
def test_packets_come_out_as_they_went_in(packets: list[bytes]) -> None:
    data = b"".join(paged(packets, SERIAL, 7))
    out: list[bytes] = []
    unfinished: bytes | None = None
    here = source(data)
    for number, each in enumerate(pages(here)):
        assert (each.serial, each.number) == (SERIAL, 7 + number)
        assert bool(each.flags & ogg_pages.CONTINUED) == (unfinished is not None)
        found = parts(whole(here, each), each)
        if unfinished is not None:
            found[0] = unfinished + found[0]
        unfinished = found.pop() if each.open else None
        out += found
    assert unfinished is None
    assert out == packets


def test_a_page_on_which_no_packet_ends_says_so() -> None:
    made = paged([bytes(70_000)], SERIAL, 0)
    assert [each[6:14] for each in made] == [b"\xff" * 8, bytes(8)]


def test_damage_stays_damage() -> None:
    data = paged([b"packet"], SERIAL, 3)[0]
    assert page(source(renumbered(data, 9)), 0).number == 9
    whole(source(renumbered(data, 9)), page(source(data), 0))
    broken = data[:-1] + b"!"
    for each in (broken, renumbered(broken, 9)):
        with pytest.raises(VerificationError, match=r"format\.malformed"):
            whole(source(each), page(source(each), 0))
    assert renumbered(renumbered(broken, 9), 3) == broken


@pytest.mark.parametrize("data", [b"OggS", b"OggS\1" + bytes(30), paged([b"packet"], SERIAL, 3)[0][:-1]])
def test_what_is_no_page(data: bytes) -> None:
    with pytest.raises(VerificationError, match=r"format\.malformed"):
        list(pages(source(data)))


def test_not_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ogg_pages, "MAX_PAGES", 2)
    data = paged([b"packet"], SERIAL, 3)[0]
    with pytest.raises(VerificationError, match=r"format\.oversized"):
        list(pages(source(data * 3)))
