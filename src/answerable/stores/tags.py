# SPDX-License-Identifier: Apache-2.0
"""From a tag, a keyed digest of content or a fingerprint of it (`near`), to the records that hold it.

In a file of its own, built from the payloads when someone asks, and gone with them: a tag of what was erased or has
expired stands in no page of it, free or not. It may be deleted at any time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, Protocol

from answerable import durable
from answerable.errors import Unavailable
from answerable.log.leaf import rid as rid_of
from answerable.model.prints import Print, read
from answerable.stores import near
from answerable.stores.database import connect, flush, translated
from answerable.stores.payload_form import shred

TAGS_FILE: Final = "tags.db"
# Leaves that one transaction takes in.
STEP: Final = 4096
AT_ONCE: Final = 500  # rids in one statement; SQLite takes 999 values at the least
# Records that share some of several tags and are told of, those that share the most first.
MOST_ALIKE: Final = 64
_VERSION: Final = 2  # as `_TABLES` sets it; what another version left is built anew
# upto: leaves taken in, and the record id of the last of them: another one there means another log; unclean: something
# was taken out, and may still lie in a page.
_TABLES: Final = f"""
BEGIN IMMEDIATE;
DROP TABLE IF EXISTS tagged; DROP TABLE IF EXISTS upto; {near.TABLES}
CREATE TABLE tagged (tag BLOB NOT NULL, at INTEGER NOT NULL, rid TEXT NOT NULL, day INTEGER NOT NULL,
    PRIMARY KEY (tag, at, rid)) WITHOUT ROWID;
