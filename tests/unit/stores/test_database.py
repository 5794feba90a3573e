# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from answerable.errors import Unavailable
from answerable.stores.database import connect, connect_reading, failure, flush, translated


def test_a_connection_writes_ahead_and_syncs_fully(tmp_path: Path) -> None:
    database = connect(tmp_path / "a.db")
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert database.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    assert database.isolation_level is None
    database.close()


def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    database = connect(tmp_path / "a.db")
    database.execute("CREATE TABLE t (a)")
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    database.close()
    assert modes == {"a.db": 0o600, "a.db-wal": 0o600, "a.db-shm": 0o600}


def test_a_second_connection_leaves_the_first_its_locks(tmp_path: Path) -> None:
    """A program that looks into the file of a running service must not take its write-ahead log away."""
    path = tmp_path / "a.db"
    writer = connect(path)
    writer.execute("CREATE TABLE t (a)")
    reader = connect_reading(path)
    reader.execute("SELECT a FROM t").fetchall()
    second = connect(path)
    look = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT count(*) FROM t').fetchone()[0])"
    for count in range(3):
        seen = subprocess.run([sys.executable, "-c", look, str(path)], capture_output=True, text=True, check=True)
        assert int(seen.stdout) == count
        assert (tmp_path / "a.db-wal").exists()
        writer.execute("INSERT INTO t VALUES (1)")
    for database in (second, reader, writer):
        database.close()


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    writer = connect(tmp_path / "a.db")
    writer.execute("CREATE TABLE t (a)")
    reader = connect_reading(tmp_path / "a.db")
    with pytest.raises(sqlite3.OperationalError):
        reader.execute("INSERT INTO t VALUES (1)")
    writer.execute("INSERT INTO t VALUES (2)")
    assert reader.execute("SELECT a FROM t").fetchall() == [(2,)]
    reader.close()
    writer.close()


def test_flush_cuts_the_write_ahead_log(tmp_path: Path) -> None:
    database = connect(tmp_path / "a.db")
    database.execute("CREATE TABLE t (a)")
    assert (tmp_path / "a.db-wal").stat().st_size > 0
    flush(database)
    assert (tmp_path / "a.db-wal").stat().st_size == 0
    database.close()


def test_what_sqlite_and_the_system_raise_gets_a_code(tmp_path: Path) -> None:
    (tmp_path / "noise.db").write_bytes(b"not a database, but long enough to be read as one" * 100)
    with pytest.raises(Unavailable) as damaged:
        connect(tmp_path / "noise.db")
    assert damaged.value.code == "store.damaged"
    database = connect(tmp_path / "small.db")
    database.execute("PRAGMA max_page_count=2")
    with pytest.raises(Unavailable) as full, translated():
        database.execute("CREATE TABLE t (a)")
        database.execute("INSERT INTO t VALUES (zeroblob(100000))")
    assert full.value.code == "store.full"
    database.close()
    assert failure(OSError(28, "No space left on device")).code == "store.full"
    assert failure(OSError(5, "Input/output error")).code == "store.failed"
    assert failure(sqlite3.OperationalError("locked")).code == "store.failed"


def test_one_that_is_opened_while_another_has_the_new_file_for_itself_waits(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.touch(mode=0o600)
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    letting_go = threading.Timer(0.1, other.execute, ("COMMIT",))
    letting_go.start()
    database = connect(path)
    letting_go.join()
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    database.close()
    other.close()


def test_a_file_that_is_never_let_go_of_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("answerable.stores.database.BUSY_MS", 50)
    path = tmp_path / "a.db"
    path.touch(mode=0o600)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Unavailable) as error:
        connect(path)
    assert error.value.code == "store.failed"
    other.close()
