# SPDX-License-Identifier: Apache-2.0
"""The tables of the log's file, its version, and how an older file is brought forward.

Versions go up alone: an older file is copied beside itself, then migrated; a newer one is refused. Leaves are never
migrated: their format carries its own version (`docs/spec/leaves.md`).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from answerable import durable
from answerable.errors import Unavailable
from answerable.stores.database import translated

Migration = Callable[[sqlite3.Connection], None]


@dataclass(frozen=True, slots=True)
class Schema:
    """One file's tables. application: what `PRAGMA application_id` says; tables: of version 1, as statements that end
    with a semicolon; migrations: the step from version 1 to 2 first; the version is one more than their number."""

    application: int
    tables: str
    migrations: Sequence[Migration] = ()

    @property
    def version(self) -> int:
        return 1 + len(self.migrations)


# segment: one row a batch: where its payloads stand (`payloads`), its leaves in C2SP entry bundle framing.
# tile: id = level << 48 | n. recent: what the newest batches
# changed, folded into `state` and deleted every so often; its last row is the head of the log, at first the root of
# the empty tree and no effects. unsynced: records of payloads that their files may not have on disk yet, by place.
def _carry_payloads(database: sqlite3.Connection) -> None:
    database.execute("CREATE TABLE unsynced (id INTEGER PRIMARY KEY, place BLOB NOT NULL, record BLOB NOT NULL)")


LOG: Final = Schema(
    application=0x616E736C,  # "ansl"
    tables="""
    CREATE TABLE segment (first INTEGER PRIMARY KEY, places BLOB NOT NULL, data BLOB NOT NULL);
    CREATE TABLE tile (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
    CREATE TABLE recent (id INTEGER PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL,
        effects BLOB NOT NULL);
    CREATE TABLE state (space TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (space, key))
        WITHOUT ROWID;
    INSERT INTO recent VALUES (0, 0, x'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', x'', x'90');
    """,
    migrations=(_carry_payloads,),
)


def make(database: sqlite3.Connection, schema: Schema) -> None:
    """Lay out an empty file. Raises Unavailable ``store.*``."""
    with translated():
        database.executescript(f"BEGIN IMMEDIATE; {schema.tables} PRAGMA application_id={schema.application};")
        for migration in schema.migrations:
            migration(database)
        database.execute(f"PRAGMA user_version={schema.version}")
        database.execute("COMMIT")


def check(database: sqlite3.Connection, schema: Schema, path: Path) -> None:
    """Bring an existing file to the present version. Raises Unavailable ``store.foreign`` for another program's file,
    ``store.newer`` for a version that this program does not know, ``store.*`` when it cannot be read or copied."""
    with translated():
        (application,) = database.execute("PRAGMA application_id").fetchone()
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if application != schema.application or version < 1:
            raise Unavailable("store.foreign", path=str(path))
        if version > schema.version:
            raise Unavailable("store.newer", found=version, known=schema.version)
        if version == schema.version:
            return
        _back_up(database, path.with_name(f"{path.name}.v{version}"))
        for step in range(version, schema.version):
            database.execute("BEGIN IMMEDIATE")
            try:
                schema.migrations[step - 1](database)
                database.execute(f"PRAGMA user_version={step + 1}")
                database.execute("COMMIT")
            except BaseException:
                database.rollback()
                raise


def _back_up(database: sqlite3.Connection, path: Path) -> None:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))  # its owner's alone, as the file itself is
    copy = sqlite3.connect(path)
    try:
        database.backup(copy)
    finally:
        copy.close()
    durable.sync(path)
    durable.sync(path.parent)
