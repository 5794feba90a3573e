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
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from answerable import durable
from answerable.crypto.sealing import unseal
from answerable.errors import Unavailable, VerificationError
from answerable.stores.database import flush, intact, translated
from answerable.stores.payload_form import HEAD, MAGIC, PLACE, head_of, open_names, path_of, write_at

# (place, as a batch's row has it; the record's bytes)
Carried = tuple[bytes, bytes]
# Whether the batch that begins at a leaf has payloads at a place.
Named = Callable[[bytes, int], bool]
# How long readers are waited for before nothing is erased, ms: meanwhile no stop order is written.
WAIT_MS: Final = 500
_LAST: Final = (1 << 63) - 1


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


def named_by(database: sqlite3.Connection) -> Named:
    """As the rows of a log's batches say. The function raises Unavailable ``store.*``."""

    def named(place: bytes, first: int) -> bool:
        with translated():
            select = "SELECT places FROM segment WHERE first = ?"
            rows = database.execute(select, (first,)).fetchall() if first <= _LAST else []
        intact(rows, bytes)
        return any(place == its[at : at + PLACE.size] for (its,) in rows for at in range(0, len(its), PLACE.size))

    return named


def restore(folder: Path, key: bytes, records: Iterable[Carried], named: Named) -> None:
    """Write these records into the payload files again; durable when it returns. folder: of the files; key: 32 bytes,
    the store's payload key. Raises Unavailable ``store.damaged`` if there is one that no batch names or that does not
    open: it is not written, over what may be whole, and all others are; ``store.*``."""
    files: dict[tuple[int, int], list[tuple[int, bytes]]] = {}
    damaged = 0
    for place, record in records:
        if not _sound(key, (place, record), named):
            damaged += 1
            continue
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
    if damaged:
        raise Unavailable("store.damaged", detail=f"{damaged} records of payloads that the log carries")


def unsound(database: sqlite3.Connection, key: bytes) -> list[str]:
    """What `restore` would not write, a line each. Raises Unavailable ``store.*``."""
    named = named_by(database)
    lost = [place for place, record in carried(database) if not _sound(key, (place, record), named)]
    return [f"the log carries a record of payloads for the place {place.hex()} that does not open" for place in lost]


def _sound(key: bytes, row: Carried, named: Named) -> bool:
    place, record = row
    return len(place) == PLACE.size and named(place, head_of(record[: HEAD.size])[1]) and _whole(key, record)


def _whole(key: bytes, record: bytes) -> bool:
    magic, first, names, body = head_of(record[: HEAD.size])
    if magic != MAGIC or len(record) != HEAD.size + names + body:
        return False
    at = HEAD.size + names
    try:
        for rid, group, its, length, _, _ in open_names(key, first, record[HEAD.size : at]):
            unseal(its, record[at : at + length], f"{rid}/{group}".encode())
            at += length
    except (Unavailable, VerificationError):
        return False
    return at == len(record)


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
    write-ahead log. Raises Unavailable ``store.busy`` while a reader keeps that log open, ``store.*``."""
    with translated():
        if _there(database):
            database.execute("DELETE FROM unsynced")
    flush(database, WAIT_MS)
    with translated():
        for _, _, name in database.execute("PRAGMA database_list").fetchall():
            # A length that a power cut takes back would bring the old frames back: SQLite does not sync that one.
            ahead = Path(f"{name}-wal")
            if name and ahead.exists():
                durable.sync(ahead)


def _there(database: sqlite3.Connection) -> bool:
    return database.execute("SELECT 1 FROM sqlite_master WHERE name = 'unsynced'").fetchone() is not None
