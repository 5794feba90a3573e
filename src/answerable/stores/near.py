# SPDX-License-Identifier: Apache-2.0
"""Fingerprints in the file of the tags: which of them lie near another.

Each is cut into one band more than the bits in which neighbours may differ (`model.prints`), so that neighbours have at
least one band in common (the pigeonhole principle), and what shares one is compared. Among a million that is some
hundreds of rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

from answerable.model.prints import RADIUS, Print, bands, read

# Neighbours that are told of, the nearest first.
MOST: Final = 64
TABLES: Final = """
DROP TABLE IF EXISTS print; DROP TABLE IF EXISTS band;
CREATE TABLE print (id INTEGER PRIMARY KEY, tag BLOB NOT NULL, at INTEGER NOT NULL, rid TEXT NOT NULL,
    day INTEGER NOT NULL);
CREATE TABLE band (key INTEGER NOT NULL, print INTEGER NOT NULL, word INTEGER NOT NULL,
    PRIMARY KEY (key, print)) WITHOUT ROWID;
"""
_MASK: Final = (1 << 64) - 1
_AT_ONCE: Final = 500

# (tag, first leaf of the batch, rid, day of expiry)
Row = tuple[bytes, int, str, int]


def add(database: sqlite3.Connection, rows: Sequence[tuple[Row, Print]]) -> None:
    """In the open transaction."""
    (newest,) = database.execute("SELECT coalesce(max(id), 0) FROM print").fetchone()
    cut: list[tuple[int, int, int]] = []
    for number, (_, found) in enumerate(rows, newest + 1):
        cut += _bands(number, found)
    database.executemany(
        "INSERT INTO print VALUES (?,?,?,?,?)", [(n, *row) for n, (row, _) in enumerate(rows, newest + 1)]
    )
    cut.sort()  # neighbours in the file are written together
    database.executemany("INSERT INTO band VALUES (?,?,?)", cut)


def find(database: sqlite3.Connection, wanted: Print) -> list[tuple[str, bytes]]:
    """(rid, tag) of those whose first word differs in `RADIUS` bits at most, the nearest first, the newer before the
    older."""
    word = wanted.words[0]
    near: dict[int, int] = {}
    for key, _, _ in _bands(0, wanted):
        for number, other in database.execute("SELECT print, word FROM band WHERE key = ?", (key,)):
            if (far := ((other ^ word) & _MASK).bit_count()) <= RADIUS:
                near[number] = far
    found: list[tuple[str, bytes]] = []
    for number in islice(sorted(near, key=lambda number: (near[number], -number)), MOST):
        row = database.execute("SELECT rid, tag FROM print WHERE id = ?", (number,)).fetchone()
        if row is not None:
            found.append(row)
    return found


def remove(database: sqlite3.Connection, rids: Iterable[str]) -> int:
    """Those of these leaves, in the open transaction; returns how many there were."""
    wanted = list(rids)
    gone: list[tuple[int, bytes]] = []
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        marks = ",".join("?" * len(some))
        gone += database.execute(f"SELECT id, tag FROM print WHERE rid IN ({marks})", some).fetchall()  # noqa: S608  # question marks alone
    return _delete(database, gone)


def expire(database: sqlite3.Connection, day: int, kept: frozenset[str]) -> int:
    """Those of before the day, but for the leaves that are kept; likewise."""
    rows = database.execute("SELECT id, tag, rid FROM print WHERE day < ?", (day,)).fetchall()
    return _delete(database, [(number, tag) for number, tag, rid in rows if rid not in kept])


def _delete(database: sqlite3.Connection, gone: Sequence[tuple[int, bytes]]) -> int:
    for number, tag in gone:
        its = read(tag)
        keys = [] if its is None else [(key, number) for key, _, _ in _bands(number, its)]
        database.executemany("DELETE FROM band WHERE key = ? AND print = ?", keys)
        database.execute("DELETE FROM print WHERE id = ?", (number,))
    return len(gone)


def _bands(number: int, its: Print) -> list[tuple[int, int, int]]:
    """Rows of `band`. Only those of one kind, version and length share a key."""
    word = its.words[0]
    signed = word - (1 << 64) if word >> 63 else word
    made = (its.kind << 40) | (its.version << 32) | (len(its.words) << 24)
    return [(made | band, number, signed) for band in bands(word)]
