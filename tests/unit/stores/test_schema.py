# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from answerable.errors import Unavailable
from answerable.stores import schema
from answerable.stores.database import connect

FIRST = schema.Schema(schema.LOG.application, schema.LOG.tables)


def _made(path: Path, tables: schema.Schema = schema.LOG) -> sqlite3.Connection:
    database = connect(path)
    schema.make(database, tables)
    return database


def test_a_new_log_has_the_head_of_the_empty_tree(tmp_path: Path) -> None:
    database = _made(tmp_path / "log.db")
    schema.check(database, schema.LOG, tmp_path / "log.db")
    (row,) = database.execute("SELECT size, hex(root) FROM recent").fetchall()
    assert row == (0, "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855")
    database.close()


def test_another_programs_file_is_refused(tmp_path: Path) -> None:
    database = connect(tmp_path / "log.db")
    database.execute("CREATE TABLE t (a)")
    with pytest.raises(Unavailable) as foreign:
        schema.check(database, schema.LOG, tmp_path / "log.db")
    assert foreign.value.code == "store.foreign"
    database.close()


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    database = _made(tmp_path / "log.db")
    database.execute("PRAGMA user_version=3")
    with pytest.raises(Unavailable) as newer:
        schema.check(database, schema.LOG, tmp_path / "log.db")
    assert newer.value.code == "store.newer"
    assert newer.value.params == {"found": 3, "known": 2}
    database.close()


def test_a_log_of_the_first_version_is_brought_forward(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    database = _made(path, FIRST)
    schema.check(database, schema.LOG, path)
    assert database.execute("PRAGMA user_version").fetchone() == (schema.LOG.version,)
    assert database.execute("SELECT place, record FROM unsynced").fetchall() == []
    assert (tmp_path / "log.db.v1").stat().st_mode & 0o077 == 0, "its owner's alone"
    copy = sqlite3.connect(tmp_path / "log.db.v1")
    assert copy.execute("PRAGMA user_version").fetchone() == (1,)
    assert _tables(copy) ^ _tables(database) == {"unsynced"}
    copy.close()
    fresh = _made(tmp_path / "fresh.db")
    assert _tables(fresh) == _tables(database)
    fresh.close()
    database.close()


def _tables(database: sqlite3.Connection) -> set[str]:
    return {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_an_older_file_is_copied_then_migrated_step_by_step(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    database = _made(path, FIRST)
    steps = schema.Schema(
        schema.LOG.application,
        schema.LOG.tables,
        (
            lambda d: d.execute("ALTER TABLE recent ADD COLUMN second INTEGER DEFAULT 2"),
            lambda d: d.execute("ALTER TABLE recent ADD COLUMN third INTEGER DEFAULT 3"),
        ),
    )
    schema.check(database, steps, path)
    assert database.execute("SELECT second, third FROM recent").fetchall() == [(2, 3)]
    assert database.execute("PRAGMA user_version").fetchone() == (3,)
    copy = sqlite3.connect(tmp_path / "log.db.v1")
    assert copy.execute("PRAGMA user_version").fetchone() == (1,)
    assert len(copy.execute("PRAGMA table_info(recent)").fetchall()) == 5
    copy.close()
    database.close()


def test_a_step_that_fails_leaves_the_version_before_it(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    database = _made(path, FIRST)

    def spoil(d: sqlite3.Connection) -> None:
        d.execute("DELETE FROM recent")
        d.execute("SELECT * FROM nothing")

    with pytest.raises(Unavailable):
        schema.check(database, schema.Schema(schema.LOG.application, schema.LOG.tables, (spoil,)), path)
    assert database.execute("SELECT count(*) FROM recent").fetchone() == (1,)
    assert database.execute("PRAGMA user_version").fetchone() == (1,)
    database.close()
