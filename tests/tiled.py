# SPDX-License-Identifier: Apache-2.0
"""A log that grows as a test tells it, and can be served, published and spoiled."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from answerable.crypto.ed25519 import Key
from answerable.log import checkpoint, tiles
from answerable.log.bundle import pack
from answerable.log.leaf import leaf_hash
from answerable.log.merkle import HASH_LENGTH, TILE_WIDTH, Frontier
from answerable.log.note import VerifierKey
from answerable.log.tiles import CHECKPOINT, ENTRIES
from answerable.log.trust import Trust

ORIGIN = "tiled.invalid/log"
SIGNER = Key.from_seed(b"tiled log".ljust(32, b"."))
TRUST = Trust((VerifierKey.of(ORIGIN, SIGNER.public),))


def entries(count: int, start: int = 0, what: str = "leaf") -> list[bytes]:
    return [f"{what} {at}".encode() for at in range(start, start + count)]


class Grown:
    """`tiles.live.LogView`, and the signed head. trust: of its own key."""

    def __init__(self, leaves: Iterable[bytes] = (), *, origin: str = ORIGIN, signer: Key = SIGNER) -> None:
        self.origin = origin
        self.signer = signer
        self.log: list[bytes] = []
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.frontier = Frontier()
        self.note = b""
        self.grow(leaves)

    @property
    def trust(self) -> Trust:
        return Trust((VerifierKey.of(self.origin, self.signer.public),))

    def grow(self, leaves: Iterable[bytes]) -> None:
        added = list(leaves)
        self.tiles.update(self.frontier.append([leaf_hash(leaf) for leaf in added]))
        self.log += added
        self.note = checkpoint.sign(self.origin, self.frontier.size, self.frontier.root(), self.signer)

    def published(self) -> bytes:
        return self.note

    def tile(self, level: int, n: int) -> bytes:
        return self.tiles.get((level, n), b"")

    def leaves(self, start: int, end: int) -> list[bytes]:
        return self.log[start:end]

    def close(self) -> None:
        """Nothing is held."""

    def write(self, folder: Path) -> None:
        """The static layout, by the specification's words and without the code under test."""
        for tile in tiles.of_tree(self.frontier.size):
            place = folder / tile.path
            place.parent.mkdir(parents=True, exist_ok=True)
            if tile.level == ENTRIES:
                start = tile.n * TILE_WIDTH
                place.write_bytes(pack(self.log[start : start + tile.width]))
            else:
                place.write_bytes(self.tiles[tile.level, tile.n][: tile.width * HASH_LENGTH])
        (folder / CHECKPOINT).write_bytes(self.note)


def files(folder: Path) -> dict[str, bytes]:
    """Every file under a folder by its relative path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
