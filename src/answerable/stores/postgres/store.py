# SPDX-License-Identifier: Apache-2.0
"""`ports.Store` over a PostgreSQL database and a local folder.

A batch is one statement, thus one round trip, one transaction and one flush: head, leaves, tiles, effects and payloads
stand or fall together. The head row is moved on by compare-and-swap over (size, root) and the term of this opening.

The folder holds what the database must not: the keys of payloads, and the index, which can be built anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from os import urandom
from pathlib import Path
from typing import Final

from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.log.bundle import pack
from answerable.log.merkle import HASH_LENGTH, TILE_WIDTH
from answerable.model.units import Space, Unit
from answerable.ports import Held
from answerable.ports.stores import Derive
from answerable.stores import tags
from answerable.stores.days import DAY_MS
from answerable.stores.hold import Lock
from answerable.stores.journal import Journal
from answerable.stores.postgres import schema
from answerable.stores.postgres.address import Address
from answerable.stores.postgres.erasure import Erasure
from answerable.stores.postgres.keyring import Keyring
from answerable.stores.postgres.payloads import Row, packed
from answerable.stores.postgres.reads import LogReads
from answerable.stores.postgres.reserve import Reserve
from answerable.stores.postgres.session import Session
from answerable.stores.postgres.view import PostgresView

PAYLOAD_KEYS: Final = "payload-keys"
# Batches between two folds of effects into the state table.
FOLD_EVERY: Final = 64
_FULL: Final = TILE_WIDTH * HASH_LENGTH

_BACKEND: Final = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
_END_BACKEND: Final = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2"
_APPEND: Final = """
WITH moved AS (UPDATE head SET size = $1, root = $2, note = $3, batch = batch + 1
    WHERE size = $4 AND root = $5 AND term = $6 RETURNING batch),
leaves AS (INSERT INTO segment SELECT $4, $7::bytea FROM moved WHERE $7::bytea IS NOT NULL),
edge AS (INSERT INTO tile SELECT t.* FROM moved, unnest($8::smallint[], $9::bigint[], $10::bytea[]) AS t(level, n, data)
    ON CONFLICT (level, n) DO UPDATE SET data = excluded.data),
effects AS (INSERT INTO recent SELECT batch, $11 FROM moved),
payloads AS (INSERT INTO payload SELECT p.* FROM moved,
    unnest($12::bigint[], $13::integer[], $14::bigint[], $15::bytea[], $16::bytea[])
        AS p(first, day, slot, names, body))
SELECT batch FROM moved
"""
_FOLD: Final = """
WITH held AS (SELECT FROM head WHERE term = $1 FOR SHARE),
puts AS (INSERT INTO state SELECT s.* FROM held, unnest($2::text[], $3::bytea[], $4::bytea[]) AS s(space, key, value)
    ON CONFLICT (space, key) DO UPDATE SET value = excluded.value),
drops AS (DELETE FROM state USING held, unnest($5::text[], $6::bytea[]) AS d(space, key)
    WHERE state.space = d.space AND state.key = d.key),
