# SPDX-License-Identifier: Apache-2.0
"""The tree against a naive model: RFC 6962 section 2.1 written down a second time, from the text.

Every size to 512: each leaf's and each earlier tree's proof by the model is accepted, and those that we make, of a
dozen leaves and earlier trees of each size, are the model's. Random sizes to a million."""

from __future__ import annotations

import contextlib
import functools
import hashlib
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.errors import VerificationError
from answerable.log.leaf import leaf_hash
from answerable.log.merkle import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    root_of,
    verify_consistency,
    verify_inclusion,
)

SMALL, LARGE = 512, 1_000_000


def data(index: int) -> bytes:
    return index.to_bytes(4, "big")


class Model:
    """Hashes of subtrees of the leaves `data(0)`, `data(1)` …, each computed from the definition, and kept."""

    @staticmethod
    def half(count: int) -> int:
        """k: the largest power of two smaller than n."""
        k = 1
        while k * 2 < count:
            k *= 2
        return k

    @functools.cache  # noqa: B019 - one model, for as long as the tests run
    def mth(self, start: int, end: int) -> bytes:
        if end - start == 0:
            return hashlib.sha256(b"").digest()
        if end - start == 1:
            return hashlib.sha256(b"\x00" + data(start)).digest()
        k = self.half(end - start)
        return hashlib.sha256(b"\x01" + self.mth(start, start + k) + self.mth(start + k, end)).digest()

    def path(self, m: int, start: int, end: int) -> list[bytes]:
        """PATH(m, D[n]), section 2.1.1."""
        if end - start == 1:
            return []
        k = self.half(end - start)
        if m < k:
            return [*self.path(m, start, start + k), self.mth(start + k, end)]
        return [*self.path(m - k, start + k, end), self.mth(start, start + k)]

    def subproof(self, m: int, start: int, end: int, known: bool) -> list[bytes]:
        """SUBPROOF(m, D[n], b), section 2.1.2."""
        if m == end - start:
            return [] if known else [self.mth(start, end)]
        k = self.half(end - start)
        if m <= k:
            return [*self.subproof(m, start, start + k, known), self.mth(start + k, end)]
        return [*self.subproof(m - k, start + k, end, False), self.mth(start, start + k)]

    def proof(self, m: int, n: int) -> list[bytes]:
        return self.subproof(m, 0, n, True)


MODEL = Model()


def grown(size: int, batch: int = 1 << 14) -> tuple[Frontier, dict[tuple[int, int], bytes]]:
    frontier, tiles = Frontier(), {}
    for start in range(0, size, batch):
        tiles.update(frontier.append([leaf_hash(data(i)) for i in range(start, min(size, start + batch))]))
    return frontier, tiles


@pytest.fixture(scope="module")
def small() -> dict[tuple[int, int], bytes]:
    return grown(SMALL)[1]


@pytest.fixture(scope="module")
def large() -> dict[tuple[int, int], bytes]:
    return grown(LARGE)[1]


def test_every_root_to_512_however_the_tree_grew() -> None:
    one_by_one = Frontier()
    for size in range(1, SMALL + 1):
        one_by_one.append([leaf_hash(data(size - 1))])
        assert one_by_one.root() == MODEL.mth(0, size)
        assert root_of([leaf_hash(data(i)) for i in range(size)]) == MODEL.mth(0, size)


