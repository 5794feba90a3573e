# SPDX-License-Identifier: Apache-2.0
"""Short records of payloads, kept in the log's own transaction until their file is synced.

A batch that is alone would wait for two syncs, of its payloads and then of the log. Instead a short record is written
to its file and, the same bytes, to a row of the transaction that holds its leaves: one sync makes both durable. Rows
are deleted when the files have been synced, every so often. After a power cut the next opening writes again what the
files lost: redo logging, as in Gray and Reuter, Transaction Processing (1993), 9.4.

Whatever is erased is synced and its row deleted before, and the log's write-ahead log cut to nothing: no key of a
payload stays there.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from answerable.errors import Unavailable
from answerable.stores.database import flush, intact, translated
from answerable.stores.payload_form import HEAD, PLACE, head_of, open_names, path_of, write_at

# (place, as a batch's row has it; the record's bytes)
Carried = tuple[bytes, bytes]


def carried(database: sqlite3.Connection, place: bytes | None = None) -> list[Carried]:
    """The rows of a log's file, or those of one place; none in a file of an earlier version. Raises Unavailable
    ``store.*``."""
    with translated():
        if not _there(database):
            return []
        select = "SELECT place, record FROM unsynced WHERE ?1 IS NULL OR place = ?1 ORDER BY id"
        rows = database.execute(select, (place,)).fetchall()
    intact(rows, bytes, bytes)
    return rows


def restore(folder: Path, key: bytes, records: Iterable[Carried]) -> None:
    """Write these records into the payload files again; durable when it returns. folder: of the files; key: 32 bytes,
    the store's payload key. Raises Unavailable ``store.*``."""
    files: dict[tuple[int, int], list[tuple[int, bytes]]] = {}
    for place, record in records:
        day, generation, at = PLACE.unpack(place)
        files.setdefault((day, generation), []).append((at, record))
    with translated():
        for (day, generation), its in files.items():
            try:
                file = os.open(path_of(folder, day, generation), os.O_RDWR | os.O_CLOEXEC)
            except FileNotFoundError:  # expired since
                continue
            try:
                for at, record in its:
                    # Also what seems to be there: after a sync that failed memory alone may have it.
                    if not _erased(key, os.pread(file, len(record), at), record):
                        write_at(file, record, at)
                os.fsync(file)
            finally:
                os.close(file)


def _erased(key: bytes, found: bytes, record: bytes) -> bool:
    """Whether an erasure has changed the record since, in a log's file that is older than its payloads: what is erased
    never comes back."""
    _, first, names, _ = head_of(record[: HEAD.size])
    told = slice(HEAD.size, HEAD.size + names)
    if found[: HEAD.size] != record[: HEAD.size] or found[told] == record[told]:
        return False
    try:
        open_names(key, first, found[told])
    except Unavailable:
        return False
    return True


def forget(database: sqlite3.Connection) -> None:
    """Delete the rows, whose records are synced in their files, and every trace of them from the log's file and its
    write-ahead log. Raises Unavailable ``store.failed`` while a reader keeps that log open, ``store.*``."""
    with translated():
        if _there(database):
            database.execute("DELETE FROM unsynced")
    flush(database)


def _there(database: sqlite3.Connection) -> bool:
    return database.execute("SELECT 1 FROM sqlite_master WHERE name = 'unsynced'").fetchone() is not None
