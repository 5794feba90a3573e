# SPDX-License-Identifier: Apache-2.0
"""Paths of tiles: the specification's own examples, one path a tile, and which resources a tree has."""

from __future__ import annotations

import pytest

from answerable.errors import VerificationError
from answerable.log import bundle, tiles
from answerable.log.leaf import leaf_hash
from answerable.log.merkle import Frontier
from answerable.log.tiles import ENTRIES, Tile, parse, path

PATHS = {
    "tile/0/000": Tile(0, 0),
    "tile/0/x001/x234/067": Tile(0, 1234067),  # the specification's example
    "tile/63/999": Tile(63, 999),
    "tile/1/x001/000": Tile(1, 1000),
    "tile/0/273.p/112": Tile(0, 273, 112),
    "tile/entries/273.p/112": Tile(ENTRIES, 273, 112),
    "tile/entries/x001/x234/067": Tile(ENTRIES, 1234067),
    "tile/2/000.p/1": Tile(2, 0, 1),
    "tile/2/000.p/255": Tile(2, 0, 255),
}


@pytest.mark.parametrize("text", PATHS)
def test_a_tile_has_one_path(text: str) -> None:
    tile = PATHS[text]
    assert parse(text) == tile
    assert tile.path == text == path(tile.level, tile.n, tile.width)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/tile/0/000",
        "tile/0/000/",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/0",
        "tile/0/x000/067",  # a leading group that is not needed
        "tile/0/1234",
        "tile/0/001/234",
        "tile/0/x001/x234",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000.p",
        "tile/data/000",
        "tile/entries/000\n",
        "tile/0/..%2f000",
        "tile/0/../../etc/passwd",
        "tile/0/٠٠٠",
        "tile/0/" + "x001/" * 9 + "001",
        "checkpoint",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(VerificationError) as caught:
        parse(text)
    assert caught.value.code == "log.path"


@pytest.mark.parametrize("what", [(64, 0, 256), (-2, 0, 256), (0, -1, 256), (0, 0, 0), (0, 0, 257), (0, 10**18, 1)])
def test_no_path_for_what_no_tree_has(what: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError):
        path(*what)


def test_the_specifications_tree_of_70000() -> None:
    found = list(tiles.of_tree(70_000))
    level = {number: [tile for tile in found if tile.level == number] for number in (ENTRIES, 0, 1, 2, 3)}
    assert sum(tile.full for tile in level[0]) == sum(tile.full for tile in level[ENTRIES]) == 273
    assert [tile for tile in level[0] if not tile.full] == [Tile(0, 273, 112)]
    assert level[1] == [Tile(1, 0), Tile(1, 1, 17)]
    assert level[2] == [Tile(2, 0, 1)]
    assert level[3] == []
    assert [t for t in tiles.of_tree(256) if t.level >= 0] == [Tile(0, 0), Tile(1, 0, 1)]
    assert list(tiles.of_tree(0)) == []


@pytest.mark.parametrize("old", [0, 1, 255, 256, 257, 300, 65535, 65536, 70000])
@pytest.mark.parametrize("new", [1, 256, 257, 65536, 70000, 131072])
def test_growth_brings_what_was_not_there(old: int, new: int) -> None:
    if old > new:
        return
    assert set(tiles.of_tree(new, old)) == set(tiles.of_tree(new)) - set(tiles.of_tree(old))


def test_where_a_tile_ends() -> None:
    assert (Tile(1, 1, 17).start, Tile(1, 1, 17).end, Tile(1, 1).end) == (65536, 65536 + 17 * 256, 131072)
    assert (Tile(ENTRIES, 2).start, Tile(ENTRIES, 2).end) == (512, 768)
    assert tiles.in_tree(Tile(0, 1, 10), 266)
    assert not tiles.in_tree(Tile(0, 1, 11), 266)


def test_what_a_pruned_log_may_withhold() -> None:
    assert tiles.pruned(Tile(0, 2), 768)
    assert not tiles.pruned(Tile(0, 2), 767)
    assert tiles.pruned(Tile(ENTRIES, 2, 5), 768)
    assert not tiles.pruned(Tile(1, 0), 1000)
    assert not any(tiles.pruned(tile, 0) for tile in tiles.of_tree(70_000))


def test_what_a_resource_holds_is_checked() -> None:
    entries = [b"leaf %d" % at for at in range(3)]
    assert tiles.check(Tile(ENTRIES, 0, 3), bundle.pack(entries)) == entries
    hashes = [leaf_hash(entry) for entry in entries]
    data = Frontier().append(hashes)[0, 0]
    assert tiles.check(Tile(0, 0, 3), data) == hashes
    for tile, bad in (
        (Tile(0, 0, 2), data),
        (Tile(0, 0, 4), data),
        (Tile(0, 0, 3), data[:-1]),
        (Tile(0, 0, 3), data + b"\x00"),
        (Tile(ENTRIES, 0, 2), bundle.pack(entries)),
        (Tile(ENTRIES, 0, 3), bundle.pack(entries)[:-1]),
    ):
        with pytest.raises(VerificationError):
            tiles.check(tile, bad)


def test_limits_hold_what_a_resource_may_have() -> None:
    assert Tile(3, 0).limit == tiles.MAX_TILE == 8192
    assert Tile(ENTRIES, 0).limit == tiles.MAX_BUNDLE


@pytest.mark.parametrize("data", [b"", b"5", b"05\n", b"-1\n", b"5\n\n", b" 5\n", b"9007199254740992\n", b"1e3\n"])
def test_a_mark_is_one_number(data: bytes) -> None:
    assert tiles.parse_mark(tiles.mark(768)) == 768
    with pytest.raises(VerificationError):
        tiles.parse_mark(data)
