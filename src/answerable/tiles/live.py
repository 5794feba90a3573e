# SPDX-License-Identifier: Apache-2.0
"""A live store as a source of static resources. It shows what was published, and not a leaf more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from answerable.errors import Unavailable, VerificationError
from answerable.log import checkpoint as checkpoints
from answerable.log import tiles
from answerable.log.bundle import pack
from answerable.log.merkle import HASH_LENGTH, TILE_WIDTH
from answerable.log.tiles import CHECKPOINT, ENTRIES, PRUNED, Tile


class LogView(Protocol):
    """The half of `ports.StoreView` that reads the log: no payload is in reach."""

    def tile(self, level: int, n: int) -> bytes: ...

    def leaves(self, start: int, end: int) -> list[bytes]: ...

    def close(self) -> None: ...


class Live:
    """`net.source.Source` over a view. published: the newest checkpoint that the anti-fork guard holds, b"" for none;
    minimum: index below which nothing is served any more (tlog-tiles, "Pruning"). Safe for several threads: they take
    turns."""

    def __init__(
        self, view: LogView, published: Callable[[], bytes], *, minimum: int = 0, name: str = "the store"
    ) -> None:
        self.name = name
        self._view = view
        self._published = published
        self._minimum = minimum
        self._turn = threading.Lock()
        self._note = b""
        self._size = 0

    def get(self, path: str, limit: int) -> bytes | None:
        with self._turn:
            data = self._get(path)
        if data is not None and len(data) > limit:
            raise Unavailable("source.oversized", source=self.name, path=path, limit=limit)
        return data

    def close(self) -> None:
        with self._turn:
            self._view.close()

    def _get(self, path: str) -> bytes | None:
        if path == PRUNED:
            return tiles.mark(self._minimum) if self._minimum else None
        note = self._published()
        if note != self._note:
            self._size, self._note = checkpoints.parse(note)[0].size, note
        if path == CHECKPOINT:
            return note or None
        try:
            tile = tiles.parse(path)
        except VerificationError:
            return None
        if not note or not tiles.in_tree(tile, self._size) or tiles.pruned(tile, self._minimum):
            return None
        return self._read(tile)

    def _read(self, tile: Tile) -> bytes | None:
        if tile.level == ENTRIES:
            start = tile.n * TILE_WIDTH
            entries = self._view.leaves(start, start + tile.width)
            return pack(entries) if len(entries) == tile.width else None
        hashes = self._view.tile(tile.level, tile.n)[: tile.width * HASH_LENGTH]
        return hashes if len(hashes) == tile.width * HASH_LENGTH else None


class Published:
    """The newest published checkpoint, read from where the guard keeps it: a file that is replaced whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self) -> bytes:
        try:
            return self._path.read_bytes()
        except OSError as error:
            raise Unavailable(
                "store.unguarded", path=str(self._path), detail=error.strerror or "not readable"
            ) from None
