# SPDX-License-Identifier: Apache-2.0
"""The default store: a folder with a SQLite file for log and state (WAL, `synchronous=FULL`) and files of payloads.

A batch is one transaction of few statements: each one gives up the interpreter lock, and taking it back from a busy
event loop is what a batch waits for. So there is one row for the leaves, one for the effects (`journal`), and only the
tiles of the right edge.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from answerable import durable
from answerable.errors import Refused, Unavailable
from answerable.log.bundle import pack
from answerable.model.units import Space, Unit
from answerable.ports import Held
from answerable.ports.stores import Derive
from answerable.stores import schema, tags
from answerable.stores.database import connect, failure, flush, intact, translated
from answerable.stores.days import DAY_MS
from answerable.stores.hold import Lock, Reserve
from answerable.stores.journal import Journal
from answerable.stores.payloads import PayloadWriter
from answerable.stores.reads import LogReads, tile_id
from answerable.stores.unsynced import Carried, carried, forget, named_by, restore
from answerable.stores.view import SqliteView

LOG_FILE: Final = "log.db"
PAYLOADS: Final = "payloads"
# Batches between two folds of effects into the state table.
FOLD_EVERY: Final = 64
_drops = msgspec.json.Encoder().encode


class SqliteStore:
    """`ports.Store` over one folder. Opened by one process at a time."""

    def __init__(self, path: Path, payload_key: bytes) -> None:
        """Use `create` or `open`."""
        self.path = path
        self._key = payload_key
        self._expired: tags.Expired | None = None  # as of the last sweep
        self._lock = Lock(path / "lock")
        try:
            self._reserve = Reserve(path / "reserve")
            self._open()
        except BaseException:
            self._lock.release()
            raise

    @classmethod
    def create(cls, path: str | Path, *, payload_key: bytes) -> SqliteStore:
        """A new, empty store in a folder that is made for it (mode 700). payload_key: 32 bytes; without it the payloads
        cannot be read. Raises Refused ``store.exists``, Unavailable ``store.*``."""
        path = Path(path)
        if (path / LOG_FILE).exists():
            raise Refused("store.exists", path=str(path))
        with translated():
            fresh = [folder for folder in (path, *path.parents) if not folder.exists()]
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in fresh or [path]:  # their names too must outlive a power cut
                durable.sync(folder.parent)
        lock = Lock(path / "lock")
        try:
            # The log comes last and under its name only when it is whole: a folder without it is no store.
            with translated():
                (path / PAYLOADS).mkdir(mode=0o700, exist_ok=True)
            _lay_out(path / LOG_FILE, schema.LOG)
        finally:
            lock.release()
        return cls(path, payload_key)

    @classmethod
    def open(cls, path: str | Path, *, payload_key: bytes) -> SqliteStore:
        """An existing store. Raises Unavailable ``store.missing``, ``store.locked`` by another process,
        ``store.newer``, ``store.*``."""
        path = Path(path)
        if not (path / LOG_FILE).is_file() or not (path / PAYLOADS).is_dir():
            raise Unavailable("store.missing", path=str(path))
        return cls(path, payload_key)

    def _open(self) -> None:
        self._database = connect(self.path / LOG_FILE)
        try:
            schema.check(self._database, schema.LOG, self.path / LOG_FILE)
            self._reads = LogReads(self._database)
            self._journal = self._load_journal()
            self._size = self._reads.head()[0]
            self._payloads = PayloadWriter(self.path / PAYLOADS, self._key, self._size)
            restore(self.path / PAYLOADS, self._key, carried(self._database), named_by(self._database))
        except BaseException:
            self._database.close()
            raise
        self._places = b""  # of the payloads that the next batch's row will name
        self._carried: list[Carried] = []  # those of them that its transaction makes durable
        self._batches = 0
        self._stale = False

    def _load_journal(self) -> Journal:
        with translated():
            opens = self._database.execute("SELECT key FROM state WHERE space = ?", (Space.OPENS.value,)).fetchall()
            recent = self._database.execute("SELECT effects FROM recent ORDER BY id").fetchall()
        intact(opens, str)
        intact(recent, bytes)
        journal = Journal(key for (key,) in opens)
        for (effects,) in recent:
            journal.load(effects)
        return journal

    def head(self) -> tuple[int, bytes]:
        return self._reads.head()

    def append(
        self,
        first: int,
        leaves: Sequence[bytes],
        tiles: Mapping[tuple[int, int], bytes],
        checkpoint: bytes,
        expect: tuple[int, bytes],
        root: bytes,
        units: Sequence[Unit],
    ) -> None:
        if self._stale:
            raise Unavailable("store.failed", detail="reopen it first")
        execute = self._database.execute
        try:
            execute("BEGIN IMMEDIATE")
            head = execute("SELECT id, size, root FROM recent ORDER BY id DESC LIMIT 1").fetchone()
            if head is None or head[1:] != expect or first != expect[0]:
                self._database.rollback()
                raise Unavailable("store.forked", expected=expect[0], found=head[1] if head else 0)
            # From here on what is in memory may run ahead of the file: only a COMMIT, or `reopen`, ends that.
            self._stale = True
            if leaves:
                execute("INSERT INTO segment VALUES (?,?,?)", (first, self._places, pack(leaves)))
                for record in self._carried:
                    execute("INSERT INTO unsynced (place, record) VALUES (?,?)", record)
            if tiles:
                rows: list[object] = []
                for (level, n), hashes in tiles.items():
                    rows += (tile_id(level, n), hashes)
                execute("INSERT OR REPLACE INTO tile VALUES " + ",".join(["(?,?)"] * len(tiles)), rows)  # noqa: S608  question marks
            effects = self._journal.add(units)
            new = head[0] + 1
            execute("INSERT INTO recent VALUES (?,?,?,?,?)", (new, first + len(leaves), root, checkpoint, effects))
            fold = self._batches + 1 >= FOLD_EVERY
            if fold:
                self._fold(new)
            execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            raise failure(error) from error
        self._size = first + len(leaves)
        self._places = b""
        self._carried = []
        if fold:
            self._journal.folded()
            self._batches = 0
        else:
            self._batches += 1
        self._stale = False
        self._reserve.again()

    def _fold(self, newest: int) -> None:
        """Bring the state table and the payload files up to date, in the open transaction."""
        self._payloads.sync()
        self._database.execute("DELETE FROM unsynced")
        self._database.executemany("INSERT OR REPLACE INTO state VALUES (?,?,?)", self._journal.puts())
        gone: dict[str, list[str]] = {}
        for space, key in self._journal.drops():
            gone.setdefault(space, []).append(key)
        for space, keys in gone.items():
            self._database.execute(
                "DELETE FROM state WHERE space = ? AND key IN (SELECT value FROM json_each(?))",
                (space, _drops(keys).decode()),
            )
        self._database.execute("DELETE FROM recent WHERE id < ?", (newest,))
        self._database.execute("UPDATE recent SET effects = x'90'")

    def put_payloads(self, units: Sequence[Unit], expires: int, *, bodies: bool = True) -> None:
        self._carried = []
        self._places = self._payloads.put(self._size, units, expires, bodies=bodies, carry=self._carried)

    def adopt(self, places: bytes) -> None:
        """The next batch's payloads stand there already, in another folder's files: for a log that is built anew."""
        self._places = places

    def sweep(self, now: int, held: Held | None = None) -> int:
        left = self._payloads.sweep(now, held, before=self._settle)
        if not left:
            self._expired = now // DAY_MS, self._payloads.kept
        return left

    def _settle(self) -> None:
        """The files alone hold payloads: before any of them goes."""
        if self._stale:
            raise Unavailable("store.failed", detail="reopen it first")
        # A sync that failed is not tried again: the next one would be told that all is well, and the rows be deleted.
        self._stale = True
        self._payloads.sync()
        try:
            forget(self._database)
        except Unavailable as error:
            self._stale = error.code not in ("store.busy", "store.full")  # which leave the rows as they were, or gone
            raise
        self._stale = False

    def erase(self, leaves: Sequence[tuple[int, str]]) -> int:
        self._settle()
        batches: dict[int, list[str]] = {}
        for index, rid in leaves:
            batches.setdefault(self._reads.segment_of(index), []).append(rid)
        lost = 0
        for first, rids in batches.items():
            for _, places in self._reads.places(first, first + 1):
                lost += self._payloads.erase(places, first, rids)
        return lost

    def tidy(self, rids: Sequence[str] = ()) -> None:
        # After the payloads: who builds the tags anew from here on finds none there.
        tags.tidy(self.path, rids, self._expired)

    def rows(self, space: Space) -> Iterable[tuple[str, bytes]]:
        with translated():
            rows = self._database.execute("SELECT key, value FROM state WHERE space = ?", (space.value,)).fetchall()
        intact(rows, str, bytes)
        return list(self._journal.over(space, rows).items())

    def leaf(self, index: int) -> bytes:
        return self._reads.leaf(index)

    def leaves(self, start: int, end: int) -> list[bytes]:
        return self._reads.leaves(start, end)

    def tile(self, level: int, n: int) -> bytes:
        return self._reads.tile(level, n)

    def checkpoint(self) -> bytes:
        return self._reads.checkpoint()

    def view(self, derive: Derive | None = None) -> SqliteView:
        return SqliteView(self.path, self._key, derive)

    def reopen(self) -> None:
        self._shut()
        self._open()
        # A sync that failed may have lost pages that the cache still shows. Written and synced again, they are safe.
        flush(self._database)

    def spend_reserve(self) -> bool:
        return self._reserve.spend()

    def close(self) -> None:
        self._shut()
        self._lock.release()

    def _shut(self) -> None:
        with translated():
            self._payloads.close()
            self._database.close()


def _lay_out(path: Path, tables: schema.Schema) -> None:
    """Make the file under another name, then rename it: it exists whole or not at all."""
    draft = path.with_name(path.name + ".new")
    with translated():
        draft.unlink(missing_ok=True)
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        database = connect(draft)
        try:
            schema.make(database, tables)
            flush(database)
        finally:
            database.close()
        draft.rename(path)
        durable.sync(path.parent)
