# SPDX-License-Identifier: Apache-2.0
"""Where a monitor stands, in a file: which checkpoint it has verified to, and what its rules remember.

`verify.audit.facts.Memory` over SQLite: what is short-lived stays in this process until a round ends, what grows with
the log stands in the file. A round is one transaction: a monitor that was killed goes on from the last whole one. The
file holds nothing that the log does not tell; deleted, it costs reading the log again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from answerable.errors import Unavailable
from answerable.verify.audit.auditor import Carried
from answerable.verify.audit.facts import FACTS, Fact
from answerable.verify.audit.findings import Finding

_VERSION: Final = 1
_TABLES: Final = f"""
CREATE TABLE seen (key BLOB PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE fact (kind TEXT NOT NULL, rid TEXT NOT NULL, at INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (kind, rid)) WITHOUT ROWID;
CREATE INDEX fact_order ON fact (kind, at);
CREATE TABLE stand (id INTEGER PRIMARY KEY CHECK (id = 1), data BLOB NOT NULL);
CREATE TABLE finding (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
PRAGMA user_version={_VERSION};
"""
_ASKED: Final = 500  # keys in one question
_CACHED: Final = 50_000  # facts kept in this process between two rounds
_BUSY_S: Final = 5.0


class Stand(msgspec.Struct, frozen=True, kw_only=True):
    """size: leaves that were judged; note: the newest checkpoint that was believed, over these or more; origin: ""
    before the first."""

    origin: str = ""
    size: int = 0
    note: bytes = b""
    carried: Carried = Carried()
    found: int = 0  # findings so far


_to_fact: Final = {kind: msgspec.msgpack.Decoder(fact).decode for kind, fact in FACTS.items()}
_to_stand: Final = msgspec.msgpack.Decoder(Stand).decode
_encode: Final = msgspec.msgpack.Encoder().encode


class State:
    """One thread, one process a file. Raises Unavailable ``store.failed``, ``store.damaged``, ``store.newer``."""

    def __init__(self, path: Path | None) -> None:
        """path: of the file, made if it is not there; None keeps it in this process."""
        self._path = path
        self._cache: dict[tuple[str, str], Any] = {}
        self._dirty: dict[tuple[str, str], Fact | None] = {}
        with self._translated():
            self._database = sqlite3.connect(path or ":memory:", isolation_level=None, timeout=_BUSY_S)
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=NORMAL")  # losing the last rounds costs reading them again
            self._database.execute("BEGIN IMMEDIATE")
            (version,) = self._database.execute("PRAGMA user_version").fetchone()
            if version == 0:
                for statement in _TABLES.split(";"):
                    self._database.execute(statement)
                self._database.execute("COMMIT")
                self._database.execute("BEGIN IMMEDIATE")
            elif version != _VERSION:
                self._database.close()
                raise Unavailable("store.newer", found=version, known=_VERSION)
            row = self._database.execute("SELECT data FROM stand").fetchone()
            self.stand = _to_stand(row[0]) if row else Stand()

    # --- verify.audit.facts.Memory ---

    def first(self, keys: Iterable[bytes]) -> dict[bytes, int]:
        wanted = list(keys)
        found: dict[bytes, int] = {}
        with self._translated():
            for at in range(0, len(wanted), _ASKED):
                part = wanted[at : at + _ASKED]
                marks = ",".join("?" * len(part))
                asked = f"SELECT key, at FROM seen WHERE key IN ({marks})"  # noqa: S608  # question marks alone
                found.update(self._database.execute(asked, part).fetchall())
        return found

    def note(self, rows: Iterable[tuple[bytes, int]]) -> None:
        with self._translated():
            self._database.executemany("INSERT OR IGNORE INTO seen VALUES (?,?)", rows)

    def get(self, kind: str, rid: str) -> Any:
        key = (kind, rid)
        if key in self._dirty:
            return self._dirty[key]
        if key not in self._cache:
            with self._translated():
                row = self._database.execute("SELECT data FROM fact WHERE kind = ? AND rid = ?", key).fetchone()
            self._cache[key] = _to_fact[kind](row[0]) if row else None
        return self._cache[key]

    def put(self, kind: str, rid: str, fact: Fact) -> None:
        self._dirty[kind, rid] = fact

    def drop(self, kind: str, rid: str) -> None:
        self._dirty[kind, rid] = None

    def all(self, kind: str) -> Iterator[tuple[str, Any]]:
        self._flush()
        with self._translated():
            rows = self._database.execute("SELECT rid, data FROM fact WHERE kind = ? ORDER BY at, rid", (kind,))
            for rid, data in rows.fetchall():
                yield rid, _to_fact[kind](data)

    # --- rounds ---

    def commit(self, stand: Stand, findings: Iterable[Finding] = ()) -> None:
        """End a round: everything since the last one becomes durable, or nothing of it."""
        self._flush()
        rows = [(_encode(finding.as_dict()),) for finding in findings]
        stand = msgspec.structs.replace(stand, found=self.stand.found + len(rows))
        with self._translated():
            self._database.executemany("INSERT INTO finding (data) VALUES (?)", rows)
            self._database.execute("INSERT OR REPLACE INTO stand VALUES (1, ?)", (_encode(stand),))
            self._database.execute("COMMIT")
            self._database.execute("BEGIN IMMEDIATE")
        self.stand = stand

    def rollback(self) -> None:
        """Forget everything since the last round."""
        self._dirty.clear()
        self._cache.clear()
        with self._translated():
            self._database.execute("ROLLBACK")
            self._database.execute("BEGIN IMMEDIATE")

    def findings(self) -> Iterator[dict[str, Any]]:
        """All that was ever found, oldest first, as `Finding.as_dict` gave them."""
        with self._translated():
            for (data,) in self._database.execute("SELECT data FROM finding ORDER BY id").fetchall():
                yield msgspec.msgpack.decode(data)

    def close(self) -> None:
        with self._translated():
            self._database.close()

    def _flush(self) -> None:
        puts = [(kind, rid, fact.index, _encode(fact)) for (kind, rid), fact in self._dirty.items() if fact is not None]
        drops = [key for key, fact in self._dirty.items() if fact is None]
        with self._translated():
            self._database.executemany("INSERT OR REPLACE INTO fact VALUES (?,?,?,?)", puts)
            self._database.executemany("DELETE FROM fact WHERE kind = ? AND rid = ?", drops)
        if len(self._cache) > _CACHED:
            self._cache.clear()
        self._cache.update(self._dirty)
        for key in drops:
            del self._cache[key]
        self._dirty.clear()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, msgspec.MsgspecError) as error:
            primary = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
            code = "store.damaged" if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) else "store.failed"
            raise Unavailable(code, detail=f"{self._path}: {error}") from error