def some(size: int) -> list[int]:
    """Numbers below `size`: the edges, those beside powers of two, and others, not the same for each size."""
    chance = Random(size)
    near = {place + step for place in (0, size // 2, size - 1, 1 << size.bit_length() - 1) for step in (-1, 0, 1)}
    return sorted((near | {chance.randrange(size) for _ in range(3)}) & set(range(size)))


def test_every_leaf_of_every_tree_to_512(small: dict[tuple[int, int], bytes]) -> None:
    """131,328 proofs verified."""
    for size in range(1, SMALL + 1):
        root = MODEL.mth(0, size)
        for index in range(size):
            verify_inclusion(MODEL.mth(index, index + 1), index, size, MODEL.path(index, 0, size), root)
        for index in some(size):
            path = inclusion_proof(lambda level, n: small.get((level, n), b""), index, size)
            assert path == MODEL.path(index, 0, size)


def test_every_pair_of_sizes_to_512(small: dict[tuple[int, int], bytes]) -> None:
    for new in range(1, SMALL + 1):
        root = MODEL.mth(0, new)
        for old in range(1, new + 1):
            verify_consistency(old, MODEL.mth(0, old), new, root, MODEL.proof(old, new))
        for old in some(new):
            if old:
                path = consistency_proof(lambda level, n: small.get((level, n), b""), old, new)
                assert path == MODEL.proof(old, new)


def test_a_proof_is_of_no_other_leaf_or_tree(small: dict[tuple[int, int], bytes]) -> None:
    """Neighbours in place and in size, all sizes to 64: what differs in anything that is proven is refused."""
    for size in range(2, 65):
        for index in range(size):
            path = inclusion_proof(lambda level, n: small.get((level, n), b""), index, size)
            for other in {index - 1, index + 1, index ^ 2} & set(range(size)):
                with pytest.raises(VerificationError):
                    verify_inclusion(leaf_hash(data(other)), index, size, path, MODEL.mth(0, size))
                with pytest.raises(VerificationError):
                    verify_inclusion(leaf_hash(data(index)), other, size, path, MODEL.mth(0, size))
            for tree in (size - 1, size + 1):
                with pytest.raises(VerificationError):
                    verify_inclusion(leaf_hash(data(index)), index, size, path, MODEL.mth(0, tree))


def test_random_trees_to_a_million(large: dict[tuple[int, int], bytes]) -> None:
    chance = Random(20261122)
    sizes = sorted({chance.randrange(1, LARGE + 1) for _ in range(6)} | {LARGE, 65_536, 65_537})

    def read(level: int, n: int) -> bytes:
        return large.get((level, n), b"")

    roots: dict[int, bytes] = {}
    for size in sizes:
        root = roots[size] = _root(read, size)
        assert Frontier.from_tiles(size, read).root() == root
        for index in {0, size - 1, *(chance.randrange(size) for _ in range(20))}:
            path = inclusion_proof(read, index, size)
            verify_inclusion(leaf_hash(data(index)), index, size, path, root)
            assert len(path) <= (size - 1).bit_length()
    for old, new in pairwise(sizes):
        verify_consistency(old, roots[old], new, roots[new], consistency_proof(read, old, new))


def _root(read: object, size: int) -> bytes:
    """The root out of level 0 alone, by the definition, level by level."""
    hashes = []
    for n in range(-(-size // 256)):
        tile = read(0, n)  # type: ignore[operator]
        hashes += [tile[at : at + 32] for at in range(0, len(tile), 32)]
    hashes = hashes[:size]
    while len(hashes) > 1:
        odd = hashes[len(hashes) & ~1 :]
        hashes = [
            hashlib.sha256(b"\x01" + left + right).digest()
            for left, right in zip(hashes[::2], hashes[1::2], strict=False)
        ] + odd
    return hashes[0]


@given(steps=st.lists(st.integers(1, 700), min_size=1, max_size=8))
@settings(max_examples=60)
def test_a_tree_grown_in_any_steps_has_the_same_tiles(steps: list[int]) -> None:
    frontier, tiles = Frontier(), {}
    for step in steps:
        fresh = [leaf_hash(data(i)) for i in range(frontier.size, frontier.size + step)]
        tiles.update(frontier.append(fresh))
    assert tiles == grown(sum(steps))[1]
    assert frontier.root() == MODEL.mth(0, sum(steps))


@given(index=st.integers(-2, 2**54), size=st.integers(-2, 2**54), nodes=st.lists(st.binary(max_size=33), max_size=70))
@settings(max_examples=200)
def test_nothing_but_our_errors(index: int, size: int, nodes: list[bytes]) -> None:
    with contextlib.suppress(VerificationError):
        verify_inclusion(bytes(32), index, size, nodes, bytes(32))
    with contextlib.suppress(VerificationError):
        verify_consistency(index, bytes(32), size, bytes(32), nodes)
