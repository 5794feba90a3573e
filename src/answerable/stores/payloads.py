# SPDX-License-Identifier: Apache-2.0
"""Payloads: what commitments hide, in files of their own, appended and synced before their leaves are written.

Each payload is sealed under a random key of its own. The keys of a batch stand in its list of names, which is sealed
under the store's payload key: whoever steals the files alone reads nothing, and without its key in the list a payload
is lost to whoever has the payload key. One file holds what expires on one day, so that letting go of it is overwriting
and deleting a file. One append and one sync a batch cost half of what a transaction of a database does.

The log's row of a batch says where its payloads stand. What no row can name, because the batch was never written, is
cut off at the next opening.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from os import urandom
from pathlib import Path
from struct import Struct, iter_unpack
from typing import Final

import msgspec

from answerable.crypto.sealing import KEY_LENGTH, NONCE_LENGTH, seal, unseal
from answerable.errors import Unavailable, VerificationError
from answerable.model.units import LASTING, Payload, Unit
from answerable.stores.database import translated

SALT_LENGTH: Final = 32
DAY_MS: Final = 86_400_000
# A file is walked through when the store is opened after it was written: this bounds how long that takes.
FILE_BYTES: Final = 64 << 20
# Zeros are written ahead of the records in steps of this: a sync of a file that does not grow costs half.
FILL: Final = 256 << 10
# The day of what never expires.
_LASTING_DAY: Final = 0
_DOMAIN: Final = b"answerable/payload/v1"
# magic, index of the batch's first leaf, lengths of the sealed names and of the sealed payloads
_HEAD: Final = Struct(">8sQII")
_MAGIC: Final = b"answpay1"
# day, generation, offset
_PLACE: Final = Struct(">IIQ")
_ZEROS: Final = bytes(1 << 20)

# rid, group, key, length of the sealed bytes, whether the body is kept, tags
_Name = tuple[str, str, bytes, int, bool, list[bytes]]
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[_Name]).decode


class PayloadWriter:
    """The writing side: one at a time. Raises Unavailable ``store.*``."""

    def __init__(self, folder: Path, key: bytes, size: int) -> None:
        """folder: of the files; key: 32 bytes, the store's payload key; size: of the log, from where on no batch was
        written. Every opening begins new files, so that nothing is appended to what a failed sync may have left."""
        if len(key) != KEY_LENGTH:
            raise ValueError("a payload key has 32 bytes")
        self._folder = folder
        self._key = key
        self._files: dict[int, tuple[int, int, int]] = {}  # by day: descriptor, end of the records, length
        with translated():
            self._generation = max((generation for _, generation, _ in _listed(folder)), default=0)
            for _, generation, path in _listed(folder):
                if generation == self._generation:
                    _cut_orphans(path, size)
        self._generation += 1

    def put(self, first: int, units: Iterable[Unit], expires: int, *, bodies: bool) -> bytes:
        """Write the payloads of the batch that will begin at leaf `first`; durable when it returns. Returns their
        places, for the batch's row; b"" if there are none. expires: ms UTC."""
        passing: list[Payload] = []
        lasting: list[Payload] = []
        for unit in units:
            for payload in unit.payloads:
                (lasting if payload.group in LASTING else passing).append(payload)
        places = b""
        if passing:
            places = self._append(max(expires // DAY_MS, 1), first, self._pack(first, passing, bodies))
        if lasting:
            places += self._append(_LASTING_DAY, first, self._pack(first, lasting, True))
        return places

    def _pack(self, first: int, payloads: Sequence[Payload], bodies: bool) -> bytes:
        drawn = urandom((KEY_LENGTH + NONCE_LENGTH) * len(payloads))  # one system call for the batch
        names: list[_Name] = []
        pieces = [b"", b""]
        at = 0
        for payload in payloads:
            key, nonce = drawn[at : at + KEY_LENGTH], drawn[at + KEY_LENGTH : at + KEY_LENGTH + NONCE_LENGTH]
            at += KEY_LENGTH + NONCE_LENGTH
            rid, group = payload.rid, payload.group
            sealed = seal(
                key, payload.salt + payload.body if bodies else payload.salt, f"{rid}/{group}".encode(), nonce
            )
            pieces.append(sealed)
            names.append((rid, group, key, len(sealed), bodies, payload.tags))  # type: ignore[arg-type]
        pieces[1] = seal(self._key, _encode(names), _bound(first))
        pieces[0] = _HEAD.pack(_MAGIC, first, len(pieces[1]), sum(map(len, pieces)) - len(pieces[1]))
        return b"".join(pieces)

    def _append(self, day: int, first: int, record: bytes) -> bytes:
        with translated():
            file, at, length = self._files.get(day) or self._begin(day)
            end = at + len(record)
            if end > length:
                length = end + FILL
                record += _ZEROS[:FILL]
            if os.pwrite(file, record, at) != len(record):
                raise Unavailable("store.full")
            os.fdatasync(file)
            place = _PLACE.pack(day, self._generation, at)
            self._files[day] = (file, end, length)
            if end >= FILE_BYTES:
                self.close()
                self._generation += 1
        return place

    def _begin(self, day: int) -> tuple[int, int, int]:
        if day != _LASTING_DAY and any(other != _LASTING_DAY for other in self._files):  # a new day
            self.close()
            self._generation += 1
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        file = os.open(self._folder / f"{day}-{self._generation}", flags, 0o600)
        _sync_folder(self._folder)
        self._files[day] = (file, 0, 0)
        return file, 0, 0

    def sweep(self, now: int) -> int:
        """Overwrite and delete one file whose day is over at `now` (ms UTC); returns how many there were to delete."""
        today = now // DAY_MS
        with translated():
            due = [(day, path) for day, _, path in _listed(self._folder) if _LASTING_DAY < day < today]
            for day, path in due[:1]:
                if day in self._files:
                    self._let_go(day)
                _overwrite(path, 0)
                path.unlink()
                _sync_folder(self._folder)
        return len(due)

    def _let_go(self, day: int) -> None:
        file, end, _ = self._files.pop(day)
        try:
            os.ftruncate(file, end)
        finally:
            os.close(file)

    def close(self) -> None:
        with translated():
            for day in list(self._files):
                self._let_go(day)


class PayloadReads:
    """The reading side. Raises Unavailable ``store.damaged`` for what does not open with the key."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._key = key

    def get(self, places: bytes, first: int, rid: str, group: str) -> tuple[bytes, bytes | None] | None:
        """(salt, body) of a payload of the batch that begins at leaf `first`; None if it is not there any more."""
        for names, body in self._read(places, first):
            at = 0
            for its_rid, its_group, key, length, bodies, _ in names:
                if (its_rid, its_group) == (rid, group):
                    try:
                        plain = unseal(key, body[at : at + length], f"{rid}/{group}".encode())
                    except VerificationError:
                        raise Unavailable("store.damaged", detail=f"payload {group} of {rid}") from None
                    return plain[:SALT_LENGTH], plain[SALT_LENGTH:] if bodies else None
                at += length
        return None

    def tags(self, places: bytes, first: int) -> Iterator[tuple[bytes, str]]:
        """(tag, rid) of the payloads of the batch that begins at leaf `first`."""
        for names, _ in self._read(places, first):
            for rid, _, _, _, _, tags in names:
                for tag in tags:
                    yield tag, rid

    def _read(self, places: bytes, first: int) -> Iterator[tuple[list[_Name], bytes]]:
        if len(places) % _PLACE.size:
            raise Unavailable("store.damaged", detail=f"places of the batch at {first}")
        for day, generation, at in iter_unpack(_PLACE.format, places):
            with translated():
                try:
                    file = os.open(self._folder / f"{day}-{generation}", os.O_RDONLY | os.O_CLOEXEC)
                except FileNotFoundError:  # expired
                    continue
                try:
                    length = os.fstat(file).st_size
                    magic, its_first, names, body = _head(os.pread(file, _HEAD.size, min(at, length)))
                    whole = at + _HEAD.size + names + body <= length
                    data = os.pread(file, names + body, at + _HEAD.size) if whole else b""
                finally:
                    os.close(file)
            if magic != _MAGIC or its_first != first:
                raise Unavailable("store.damaged", detail=f"payloads of the batch at {first}")
            try:
                listed = _decode(unseal(self._key, data[:names], _bound(first)))
            except (VerificationError, msgspec.MsgspecError):
                raise Unavailable("store.damaged", detail="names of payloads, or another payload key") from None
            if sum(length for _, _, _, length, _, _ in listed) != body:
                raise Unavailable("store.damaged", detail=f"payloads of the batch at {first}")
            yield listed, data[names:]


def _bound(first: int) -> bytes:
    """What a list of names is bound to: it cannot be moved to another batch."""
    return _DOMAIN + first.to_bytes(8, "big")


def _head(data: bytes) -> tuple[bytes, int, int, int]:
    return _HEAD.unpack(data) if len(data) == _HEAD.size else (b"", 0, 0, 0)


def _listed(folder: Path) -> list[tuple[int, int, Path]]:
    """(day, generation, path) of the files, oldest day first."""
    found = []
    for path in folder.iterdir():
        day, _, generation = path.name.partition("-")
        if day.isdecimal() and generation.isdecimal():
            found.append((int(day), int(generation), path))
    return sorted(found)


def _cut_orphans(path: Path, size: int) -> None:
    """Overwrite and cut off what begins at a leaf that the log of that size does not have, or was not written whole."""
    end = 0
    with path.open("rb") as file:
        length = path.stat().st_size
        while True:
            magic, first, names, body = _head(os.pread(file.fileno(), _HEAD.size, end))
            after = end + _HEAD.size + names + body
            if magic != _MAGIC or first >= size or after > length:
                break
            end = after
    if end < length:
        _overwrite(path, end)
        os.truncate(path, end)
        _sync_folder(path.parent)


def _overwrite(path: Path, start: int) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        length = os.fstat(file).st_size
        for at in range(start, length, len(_ZEROS)):
            os.pwrite(file, _ZEROS[: length - at], at)
        os.fsync(file)
    finally:
        os.close(file)


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
