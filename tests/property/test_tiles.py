# SPDX-License-Identifier: Apache-2.0
"""Paths, bundles and tiles on arbitrary bytes: our errors alone, and one path for each resource."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from answerable.errors import VerificationError
from answerable.log import tiles
from answerable.log.tiles import ENTRIES, Tile

TILES = st.builds(Tile, st.integers(ENTRIES, 63), st.integers(0, 10**15 - 1), st.integers(1, 256))
NEARLY = st.builds(
    lambda tile, at, what: tile.path[:at] + what + tile.path[at + 1 :], TILES, st.integers(0, 30), st.text(max_size=2)
)


@given(TILES)
def test_there_and_back(tile: Tile) -> None:
    assert tiles.parse(tile.path) == tile
    assert tiles.parse(tiles.path(tile.level, tile.n, tile.width)) == tile


@given(st.one_of(st.text(max_size=80), NEARLY, st.from_regex(r"tile/[0-9a-z]{1,8}/(x?[0-9]{1,4}/){0,4}[0-9]{1,4}")))
def test_what_is_taken_is_its_own_path(text: str) -> None:
    try:
        found = tiles.parse(text)
    except VerificationError:
        return
    assert found.path == text


@given(TILES, st.binary(max_size=9000))
def test_contents(tile: Tile, data: bytes) -> None:
    try:
        found = tiles.check(tile, data)
    except VerificationError:
        return
    assert len(found) == tile.width
    assert len(data) <= tile.limit


@given(st.binary(max_size=24))
def test_marks(data: bytes) -> None:
    try:
        read = tiles.parse_mark(data)
    except VerificationError:
        return
    assert tiles.mark(read) == data


@given(st.integers(0, 2_000_000), st.integers(0, 300))
def test_growth(size: int, more: int) -> None:
    fresh = list(tiles.of_tree(size + more, size))
    assert len(set(fresh)) == len(fresh)
    assert all(tiles.in_tree(tile, size + more) and not tiles.in_tree(tile, size) for tile in fresh)
