# SPDX-License-Identifier: Apache-2.0
"""Reading a SQLite store beside its writer: connections of its own that cannot write, and the index."""

from __future__ import annotations

import contextlib
from pathlib import Path

from answerable.ports.stores import Derive
from answerable.stores.database import connect_reading, translated
from answerable.stores.found import INDEX_FILE, Found
from answerable.stores.index import Index
from answerable.stores.payload_reads import PayloadReads
from answerable.stores.reads import LogReads
from answerable.stores.tags import Tags
from answerable.stores.unsynced import carried, unsound


class SqliteView(LogReads, Found):
    """`ports.StoreView` over a store's folder. Each reading sees what was committed before it."""

    def __init__(self, path: Path, payload_key: bytes, derive: Derive | None = None) -> None:
        """path: of the store's folder; derive: as `ports.Store.view`. Raises Unavailable ``store.*``."""
        self._derive = derive
        self._key = payload_key
        with contextlib.ExitStack() as opened:
            self._log = connect_reading(path / "log.db")
            opened.callback(self._log.close)
            super().__init__(self._log)
            self._payloads = PayloadReads(path / "payloads", payload_key, self._carried)
            self._index = Index(path / INDEX_FILE, self)
            opened.callback(self._index.close)
            self._tags = Tags(path, self)
            opened.pop_all()

    def tagged(self, start: int, end: int, only: str = "") -> list[tuple[bytes, int, str, int]]:
        """For the tags' file: (tag, first leaf of the batch, rid, day of expiry) of the batches that begin there."""
        return [
            (tag, first, rid, day)
            for first, places in self.places(start, end)
            for tag, rid, day in self._payloads.tags(places, first, self._derive, only)
        ]

    def payload(self, rid: str, group: str) -> tuple[bytes, bytes | None] | None:
        at = self._index.find(rid)
        if at is None:
            return None
        first = self.segment_of(at)
        (_, places), *_ = self.places(first, first + 1)
        return self._payloads.get(places, first, rid, group)

    def _carried(self, place: bytes) -> bytes | None:
        return next((record for _, record in carried(self._log, place)), None)

    def integrity(self) -> list[str]:
        return [*super().integrity(), *unsound(self._log, self._key)]

    def kept(self) -> list[tuple[int, int, int]]:
        return self._payloads.kept()

    def close(self) -> None:
        with translated():
            self._tags.close()
            self._index.close()
            self._log.close()