folded AS (DELETE FROM recent USING held)
SELECT count(*) FROM held
"""


class PostgresStore:
    """Opened by one process at a time; see `ports.Store`."""

    def __init__(self, path: Path, address: Address, payload_key: bytes) -> None:
        """Use `create` or `open`."""
        self.path = path
        self._address = address
        self._key = payload_key
        self._term: int | None = None
        self._holder = urandom(16)  # names this process' turns
        self._pending: list[Row] = []
        self._expired: tags.Expired | None = None  # as of the last sweep
        self._stale = True
        self._lock = Lock(path / "lock")
        try:
            self._ring = Keyring(path / PAYLOAD_KEYS, payload_key)
            self._session = Session(address)
            self._reserve = Reserve(self._session)
            try:
                self._begin()
            except BaseException:
                self._session.close()
                raise
        except BaseException:
            self._lock.release()
            raise

    @classmethod
    def create(cls, path: str | Path, address: Address, *, payload_key: bytes) -> PostgresStore:
        """New, empty tables, and a folder that is made for their keys (mode 700). payload_key: 32 bytes; without it the
        payloads cannot be read. Raises Refused ``store.exists``, Unavailable ``store.*``."""
        path = Path(path)
        session = Session(address)
        try:
            schema.makeable(session)
            if made(path):
                raise Refused("store.exists", path=str(path))
            try:
                (path / PAYLOAD_KEYS).mkdir(mode=0o700, parents=True)
                path.chmod(0o700)
            except OSError as error:
                raise Unavailable("store.failed", detail=f"{path}: {error.strerror}") from None
            schema.make(session)
        finally:
            session.close()
        return cls(path, address, payload_key)

    @classmethod
    def open(cls, path: str | Path, address: Address, *, payload_key: bytes) -> PostgresStore:
        """Existing tables and their folder. Raises Unavailable ``store.missing``, ``store.locked`` by another process,
        ``store.newer``, ``store.unsafe``, ``store.unreachable``, ``store.*``."""
        path = Path(path)
        if not (path / PAYLOAD_KEYS).is_dir():
            raise Unavailable("store.missing", path=str(path))
        return cls(path, address, payload_key)

    def _begin(self) -> None:
        """Make sure of the server, take the lock and the next turn, read what is needed in memory."""
        session = self._session
        schema.sound(session)
        schema.lock(session)
        schema.check(session)
        first = self._term is None
        self._term = schema.take_turn(session, self._term, self._holder)
        self._backend = session.row(_BACKEND)
        self._reads = LogReads(session)
        self._journal = self._load_journal()
        self._size = self._reads.head()[0]
        self._batches = 0
        self._pending = []
        self._erasure = Erasure(session, self._ring, self._term)
        if first:  # later ones may follow a full disk, which is looked at with care: after the next append
            self._reserve.lay_in()
        self._stale = False

    def _load_journal(self) -> Journal:
        opens = self._session.rows("SELECT key FROM state WHERE space = $1", Space.OPENS.value)
        journal = Journal(row["key"].decode() for row in opens)
        for row in self._session.rows("SELECT effects FROM recent ORDER BY batch"):
            journal.load(row["effects"])
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
        self._check()
        if first != expect[0]:
            raise Unavailable("store.forked", expected=expect[0], found=first)
        if self._batches >= FOLD_EVERY:
            self._fold()
        # From here on what is in memory may run ahead of the database: only its answer, or `reopen`, ends that.
        self._stale = True
        kept = [(level, n, data) for (level, n), data in tiles.items() if level or len(data) == _FULL]
        rows, self._pending = self._pending, []
        moved = self._session.row_for_sure(
            _APPEND,
            first + len(leaves),
            root,
            checkpoint,
            first,
            expect[1],
            self._term,
            pack(leaves) if leaves else None,
            [level for level, _, _ in kept],
            [n for _, n, _ in kept],
            [data for _, _, data in kept],
            self._journal.add(units),
            [row.first for row in rows],
            [row.day for row in rows],
            [row.slot for row in rows],
            [row.names for row in rows],
            [row.body for row in rows],
        )
        if moved is None:
            self._refuse(expect[0])
        self._size = first + len(leaves)
        self._batches += 1
        self._stale = False
        self._reserve.again()

    def _check(self) -> None:
        if self._stale:
            raise Unavailable("store.failed", detail="reopen it first")

    def _refuse(self, expected: int) -> None:
        """Nothing was written: say why, and take what was noted in memory back."""
        found = self._session.row("SELECT size, term FROM head")
        if found is not None and found["term"] != self._term:
            raise Unavailable("store.taken", path=self._address.server)
        self._journal = self._load_journal()
        self._stale = False
        raise Unavailable("store.forked", expected=expected, found=found["size"] if found else 0)

    def _fold(self) -> None:
        """Bring the state table up to date, in a transaction of its own: it changes nothing that anyone sees."""
        puts, drops = self._journal.puts(), self._journal.drops()
        self._stale = True
        (held,) = self._session.row(
            _FOLD,
            self._term,
            [space for space, _, _ in puts],
            [key.encode() for _, key, _ in puts],
            [value for _, _, value in puts],
            [space for space, _ in drops],
            [key.encode() for _, key in drops],
        )
        if not held:
            raise Unavailable("store.taken", path=self._address.server)
        self._journal.folded()
        self._batches = 0
        self._stale = False

    def put_payloads(self, units: Sequence[Unit], expires: int, *, bodies: bool = True) -> None:
        """Seal them, their keys durably; the rows go with their leaves, in the transaction of the next `append`."""
        self._pending = packed(self._ring, self._size, units, expires, bodies=bodies)

    def sweep(self, now: int, held: Held | None = None) -> int:
        self._check()
        left = self._erasure.sweep(now // DAY_MS, held)
        if not left:
            self._expired = now // DAY_MS, self._erasure.kept
        return left

    def erase(self, leaves: Sequence[tuple[int, str]]) -> int:
        """See `ports.Store`. What the server keeps of them, in dead rows, its write-ahead log, archives, standbys and
        dumps, is sealed under keys that are gone."""
        self._check()
        return self._erasure.erase((self._reads.segment_of(index), rid) for index, rid in leaves)

    def tidy(self, rids: Sequence[str] = ()) -> None:
        tags.tidy(self.path, rids, self._expired)

    def rows(self, space: Space) -> Iterable[tuple[str, bytes]]:
        found = self._session.rows("SELECT key, value FROM state WHERE space = $1", space.value)
        return list(self._journal.over(space, [(row["key"].decode(), row["value"]) for row in found]).items())

    def leaf(self, index: int) -> bytes:
        return self._reads.leaf(index)

    def leaves(self, start: int, end: int) -> list[bytes]:
        return self._reads.leaves(start, end)

    def tile(self, level: int, n: int) -> bytes:
        return self._reads.tile(level, n)

    def checkpoint(self) -> bytes:
        return self._reads.checkpoint()

    def view(self, derive: Derive | None = None) -> PostgresView:
        return PostgresView(self.path, self._address, self._key, derive)

    def reopen(self) -> None:
        """A connection that failed may have left a transaction that is still to be decided. Its session is ended, and
        the next turn is taken only when it is gone: what is then seen is what happened, and it is on the disk."""
        self._stale = True
        self._session.connect()
        # Without the right to see or end it the old session goes by itself, and the lock waits for that.
        self._session.rows(_END_BACKEND, *self._backend)
        self._begin()

    def spend_reserve(self) -> bool:
        try:
            return self._reserve.spend()
        except AnswerableError:
            return False

    def close(self) -> None:
        try:
            self._session.close()
        finally:
            self._lock.release()


def made(path: Path) -> bool:
    """Whether a folder belongs to a store of this kind."""
    return os.path.isdir(path / PAYLOAD_KEYS)  # noqa: PTH112  # one call, no error for a folder that is not ours to read
