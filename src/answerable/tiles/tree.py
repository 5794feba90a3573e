# SPDX-License-Identifier: Apache-2.0
"""A tree that somebody else serves, of which nothing is believed that does not lead to its signed root.

The right edge is checked against the root, every other tile against its parent, every bundle against its leaf hashes
(RFC 6962 section 2.1, C2SP tlog-tiles). So whatever comes out of here is what was signed, wherever it was fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from answerable.errors import Unavailable, VerificationError
from answerable.log import tiles
from answerable.log.head import Checkpoint
from answerable.log.leaf import leaf_hash
from answerable.log.merkle import HASH_LENGTH, TILE_HEIGHT, TILE_WIDTH, Frontier, node_hash
from answerable.log.tiles import ENTRIES, Tile
from answerable.net.source import Source

# Tiles of level 0 that are kept: neighbours are asked for together. Those above are few, and all kept.
_RECENT: Final = 64


class Tree:
    """The tree under `head`, read from the first of `sources` that has a resource as it must be. One thread.

    Its methods raise Unavailable ``source.missing`` for what no source has, VerificationError ``source.wrong`` for what
    none has right, and what the sources raise.
    """

    def __init__(self, head: Checkpoint, sources: Sequence[Source]) -> None:
        self.head = head
        self._sources = tuple(sources)
        self._known: dict[tuple[int, int], bytes] = {}
        self._edge: dict[tuple[int, int], bytes] | None = None

    def tile(self, level: int, n: int) -> bytes:
        """Hashes of a tile, as many as the tree has; b"" for none."""
        width = min(TILE_WIDTH, max(0, (self.head.size >> TILE_HEIGHT * level) - n * TILE_WIDTH))
        if width == 0:
            return b""
        if width < TILE_WIDTH:
            return self._right_edge()[level, n]
        found = self._known.get((level, n))
        if found is None:
            parent = self.tile(level + 1, n // TILE_WIDTH)
            at = n % TILE_WIDTH * HASH_LENGTH
            expected = parent[at : at + HASH_LENGTH]
            found = self._take(Tile(level, n), lambda data, hashes: _fold(hashes) == expected)
            if level == 0 and len(self._known) > _RECENT:
                for key in [key for key in self._known if key[0] == 0]:
                    del self._known[key]
            self._known[level, n] = found
        return found

    def bundle(self, n: int) -> tuple[bytes, list[bytes]]:
        """Bundle `n` as it is served, and its entries, as many as the tree has."""
        hashes = self.tile(0, n)
        entries: list[bytes] = []

        def leads(data: bytes, found: list[bytes]) -> bool:
            entries[:] = found
            return b"".join(map(leaf_hash, found)) == hashes

        width = len(hashes) // HASH_LENGTH
        return self._take(Tile(ENTRIES, n, width), leads), entries

    def frontier(self, size: int) -> Frontier:
        """The right edge of the tree of the first `size` leaves; its root tells whether an earlier checkpoint is a
        prefix of this tree."""
        return Frontier.from_tiles(size, self.tile)

    def _right_edge(self) -> dict[tuple[int, int], bytes]:
        """The partial tiles. All their hashes are folded into the root, so they are right if that is."""
        if self._edge is None:
            wrong: VerificationError | None = None
            for source in self._sources:
                got: dict[tuple[int, int], bytes] = {}

                def read(level: int, n: int, source: Source = source, got: dict[tuple[int, int], bytes] = got) -> bytes:
                    width = (self.head.size >> TILE_HEIGHT * level) - n * TILE_WIDTH
                    got[level, n] = _get(source, Tile(level, n, width))[0]
                    return got[level, n]

                try:
                    root = Frontier.from_tiles(self.head.size, read).root()
                except (VerificationError, Unavailable):
                    if source is self._sources[-1]:
                        raise
                    continue
                if root == self.head.root:
                    self._edge = got
                    break
                wrong = wrong or _wrong(source, "its right edge")
            else:
                raise wrong or _missing(self._sources[-1], "its right edge")
        return self._edge

    def _take(self, tile: Tile, right: Callable[[bytes, list[bytes]], bool]) -> bytes:
        for source in self._sources:
            last = source is self._sources[-1]
            try:
                data, found = _get(source, tile)
            except (VerificationError, Unavailable):
                if last:
                    raise
                continue
            if right(data, found):
                return data
            if last:
                raise _wrong(source, tile.path)
        raise _missing(self._sources[-1], tile.path)


def _get(source: Source, tile: Tile) -> tuple[bytes, list[bytes]]:
    """A resource and what it holds. A partial one may have been deleted since the full one is there."""
    data = source.get(tile.path, tile.limit)
    if data is not None:
        return data, _checked(source, tile, data)
    if not tile.full:
        whole = tile.whole
        data = source.get(whole.path, whole.limit)
        if data is not None:
            found = _checked(source, whole, data)[: tile.width]
            size = sum(2 + len(entry) for entry in found) if tile.level == ENTRIES else tile.limit
            return data[:size], found
    raise _missing(source, tile.path)


def _checked(source: Source, tile: Tile, data: bytes) -> list[bytes]:
    try:
        return tiles.check(tile, data)
    except VerificationError:
        raise _wrong(source, tile.path) from None


def _fold(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        pairs = iter(hashes)
        hashes = [node_hash(left, right) for left, right in zip(pairs, pairs, strict=True)]
    return hashes[0]


def _missing(source: Source, path: str) -> Unavailable:
    return Unavailable("source.missing", source=source.name, path=path)


def _wrong(source: Source, path: str) -> VerificationError:
    return VerificationError("source.wrong", source=source.name, path=path)
