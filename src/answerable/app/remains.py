# SPDX-License-Identifier: Apache-2.0
"""What is left of a store's log, as sources to build from: tiles made from its leaves, and the tiles that it kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from answerable.errors import AnswerableError, VerificationError
from answerable.log import tiles
from answerable.log.bundle import pack
from answerable.log.leaf import leaf_hash
from answerable.log.merkle import HASH_LENGTH, TILE_WIDTH, Frontier
from answerable.log.tiles import CHECKPOINT, ENTRIES
from answerable.stores.sqlite import LOG_FILE
from answerable.stores.view import SqliteView

_STEP: Final = 8 * TILE_WIDTH


class Remains:
    """`net.source.Source` over the folder of a store that may be damaged. Raises nothing: what cannot be read is not
    there."""

    def __init__(self, view: SqliteView, folder: Path) -> None:
        self.name = str(folder)
        self.view = view
        self._tiles: dict[tuple[int, int], bytes] | None = None
        try:
            self.size, self._note = view.head()[0], view.checkpoint()
        except AnswerableError:
            self.size, self._note = -1, b""

    @classmethod
    def of(cls, folder: Path, payload_key: bytes) -> Remains | None:
        """None where there is nothing that can be opened."""
        if not (folder / LOG_FILE).is_file():
            return None
        try:
            return cls(SqliteView(folder, payload_key), folder)
        except AnswerableError:
            return None

    def get(self, path: str, limit: int) -> bytes | None:
        if path == CHECKPOINT:
            return self._note or None
        try:
            tile = tiles.parse(path)
        except VerificationError:
            return None
        if tile.level == ENTRIES:
            start = tile.n * TILE_WIDTH
            found = [leaf for leaf in self.leaves(start, start + tile.width) if leaf is not None]
            return pack(found) if len(found) == tile.width else None
        data = self._made().get((tile.level, tile.n), b"")[: tile.width * HASH_LENGTH]
        return data if len(data) == tile.width * HASH_LENGTH else None

    def leaves(self, start: int, end: int) -> Iterator[bytes | None]:
        """Leaves [start, end), None for one that cannot be read."""
        try:
            found = self.view.leaves(start, end)
            yield from found
            yield from [None] * (end - start - len(found))
            return
        except AnswerableError:
            pass
        for index in range(start, end):
            try:
                yield self.view.leaf(index)
            except AnswerableError:
                yield None

    def rows(self) -> dict[str, dict[str, bytes]]:
        """What is left of the state; {} if nothing."""
        try:
            return {space: dict(rows) for space, rows in self.view.state()[1].items()}
        except AnswerableError:
            return {}

    def close(self) -> None:
        self.view.close()

    def _made(self) -> dict[tuple[int, int], bytes]:
        if self._tiles is None:
            self._tiles = {}
            frontier = Frontier()
            for start in range(0, self.size, _STEP):
                leaves = self.leaves(start, min(self.size, start + _STEP))
                hashes = [self._kept(at) if leaf is None else leaf_hash(leaf) for at, leaf in enumerate(leaves, start)]
                self._tiles.update(frontier.append(hashes))
        return self._tiles

    def _kept(self, index: int) -> bytes:
        """The hash that the store's tile has of a leaf that cannot be read."""
        n, at = divmod(index, TILE_WIDTH)
        try:
            kept = self.view.tile(0, n)[at * HASH_LENGTH : (at + 1) * HASH_LENGTH]
        except AnswerableError:
            kept = b""
        return kept.ljust(HASH_LENGTH, b"\x00")


class Kept:
    """`net.source.Source` of the tiles that the store kept, for where its leaves are the ones that are wrong."""

    def __init__(self, remains: Remains) -> None:
        self.name = remains.name
        self._view = remains.view

    def get(self, path: str, limit: int) -> bytes | None:
        try:
            tile = tiles.parse(path)
            data = self._view.tile(tile.level, tile.n) if tile.level != ENTRIES else b""
        except AnswerableError:
            return None
        data = data[: tile.width * HASH_LENGTH]
        return data if len(data) == tile.width * HASH_LENGTH else None

    def close(self) -> None:
        """The view is the other's."""
