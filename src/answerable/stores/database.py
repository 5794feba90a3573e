# SPDX-License-Identifier: Apache-2.0
"""SQLite connections as the store needs them: WAL, `synchronous=FULL`, transactions begun by hand.

`NORMAL` lost acknowledged records in a third of simulated power cuts, `FULL` in none (`log.md`). Errors of the library
become ours at this one place.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from answerable.errors import Unavailable

# Pages of write-ahead log after which a commit copies them back. Right-edge tiles are written again by every batch, so
# a longer log means fewer copies of the same page; 16 MB is still read back in well under a second.
CHECKPOINT_PAGES: Final = 4000
# How long another reader or a second process may hold a lock before that is an error, ms.
BUSY_MS: Final = 5000
RETRY_S: Final = 0.005
_PRIMARY: Final = 0xFF


def connect(path: Path) -> sqlite3.Connection:
    """A writing connection to an existing or new file, its owner's alone. Raises Unavailable ``store.*``."""
    with translated():
        # SQLite would make it as wide as the umask allows, and its write-ahead log with it. A file that is there is not
        # even opened: closing it would end the locks of every other connection of this process (fcntl(2)), and another
        # process that looks into it would delete the log that they write.
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=64)
        try:
            database.execute(f"PRAGMA busy_timeout={BUSY_MS}")
            database.execute("PRAGMA trusted_schema=OFF")
            _log_ahead(database)
            database.execute("PRAGMA synchronous=FULL")
            database.execute("PRAGMA secure_delete=ON")  # what a row held is not left in a free page
            database.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
        except BaseException:
            database.close()
            raise
        return database


def _log_ahead(database: sqlite3.Connection) -> None:
    """Turn write-ahead logging on. Of two connections that open a new file side by side SQLite refuses one at once,
    without its own waiting: the change of mode wants the file alone."""
    until = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            database.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & _PRIMARY != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                raise
            time.sleep(RETRY_S)
        else:
            return


def connect_reading(path: Path) -> sqlite3.Connection:
    """A connection that cannot write. Raises Unavailable ``store.*``."""
    with translated():
        uri = f"{path.absolute().as_uri()}?mode=ro"
        database = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        database.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        return database


def flush(database: sqlite3.Connection, wait: int = BUSY_MS) -> None:
    """Copy the write-ahead log into the file, sync it, and cut the log to nothing. What was read from a log whose sync
    may have failed is durable after this. wait: for readers, ms. Raises Unavailable ``store.busy`` if one keeps the log
    open for longer, ``store.*``."""
    with translated():
        database.execute(f"PRAGMA busy_timeout={wait}")
        try:
            busy, _, _ = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            database.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    if busy:
        raise Unavailable("store.busy")


def intact(rows: Iterable[tuple[Any, ...]], *types: type) -> None:
    """Raises Unavailable ``store.damaged`` unless each row holds values of just these types: a disk that lied leaves
    pages that read well and hold a NULL where none can be."""
    if any(tuple(map(type, row)) != types for row in rows):
        raise Unavailable("store.damaged", detail="a row that could not have been written")


@contextmanager
def translated() -> Iterator[None]:
    """Turn what SQLite and the file system raise into Unavailable ``store.*``."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise failure(error) from error


def failure(error: Exception) -> Unavailable:
    """The error of ours that says what `error` means. SQLite's names carry no content of the store."""
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    if code == sqlite3.SQLITE_FULL or getattr(error, "errno", 0) in _NO_SPACE:
        return Unavailable("store.full")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return Unavailable("store.damaged", detail=name)
    return Unavailable("store.failed", detail=name)


_NO_SPACE: Final = (28, 122)  # ENOSPC, EDQUOT on Linux
