# SPDX-License-Identifier: Apache-2.0
"""Reading the log's file, over a connection of any kind."""

from __future__ import annotations

import sqlite3
from typing import Final

from answerable.errors import Unavailable, VerificationError
from answerable.log.bundle import unpack
from answerable.model.units import Space
from answerable.stores.database import intact, translated
from answerable.stores.journal import Journal

_LEVEL_BITS: Final = 48


def tile_id(level: int, n: int) -> int:
    """The key of a tile: those of one level stand together, in order."""
    return level << _LEVEL_BITS | n


class LogReads:
    """Raises Unavailable ``store.*``."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        # The last bundle read: neighbours are asked for together.
        self._first = -1
        self._bundle: list[bytes] = []

    def head(self) -> tuple[int, bytes]:
        """(size, root) of the newest committed tree."""
        size, root, _ = self._newest()
        return size, root

    def checkpoint(self) -> bytes:
        """The newest signed note, or b""."""
        return self._newest()[2]

    def _newest(self) -> tuple[int, bytes, bytes]:
        with translated():
            row = self._database.execute("SELECT size, root, note FROM recent ORDER BY id DESC LIMIT 1").fetchone()
        if row is None:
            raise Unavailable("store.damaged", detail="no head")
        intact((row,), int, bytes, bytes)
        return row[0], row[1], row[2]

    def tile(self, level: int, n: int) -> bytes:
        """Hashes of a full or partial tile; b"" if there is none."""
        with translated():
            row = self._database.execute("SELECT data FROM tile WHERE id = ?", (tile_id(level, n),)).fetchone()
        if row is None:
            return b""
        intact((row,), bytes)
        data: bytes = row[0]
        return data

    def segment_of(self, index: int) -> int:
        """Index of the first leaf of the batch that holds the leaf. Raises Unavailable ``store.absent``."""
        return self._locate(index)[0]

    def places(self, start: int, end: int) -> list[tuple[int, bytes]]:
        """(first leaf, places of the payloads) of the batches that begin at leaves [start, end)."""
        with translated():
            return self._database.execute(
                "SELECT first, places FROM segment WHERE first >= ? AND first < ? ORDER BY first", (start, end)
            ).fetchall()

    def leaf(self, index: int) -> bytes:
        """Raises Unavailable ``store.absent`` for an index past the end."""
        first, bundle = self._locate(index)
        return bundle[index - first]

    def leaves(self, start: int, end: int) -> list[bytes]:
        """Leaves [start, end), fewer at the end of the log."""
        found: list[bytes] = []
        end = min(end, self.head()[0])
        while start + len(found) < end:
            first, bundle = self._locate(start + len(found))
            found += bundle[start + len(found) - first : end - first]
        return found

    def state(self) -> tuple[int, dict[str, dict[str, bytes]]]:
        """(size of the tree, space -> key -> row) of one instant."""
        with translated():
            self._database.execute("BEGIN")
            try:
                rows = self._database.execute("SELECT space, key, value FROM state").fetchall()
                recent = self._database.execute("SELECT size, effects FROM recent ORDER BY id").fetchall()
            finally:
                self._database.execute("COMMIT")
        if not recent:
            raise Unavailable("store.damaged", detail="no head")
        intact(rows, str, str, bytes)
        intact(recent, int, bytes)
        spaces: dict[str, dict[str, bytes]] = {space.value: {} for space in Space}
        for space, key, value in rows:
            spaces.setdefault(space, {})[key] = value
        journal = Journal(spaces[Space.OPENS])
        for _, effects in recent:
            journal.load(effects)
        return recent[-1][0], {space: journal.over(space, held.items()) for space, held in spaces.items()}

    def integrity(self) -> list[str]:
        """What SQLite finds wrong with the file, at most 100 lines."""
        with translated():
            found = [str(line) for (line,) in self._database.execute("PRAGMA integrity_check")]
        return [] if found == ["ok"] else found

    def _locate(self, index: int) -> tuple[int, list[bytes]]:
        if not self._first <= index < self._first + len(self._bundle):
            if index < 0:
                raise Unavailable("store.absent", index=index)
            with translated():
                row = self._database.execute(
                    "SELECT first, data FROM segment WHERE first <= ? ORDER BY first DESC LIMIT 1", (index,)
                ).fetchone()
            intact((row,) if row else (), int, bytes)
            try:
                first, bundle = (row[0], unpack(row[1])) if row else (0, [])
            except VerificationError:
                raise Unavailable("store.damaged", detail=f"segment {row[0]}") from None
            if index >= first + len(bundle):
                raise Unavailable("store.absent", index=index)
            self._first, self._bundle = first, bundle
        return self._first, self._bundle
