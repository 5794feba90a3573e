# SPDX-License-Identifier: Apache-2.0
"""From a record id to its place in the log, from an open leaf to its close.

Built from the log when someone asks, in a file that may be deleted at any time: writing costs nothing
for it. What it says is always checked against the log, so that a stale or damaged index is found out and built anew.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final, Protocol

import msgspec

from answerable.errors import Unavailable
from answerable.log.leaf import rid as rid_of
from answerable.stores.database import connect, translated

# Leaves that one transaction takes in.
STEP: Final = 4096
_VERSION: Final = 2  # as `_TABLES` sets it
_TABLES: Final = """
BEGIN IMMEDIATE;
DROP TABLE IF EXISTS record; DROP TABLE IF EXISTS ending; DROP TABLE IF EXISTS upto;
CREATE TABLE record (rid TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE ending (open TEXT PRIMARY KEY, close TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE upto (size INTEGER NOT NULL);
INSERT INTO upto VALUES (0);
PRAGMA user_version=2;
COMMIT;
"""


class Source(Protocol):
    """What the index is made from."""

    def head(self) -> tuple[int, bytes]: ...

    def leaf(self, index: int) -> bytes: ...

    def leaves(self, start: int, end: int) -> list[bytes]: ...


class _Closing(msgspec.Struct):
    k: str
    open: str = ""


_closing = msgspec.json.Decoder(_Closing).decode


class Index:
    """One connection; one thread at a time. Raises Unavailable ``store.*``."""

    def __init__(self, path: Path | None, source: Source) -> None:
        """path: of its file, or None to keep it in memory."""
        self._source = source
        self._path = path
        try:
            self._database = self._open()
        except Unavailable as error:
            if error.code != "store.damaged" or path is None:
                raise
            self._remove(path)
            self._database = self._open()

    def find(self, rid: str) -> int | None:
        """Index of the leaf with that record id."""
        at = self._place(rid)
        if at is None and self._catch_up():
            at = self._place(rid)
        if at is not None and not self._holds(at, rid):  # the log was restored from a copy; what is kept here is stale
            self._start_anew()
            self._catch_up()
            at = self._place(rid)
        return at

    def close_of(self, rid: str) -> str | None:
        """rid of the close leaf of that open leaf."""
        close = self._ending(rid)
        if close is None and self._catch_up():
            close = self._ending(rid)
        return close

    def close(self) -> None:
        with translated():
            self._database.close()

    def _place(self, rid: str) -> int | None:
        with translated():
            row = self._database.execute("SELECT at FROM record WHERE rid = ?", (rid,)).fetchone()
        return int(row[0]) if row else None

    def _ending(self, rid: str) -> str | None:
        with translated():
            row = self._database.execute("SELECT close FROM ending WHERE open = ?", (rid,)).fetchone()
        return str(row[0]) if row else None

    def _holds(self, at: int, rid: str) -> bool:
        return at < self._source.head()[0] and rid_of(self._source.leaf(at)) == rid

    def _catch_up(self) -> bool:
        """Take in what was committed since; returns whether there was anything."""
        size, _ = self._source.head()
        with translated():
            (upto,) = self._database.execute("SELECT size FROM upto").fetchone()
        if upto > size:
            self._start_anew()
            upto = 0
        news = upto < size
        while upto < size:
            end = min(upto + STEP, size)
            self._take(upto, end)
            upto = end
        return bool(news)

    def _take(self, start: int, end: int) -> None:
        records: list[tuple[str, int]] = []
        endings: list[tuple[str, str]] = []
        for at, leaf in enumerate(self._source.leaves(start, end), start):
            rid = rid_of(leaf)
            records.append((rid, at))
            if b'"k":"close"' in leaf and (ending := _closed(leaf)):
                endings.append((ending, rid))
        with translated():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                self._database.executemany("INSERT OR IGNORE INTO record VALUES (?,?)", records)
                self._database.executemany("INSERT OR IGNORE INTO ending VALUES (?,?)", endings)
                self._database.execute("UPDATE upto SET size = max(size, ?)", (end,))
                self._database.execute("COMMIT")
            except BaseException:
                self._database.rollback()
                raise

    def _open(self) -> sqlite3.Connection:
        database = connect(self._path) if self._path else sqlite3.connect(":memory:", check_same_thread=False)
        database.isolation_level = None
        with translated():
            # It can be built again: a commit that a power cut takes back costs nothing.
            database.execute("PRAGMA synchronous=NORMAL")
            (version,) = database.execute("PRAGMA user_version").fetchone()
            if version not in (0, _VERSION) and self._path is not None:  # the first held tags: nothing of it is left
                database.close()
                self._remove(self._path)
                return self._open()
            if version == 0:
                database.executescript(_TABLES)
        return database

    def _start_anew(self) -> None:
        with translated():
            self._database.executescript(_TABLES)

    @staticmethod
    def _remove(path: Path) -> None:
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def _closed(leaf: bytes) -> str:
    """The open leaf that this one closes, or ""."""
    try:
        ending = _closing(leaf)
    except msgspec.MsgspecError:
        return ""
    return ending.open if ending.k == "close" else ""