CREATE TABLE upto (size INTEGER NOT NULL, last TEXT NOT NULL, unclean INTEGER NOT NULL);
INSERT INTO upto VALUES (0, '', 0);
PRAGMA user_version={_VERSION};
COMMIT;
"""  # noqa: S608  # constants alone


class Source(Protocol):
    """What it is made from."""

    def head(self) -> tuple[int, bytes]: ...

    def leaf(self, index: int) -> bytes: ...

    def tagged(self, start: int, end: int) -> Iterable[tuple[bytes, int, str, int]]:
        """(tag, first leaf of the batch, rid, day of expiry) of the payloads of the batches that begin at leaves
        [start, end)."""


class Tags:
    """One connection; one thread at a time. Raises Unavailable ``store.*``."""

    def __init__(self, folder: Path, source: Source) -> None:
        self._source = source
        path = folder / TAGS_FILE
        try:
            self._database = _open(path)
        except Unavailable as error:
            if error.code != "store.damaged":
                raise
            _remove(path)
            self._database = _open(path)

    def find(self, tag: bytes) -> list[str]:
        """rids under the tag, oldest first."""
        self._catch_up()
        with translated():
            rows = self._database.execute("SELECT rid FROM tagged WHERE tag = ? ORDER BY at, rid", (tag,)).fetchall()
        return [rid for (rid,) in rows]

    def alike(self, tags: Sequence[bytes], least: int) -> list[tuple[str, int]]:
        """(rid, how many of the tags it has) of those that have `least` of them or more."""
        self._catch_up()
        marks = ",".join("?" * len(tags))
        with translated():
            rows = self._database.execute(
                f"SELECT rid, count(DISTINCT tag) AS shared FROM tagged WHERE tag IN ({marks}) GROUP BY rid"  # noqa: S608  # question marks alone
                " HAVING shared >= ? ORDER BY shared DESC, max(at) DESC, rid LIMIT ?",
                (*tags, least, MOST_ALIKE),
            ).fetchall()
        return [(rid, shared) for rid, shared in rows]

    def near(self, wanted: Print) -> list[tuple[str, bytes]]:
        """(rid, tag) of the fingerprints near this one, the nearest first."""
        self._catch_up()
        with translated():
            return near.find(self._database, wanted)

    def close(self) -> None:
        with translated():
            self._database.close()

    def _catch_up(self) -> None:
        """Take in what was committed since."""
        size, _ = self._source.head()
        with translated():
            upto, last = self._database.execute("SELECT size, last FROM upto").fetchone()
        if upto > size or (upto and rid_of(self._source.leaf(upto - 1)) != last):
            with translated():
                self._database.executescript(_TABLES)
            upto = 0
        while upto < size:
            end = min(upto + STEP, size)
            self._take(upto, end)
            upto = end

    def _take(self, start: int, end: int) -> None:
        last = rid_of(self._source.leaf(end - 1))
        with translated():
            # Begun before the payloads are read: an erasure beside us either has taken the tags from the payloads, or
            # waits until they stand here and takes them from here too.
            self._database.execute("BEGIN IMMEDIATE")
            try:
                (upto,) = self._database.execute("SELECT size FROM upto").fetchone()
                digests, prints = [], []
                for row in self._source.tagged(max(start, upto), end):  # another may have taken some in meanwhile
                    found = read(row[0])
                    if found is None:
                        digests.append(row)
                    else:
                        prints.append((row, found))
                self._database.executemany("INSERT OR IGNORE INTO tagged VALUES (?,?,?,?)", digests)
                if prints:
                    near.add(self._database, prints)
                self._database.execute("UPDATE upto SET last = ?, size = ? WHERE size < ?", (last, end, end))
                self._database.execute("COMMIT")
            except BaseException:
                self._database.rollback()
                raise


Expired = tuple[int, frozenset[str]]
"""A day since 1970, UTC: the tags of those before it have expired, but for the leaves with these rids."""


def tidy(folder: Path, rids: Sequence[str], expired: Expired | None) -> None:
    """Take the tags of these leaves, and what has expired, out of every page of the file: all of it is read and written
    anew if there were any. Raises Unavailable ``store.*``."""

    def delete(database: sqlite3.Connection) -> int:
        gone = 0
        for start in range(0, len(rids), AT_ONCE):  # each is a look at all of it
            some = rids[start : start + AT_ONCE]
            marks = ",".join("?" * len(some))
            gone += database.execute(f"DELETE FROM tagged WHERE rid IN ({marks})", some).rowcount  # noqa: S608  # question marks alone
        gone += near.remove(database, rids)
        if expired is not None:
            day, kept = expired
            rows = database.execute("SELECT tag, at, rid FROM tagged WHERE day < ?", (day,)).fetchall()
            over = [row for row in rows if row[2] not in kept]
            database.executemany("DELETE FROM tagged WHERE tag = ? AND at = ? AND rid = ?", over)
            gone += len(over) + near.expire(database, day, kept)
        return gone

    _purge(folder, delete)


def _purge(folder: Path, delete: Callable[[sqlite3.Connection], int]) -> None:
    path = folder / TAGS_FILE
    if not path.exists():
        return
    try:
        _clean(path, delete)
    except Unavailable as error:
        # What can be built again keeps no store from being written; and what was to go goes with it.
        if error.code != "store.damaged":
            raise
        _remove(path)


def _remove(path: Path) -> None:
    with translated():
        for suffix in ("-shm", "-wal", ""):
            if (file := path.with_name(path.name + suffix)).exists():
                shred(file)


def _clean(path: Path, delete: Callable[[sqlite3.Connection], int]) -> None:
    database = _open(path)
    try:
        with translated():
            database.execute("BEGIN IMMEDIATE")
            try:
                if delete(database):
                    database.execute("UPDATE upto SET unclean = 1")
                database.execute("COMMIT")
            except BaseException:
                database.rollback()
                raise
            (unclean,) = database.execute("SELECT unclean FROM upto").fetchone()
        if unclean:  # by us, or by one that was interrupted here
            with translated():
                # What SQLite moved before may lie in the unused part of a page: every page is written anew.
                database.execute("VACUUM")
            flush(database)
            with translated():
                # A length that a power cut takes back would bring old frames back.
                wal = path.with_name(path.name + "-wal")
                if wal.exists():
                    durable.sync(wal)
                database.execute("UPDATE upto SET unclean = 0")
    finally:
        database.close()


def _open(path: Path) -> sqlite3.Connection:
    database = connect(path)
    try:
        with translated():
            database.execute("PRAGMA secure_delete=ON")
            database.execute("PRAGMA temp_store=MEMORY")  # nothing of it in a file elsewhere
            (version,) = database.execute("PRAGMA user_version").fetchone()
            if version != _VERSION:
                database.executescript(_TABLES)
    except BaseException:
        database.close()
        raise
    return database
