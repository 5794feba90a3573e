# SPDX-License-Identifier: Apache-2.0
"""Payloads: what commitments hide, in a file of their own, each sealed under a key of its own.

A record's key is derived from the store's payload key and a random seed that stands beside the ciphertext: whoever
steals the file alone reads nothing, and deleting the seed makes the record unreadable for whoever has the key. Deleted
bytes are overwritten (`secure_delete`), and the write-ahead log is cut, since they would live on there.

One row a batch, not one a payload: 2 µs of CPU and a page of random access less for each.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from os import urandom
from pathlib import Path
from typing import Final

import msgspec

from answerable.crypto.sealing import KEY_LENGTH, keyed, seal, unseal
from answerable.errors import Unavailable, VerificationError
from answerable.model.units import LASTING, Payload, Unit
from answerable.stores import schema
from answerable.stores.database import connect, failure, flush, translated

SALT_LENGTH: Final = 32
SEED_LENGTH: Final = 32
# Batches that one sweep deletes at most: the writer must not be kept for long.
SWEEP_STEP: Final = 512
_DOMAIN: Final = b"answerable/payload/v1\x00"

# rid, group, seed, length of the sealed bytes, whether the body is kept, tags
_Name = tuple[str, str, bytes, int, bool, list[bytes]]
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[_Name]).decode


class PayloadFile:
    """The writing side. Raises Unavailable ``store.*``."""

    def __init__(self, path: Path, key: bytes) -> None:
        """path: an existing payload file; key: 32 bytes, the store's payload key."""
        if len(key) != KEY_LENGTH:
            raise ValueError("a payload key has 32 bytes")
        self.path = path
        self._key = key
        self._database = connect(path, secure_delete=True)
        try:
            schema.check(self._database, schema.PAYLOADS, path)
        except BaseException:
            self._database.close()
            raise

    def put(self, first: int, units: Iterable[Unit], expires: int, *, bodies: bool) -> None:
        """Write the payloads of the batch that will begin at leaf `first`. An earlier try at the same place, whose
        leaves were never written, is replaced."""
        passing: list[Payload] = []
        lasting: list[Payload] = []
        for unit in units:
            for payload in unit.payloads:
                (lasting if payload.group in LASTING else passing).append(payload)
        rows = [
            (2 * first + at, due, *self._pack(some, bodies or bool(at)))
            for at, due, some in ((0, expires, passing), (1, 0, lasting))
            if some
        ]
        try:
            if len(rows) == 1:  # its own transaction: one call instead of three
                self._database.execute("INSERT OR REPLACE INTO pack VALUES (?,?,?,?)", rows[0])
            elif rows:
                self._database.execute("INSERT OR REPLACE INTO pack VALUES (?,?,?,?),(?,?,?,?)", rows[0] + rows[1])
        except (sqlite3.Error, OSError) as error:
            raise failure(error) from error

    def _pack(self, payloads: Sequence[Payload], bodies: bool) -> tuple[bytes, bytes]:
        seeds = urandom(SEED_LENGTH * len(payloads))
        names: list[_Name] = []
        pieces: list[bytes] = []
        at = 0
        for payload in payloads:
            seed = seeds[at : at + SEED_LENGTH]
            at += SEED_LENGTH
            rid, group = payload.rid, payload.group
            plain = payload.salt + payload.body if bodies else payload.salt
            sealed = seal(keyed(self._key, _DOMAIN + seed), plain, f"{rid}/{group}".encode())
            pieces.append(sealed)
            names.append((rid, group, seed, len(sealed), bodies, payload.tags))  # type: ignore[arg-type]
        return _encode(names), b"".join(pieces)

    def sweep(self, now: int, size: int) -> int:
        """Delete up to `SWEEP_STEP` batches that expired by `now` (ms UTC), and all from leaf `size` on, whose leaves
        were never written. Returns how many; the bytes are gone from the disk then."""
        with translated():
            gone = self._database.execute("DELETE FROM pack WHERE id >= ?", (2 * size,)).rowcount
            gone += self._database.execute(
                "DELETE FROM pack WHERE id IN (SELECT id FROM pack WHERE expires > 0 AND expires <= ? LIMIT ?)",
                (now, SWEEP_STEP),
            ).rowcount
        if gone:
            flush(self._database)
        return gone

    def flush(self) -> None:
        """Make what is seen durable (`database.flush`)."""
        flush(self._database)

    def close(self) -> None:
        with translated():
            self._database.close()


class PayloadReads:
    """The reading side, over a connection of any kind."""

    def __init__(self, database: sqlite3.Connection, key: bytes) -> None:
        self._database = database
        self._key = key

    def get(self, first: int, rid: str, group: str) -> tuple[bytes, bytes | None] | None:
        """(salt, body) of a payload of the batch that begins at leaf `first`; None if it is not there.
        Raises Unavailable ``store.damaged`` if it does not open with the key."""
        pack = 2 * first + (group in LASTING)
        with translated():
            row = self._database.execute("SELECT names, body FROM pack WHERE id = ?", (pack,)).fetchone()
        if row is None:
            return None
        at = 0
        for its_rid, its_group, seed, length, bodies, _ in _names(row[0]):
            if (its_rid, its_group) == (rid, group):
                return self._open(rid, group, seed, row[1][at : at + length], bodies)
            at += length
        return None

    def _open(self, rid: str, group: str, seed: bytes, sealed: bytes, bodies: bool) -> tuple[bytes, bytes | None]:
        try:
            plain = unseal(keyed(self._key, _DOMAIN + seed), sealed, f"{rid}/{group}".encode())
        except VerificationError:
            raise Unavailable("store.damaged", detail=f"payload {group} of {rid}") from None
        return plain[:SALT_LENGTH], plain[SALT_LENGTH:] if bodies else None

    def tags(self, start: int, end: int) -> Iterator[tuple[bytes, str]]:
        """(tag, rid) of the batches that begin at leaves [start, end)."""
        with translated():
            rows = self._database.execute(
                "SELECT names FROM pack WHERE id >= ? AND id < ? ORDER BY id", (2 * start, 2 * end)
            )
            for (names,) in rows:
                for rid, _, _, _, _, tags in _names(names):
                    for tag in tags:
                        yield bytes(tag), rid


def _names(encoded: bytes) -> list[_Name]:
    try:
        return _decode(encoded)
    except msgspec.MsgspecError:
        raise Unavailable("store.damaged", detail="names of payloads") from None
