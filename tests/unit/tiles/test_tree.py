# SPDX-License-Identifier: Apache-2.0
"""A tree out of strangers' tiles: what does not lead to the signed root does not come out."""

from __future__ import annotations

from pathlib import Path

import pytest

from answerable.errors import AnswerableError, Unavailable
from answerable.log.checkpoint import Checkpoint
from answerable.log.leaf import leaf_hash
from answerable.log.merkle import inclusion_proof, root_of, verify_inclusion
from answerable.net.source import Folder
from answerable.tiles.live import Live
from answerable.tiles.tree import Tree
from tests.tiled import TRUST, Grown, entries

LOG = Grown(entries(70_000))
HEAD = TRUST.check(LOG.note)


def live(log: Grown = LOG) -> Live:
    return Live(log, log.published)


def test_every_leaf_hash_and_tile_comes_out() -> None:
    tree = Tree(HEAD, [live()])
    for n in (0, 1, 100, 272, 273):
        assert tree.bundle(n)[1] == LOG.log[n * 256 : n * 256 + 256]
    for (level, n), data in LOG.tiles.items():
        assert tree.tile(level, n) == data
    assert tree.tile(0, 274) == b""
    assert tree.tile(3, 0) == b""
    proof = inclusion_proof(tree.tile, 65_999, HEAD.size)
    verify_inclusion(leaf_hash(LOG.log[65_999]), 65_999, HEAD.size, proof, HEAD.root)


@pytest.mark.parametrize("size", [1, 255, 256, 65_536, 69_999, 70_000])
def test_earlier_trees_are_told(size: int) -> None:
    assert Tree(HEAD, [live()]).frontier(size).root() == root_of([leaf_hash(leaf) for leaf in LOG.log[:size]])


def small(folder: Path) -> Checkpoint:
    log = Grown(entries(600))
    log.write(folder)
    return TRUST.check(log.note)


@pytest.mark.parametrize(
    ("path", "change", "code"),
    [
        ("tile/0/001", lambda data: data[:40] + b"\x00" + data[41:], "source.wrong"),
        ("tile/0/001", lambda data: data[:-1], "source.wrong"),
        ("tile/0/002.p/88", lambda data: b"\x00" + data[1:], "source.wrong"),
        ("tile/1/000.p/2", lambda data: data[32:] + data[:32], "source.wrong"),
        ("tile/entries/001", lambda data: data.replace(b"leaf 300", b"leaf 333"), "source.wrong"),
        ("tile/entries/001", lambda data: data[:-1], "source.wrong"),
        ("tile/entries/002.p/88", lambda data: data + b"\x00\x01x", "source.oversized"),
        ("tile/0/001", None, "source.missing"),
        ("tile/1/000.p/2", None, "source.missing"),
        ("tile/entries/002.p/88", None, "source.missing"),
    ],
)
def test_a_spoiled_resource_is_found(tmp_path: Path, path: str, change: object, code: str) -> None:
    head = small(tmp_path)
    victim = tmp_path / path
    if callable(change):
        victim.write_bytes(change(victim.read_bytes()))
    else:
        victim.unlink()
    tree = Tree(head, [Folder(tmp_path)])
    with pytest.raises(AnswerableError) as caught:
        for n in range(3):
            tree.bundle(n)
    assert caught.value.code in (code, "source.wrong")
    # Beside a good source it does no harm: the next one is asked.
    both = Tree(head, [Folder(tmp_path), live(Grown(entries(600)))])
    assert [len(both.bundle(n)[1]) for n in range(3)] == [256, 256, 88]


def test_a_full_tile_stands_for_a_partial_one_that_was_deleted() -> None:
    later = Grown(entries(70_000))
    head = TRUST.check(later.note)
    later.grow(entries(1000, 70_000))
    source = _WithoutPartials(later)
    assert Tree(head, [source]).bundle(273)[1] == LOG.log[273 * 256 :]


class _WithoutPartials(Live):
    def __init__(self, log: Grown) -> None:
        super().__init__(log, log.published)

    def get(self, path: str, limit: int) -> bytes | None:
        return None if ".p/" in path and not path.startswith(("tile/1", "tile/2")) else super().get(path, limit)


def test_no_source_has_it() -> None:
    with pytest.raises(Unavailable) as caught:
        Tree(HEAD, [Live(Grown(), lambda: LOG.note)]).bundle(0)
    assert caught.value.code == "source.missing"
