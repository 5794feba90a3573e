# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from answerable.model.prints import BANDS, LENGTHS, RADIUS, WORD_BITS, Kind, Print, bands, distance, read

WORDS = st.integers(0, (1 << WORD_BITS) - 1)


@given(st.sampled_from(Kind), st.integers(0, 255), st.lists(WORDS, min_size=1, max_size=3))
def test_a_tag_is_read_back(kind: Kind, version: int, words: list[int]) -> None:
    made = Print(kind, version, tuple(words))
    assert len(made.tag()) in LENGTHS
    assert read(made.tag()) == made


@given(st.binary(max_size=40))
def test_any_tag_is_read_or_is_none(tag: bytes) -> None:
    found = read(tag)
    assert found is None or found.tag() == tag


def test_a_digest_is_no_fingerprint() -> None:
    assert read(b"\x01\x01" + bytes(14)) is None
    assert read(b"\x09\x01" + bytes(8)) is None  # of a kind that nobody knows


@given(WORDS, st.sets(st.integers(0, WORD_BITS - 1), max_size=RADIUS))
def test_neighbours_share_a_band(word: int, flipped: set[int]) -> None:
    other = word
    for bit in flipped:
        other ^= 1 << bit
    assert len(bands(word)) == BANDS
    assert set(bands(word)) & set(bands(other))
    near = distance(Print(Kind.IMAGE, 1, (word,)), Print(Kind.IMAGE, 1, (other,)))
    assert near == (len(flipped),)


def test_every_bit_stands_in_one_band() -> None:
    for bit in range(WORD_BITS):
        assert len(set(bands(0)) ^ set(bands(1 << bit))) == 2


def test_what_differs_in_kind_version_or_length_is_not_compared() -> None:
    one = Print(Kind.IMAGE, 1, (5, 5))
    assert distance(one, Print(Kind.IMAGE, 1, (4, 7))) == (1, 1)
    for other in (Print(Kind.VIDEO, 1, (5, 5)), Print(Kind.IMAGE, 2, (5, 5)), Print(Kind.IMAGE, 1, (5,))):
        assert distance(one, other) is None
