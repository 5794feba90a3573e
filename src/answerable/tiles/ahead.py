# SPDX-License-Identifier: Apache-2.0
"""Fetching ahead: while one resource is checked the next ones are on their way. On a long line that is what counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from answerable.log.tiles import Tile
from answerable.net.source import Source

THREADS: Final = 8
# Resources that are on their way or wait to be taken; a bundle has 16 MB at most, and 100 kB as a rule.
WINDOW: Final = 16


class Ahead:
    """`net.source.Source` over another one that is safe for several threads. What is asked for in the order of `plan`
    is there sooner; anything else is asked for as before. Used by one thread."""

    def __init__(self, source: Source, plan: Iterable[Tile]) -> None:
        """plan: what will be asked for, in order; whole resources."""
        self.name = source.name
        self._source = source
        self._plan: Iterator[Tile] = iter(plan)
        self._coming: dict[str, Future[bytes | None]] = {}
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="ahead")
        self._fill()

    def get(self, path: str, limit: int) -> bytes | None:
        coming = self._coming.pop(path, None)
        self._fill()
        return self._source.get(path, limit) if coming is None else coming.result()

    def close(self) -> None:
        """Let go of what is on its way; the source stays its owner's."""
        for coming in self._coming.values():
            coming.cancel()
        self._pool.shutdown()

    def _fill(self) -> None:
        while len(self._coming) < WINDOW and (tile := next(self._plan, None)) is not None:
            self._coming[tile.path] = self._pool.submit(self._source.get, tile.path, tile.limit)
