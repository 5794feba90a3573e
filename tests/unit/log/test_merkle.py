# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.errors import VerificationError
from answerable.log.merkle import (
    EMPTY_ROOT,
    TILE_WIDTH,
    Frontier,
    consistency_proof,
    inclusion_proof,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

HASHES = [hashlib.sha256(i.to_bytes(4, "big")).digest() for i in range(1201)]
ROOTS = {size: root_of(HASHES[:size]) for size in [*range(70), 255, 256, 257, 511, 512, 513, 700, 1200]}
SIZES = sorted(ROOTS)[1:]


def grown(*steps: int) -> tuple[Frontier, dict[tuple[int, int], bytes]]:
    frontier, tiles = Frontier(), {}
    for step in steps:
        tiles.update(frontier.append(HASHES[frontier.size : frontier.size + step]))
    return frontier, tiles


FULL, TILES = grown(1200)


def read(level: int, n: int) -> bytes:
    return TILES.get((level, n), b"")


def refused(call: object, *args: object) -> str:
    with pytest.raises(VerificationError) as caught:
        call(*args)  # type: ignore[operator]
    return caught.value.code


def test_roots_of_rfc_6962() -> None:
    a, b, c = HASHES[:3]
    assert root_of([]) == EMPTY_ROOT == hashlib.sha256(b"").digest() == Frontier().root()
    assert root_of([a]) == a
    assert root_of([a, b, c]) == node_hash(node_hash(a, b), c)
    assert node_hash(a, b) == hashlib.sha256(b"\x01" + a + b).digest()


@given(st.lists(st.sampled_from([1, 2, 3, 7, 64, 255, 256, 257, 300]), max_size=4))
def test_a_frontier_grown_in_any_steps_is_the_tree(steps: list[int]) -> None:
    frontier, tiles = grown(*steps)
    assert frontier.size == sum(steps)
    assert frontier.root() == root_of(HASHES[: frontier.size])
    again = Frontier.from_tiles(frontier.size, lambda level, n: tiles.get((level, n), b""))
    more = HASHES[:5]
    assert frontier.append(more) == again.append(more)
    assert frontier.root() == again.root()
    assert frontier.size == again.size


def test_tiles_are_those_of_c2sp() -> None:
    level0 = b"".join(TILES[0, n] for n in range(5))
    assert level0 == b"".join(HASHES[:1200])
    assert all(len(TILES[0, n]) == TILE_WIDTH * 32 for n in range(4))
    assert TILES[1, 0] == b"".join(root_of(HASHES[n * 256 : n * 256 + 256]) for n in range(4))
    assert set(TILES) == {(0, 0), (0, 1), (0, 2), (0, 3), (0, 4), (1, 0)}


def test_a_full_tree_of_one_tile() -> None:
    frontier, tiles = grown(256)
    assert set(tiles) == {(0, 0), (1, 0)}
    assert tiles[1, 0] == frontier.root() == ROOTS[256]


def test_three_levels() -> None:
    frontier, tiles = Frontier(), {}
    for _ in range(65_536 // 1024 + 1):
        tiles.update(frontier.append(HASHES[:1024]))
    assert len(tiles[2, 0]) == 32
    again = Frontier.from_tiles(frontier.size, lambda level, n: tiles.get((level, n), b""))
    assert again.root() == frontier.root()
    path = inclusion_proof(lambda level, n: tiles.get((level, n), b""), 65_540, frontier.size)
    verify_inclusion(HASHES[4], 65_540, frontier.size, path, frontier.root())


def test_a_copy_is_independent() -> None:
    frontier, _ = grown(300)
    twin = frontier.copy()
    twin.append(HASHES[:300])
    assert (frontier.size, frontier.root()) == (300, root_of(HASHES[:300]))
    assert twin.size == 600


def test_hashes_have_32_bytes() -> None:
    assert refused(Frontier().append, [b"short"]) == "log.proof"


def test_missing_tiles_are_found() -> None:
    assert refused(Frontier.from_tiles, 300, lambda level, n: b"") == "log.tile"
    assert refused(Frontier.from_tiles, 300, lambda level, n: read(level, n)[:64]) == "log.tile"
    assert refused(inclusion_proof, lambda level, n: b"", 0, 300) == "log.tile"
    assert refused(consistency_proof, lambda level, n: b"", 3, 300) == "log.tile"


@pytest.mark.parametrize("size", SIZES)
def test_inclusion(size: int) -> None:
    for index in {0, size // 3, size // 2, size - 1}:
        path = inclusion_proof(read, index, size)
        verify_inclusion(HASHES[index], index, size, path, ROOTS[size])
        assert refused(verify_inclusion, HASHES[index + 1], index, size, path, ROOTS[size]) == "log.proof"
        assert refused(verify_inclusion, HASHES[index], index, size, [*path, HASHES[0]], ROOTS[size]) == "log.proof"
        if path:
            assert refused(verify_inclusion, HASHES[index], index, size, path[:-1], ROOTS[size]) == "log.proof"
            swapped = [HASHES[1199], *path[1:]]
            assert refused(verify_inclusion, HASHES[index], index, size, swapped, ROOTS[size]) == "log.proof"
            for other in {index - 1, index + 1, size}:
                assert refused(verify_inclusion, HASHES[index], other, size, path, ROOTS[size]) == "log.proof"


@pytest.mark.parametrize(("old", "new"), [*pairwise(SIZES), (1, 1200), (255, 700), (512, 1200), (63, 64), (5, 5)])
def test_consistency(old: int, new: int) -> None:
    path = consistency_proof(read, old, new)
    verify_consistency(old, ROOTS[old], new, ROOTS[new], path)
    assert refused(verify_consistency, old, ROOTS[old], new, ROOTS[new], [*path, HASHES[0]]) == "log.proof"
    assert refused(verify_consistency, old, HASHES[9], new, ROOTS[new], path) == "log.proof"
    assert refused(verify_consistency, old, ROOTS[old], new, HASHES[9], path) == "log.proof"
    for cut in range(len(path)):
        assert refused(verify_consistency, old, ROOTS[old], new, ROOTS[new], path[:cut]) == "log.proof"


def test_sizes_out_of_order() -> None:
    for index, size in ((0, 0), (5, 5), (-1, 5), (0, 2**53)):
        assert refused(inclusion_proof, read, index, size) == "log.proof"
        assert refused(verify_inclusion, HASHES[0], index, size, [], ROOTS[1]) == "log.proof"
    for old, new in ((0, 5), (6, 5), (-1, 5), (1, 2**53)):
        assert refused(consistency_proof, read, old, new) == "log.proof"
        assert refused(verify_consistency, old, EMPTY_ROOT, new, ROOTS[5], []) == "log.proof"


def test_nodes_of_another_length() -> None:
    assert refused(verify_inclusion, HASHES[0], 0, 2, [b"short"], ROOTS[2]) == "log.proof"
    assert refused(verify_inclusion, b"", 0, 1, [], b"") == "log.proof"
    assert refused(verify_consistency, 1, ROOTS[1], 2, ROOTS[2], [b""]) == "log.proof"
