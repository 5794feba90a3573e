# SPDX-License-Identifier: Apache-2.0
"""Payloads: what commitments hide, in files of their own, appended before their leaves are written and synced before
or with them (`unsynced`).

Each payload is sealed under a random key of its own. The keys of a batch stand in its list of names, which is sealed
under the store's payload key: whoever steals the files alone reads nothing, and without its key in the list a payload
is lost to whoever has the payload key. One file holds what expires on one day, so that letting go of it is overwriting
and deleting a file. One append and one sync a batch cost half of what a transaction of a database does; the sync of
a short record is left to the log's own.

The log's row of a batch says where its payloads stand. What no row can name, because the batch was never written, is
cut off at the next opening.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from answerable import durable
from answerable.crypto.sealing import KEY_LENGTH, seal_each
from answerable.errors import Unavailable
from answerable.model.units import Payload, Unit
from answerable.ports import Held
from answerable.stores import erasing
from answerable.stores.database import failure, translated
from answerable.stores.days import DAY_MS, LASTING_DAY, by_day
from answerable.stores.payload_form import (
    HEAD,
    MAGIC,
    PLACE,
    ZEROS,
    Name,
    listed,
    overwrite,
    path_of,
    seal_names,
    shred,
    walk,
)
from answerable.stores.unsynced import Carried

# A file is walked through when the store is opened after it was written: this bounds how long that takes.
FILE_BYTES: Final = 64 << 20
# Days that are written at the same time: as many as retention has lengths, and one midnight more.
OPEN_DAYS: Final = 16
# A record no longer than this goes with the transaction of its leaves: twice the bytes, for a sync less.
SHORT: Final = 8 << 10
# Zeros are written ahead of the records in steps of this: a sync of a file that does not grow costs half.
FILL: Final = 256 << 10


class PayloadWriter:
    """The writing side: one at a time. Raises Unavailable ``store.*``."""

    def __init__(self, folder: Path, key: bytes, size: int) -> None:
        """folder: of the files; key: 32 bytes, the store's payload key; size: of the log, from where on no batch was
        written. Every opening begins new files, so that nothing is appended to what a failed sync may have left, and
        ends an erasure that was cut short. Orphans wait for the first `sweep`: before the guard was asked, a log that
        was rolled back would make orphans of what was acknowledged."""
        if len(key) != KEY_LENGTH:
            raise ValueError("a payload key has 32 bytes")
        self._folder = folder
        self._key = key
        self._files: dict[int, tuple[int, int, int]] = {}  # by day: descriptor, end of the records, length
        self._unsynced: set[int] = set()  # days whose file has records that were not synced
        self._full = False  # one of them is as long as a file may become
        self._kept: dict[str, frozenset[str]] = {}  # file of a day that is over -> rids for which it is still there
        erasing.finish(folder, key)
        with translated():
            found = listed(folder)
        last = max((generation for _, generation, _ in found), default=0)
        self._orphans = [(path, size) for _, generation, path in found if generation == last]
        self._generation = last + 1

    def put(
        self, first: int, units: Iterable[Unit], expires: int, *, bodies: bool, carry: list[Carried] | None = None
    ) -> bytes:
        """Write the payloads of the batch that will begin at leaf `first`; durable when it returns. Returns their
        places, for the batch's row; b"" if there are none. expires: ms UTC, of those that say nothing of their own.
        carry: gets the short records, which are not synced here: whoever gives it makes them durable, until `sync`."""
        days = by_day(units, expires)
        # Before the batch and not within it: what is left of one that was never written lies in the newest files.
        if self._full or (len(self._files) + len(days) > OPEN_DAYS and len({*self._files, *days}) > OPEN_DAYS):
            self._turn()
        places = b""
        for day, payloads in days.items():
            places += self._append(day, self._pack(first, payloads, bodies or day == LASTING_DAY), carry)
        return places

    def _pack(self, first: int, payloads: Sequence[Payload], bodies: bool) -> bytes:
        sealed = seal_each([(p.salt + p.body if bodies else p.salt, f"{p.rid}/{p.group}".encode()) for p in payloads])
        names: list[Name] = [
            (p.rid, p.group, key, len(data), bodies, p.tags)  # type: ignore[misc]  # a tuple is encoded as a list is
            for p, (key, data) in zip(payloads, sealed, strict=True)
        ]
        told = seal_names(self._key, first, names)
        hidden = b"".join([data for _, data in sealed])
        return b"".join((HEAD.pack(MAGIC, first, len(told), len(hidden)), told, hidden))

    def _append(self, day: int, record: bytes, carry: list[Carried] | None) -> bytes:
        try:  # as `translated`, for a third of what a context manager costs: each batch comes by here
            file, at, length = self._files.get(day) or self._begin(day)
            end = at + len(record)
            data = record
            if end > length:
                length = end + FILL
                data += ZEROS[:FILL]
            if os.pwrite(file, data, at) != len(data):
                raise Unavailable("store.full")
            place = PLACE.pack(day, self._generation, at)
            if carry is not None and len(record) <= SHORT:
                carry.append((place, record))
                self._unsynced.add(day)
            else:
                os.fdatasync(file)
                self._unsynced.discard(day)
            self._files[day] = (file, end, length)
        except OSError as error:
            raise failure(error) from error
        self._full = self._full or end >= FILE_BYTES
        return place

    def _begin(self, day: int) -> tuple[int, int, int]:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        file = os.open(path_of(self._folder, day, self._generation), flags, 0o600)
        durable.sync(self._folder)
        self._files[day] = (file, 0, 0)
        return file, 0, 0

    def sync(self) -> None:
        """Make durable what is not yet: nobody need carry it from here on."""
        with translated():
            for day in self._unsynced:
                os.fdatasync(self._files[day][0])
        self._unsynced.clear()

    def erase(self, places: bytes, first: int, rids: Sequence[str]) -> int:
        """Erase the payloads of these leaves from the batch that begins at leaf `first`; durable when it returns.
        Returns how many there were."""
        erasing.finish(self._folder, self._key)  # an erasure that failed meanwhile, before another takes its place
        return erasing.erase(self._folder, self._key, places, first, rids)

    def sweep(self, now: int, held: Held | None = None, *, before: Callable[[], None] = lambda: None) -> int:
        """Overwrite and delete one file whose day is over at `now` (ms UTC), or what in it is not held; returns how
        many there were to do. before: called before anything goes. The first call cuts off what batches left that were
        never written."""
        erasing.finish(self._folder, self._key)
        while self._orphans:
            with translated():
                _cut_orphans(*self._orphans[-1])
            self._orphans.pop()
        today = now // DAY_MS
        with translated():
            due = [
                (day, path)
                for day, _, path in listed(self._folder)
                if LASTING_DAY < day < today and not self._done(path.name, held)
            ]
            for day, path in due[:1]:
                before()
                if day in self._files:
                    self._turn()
                kept = erasing.keep_only(path, self._key, held) if held is not None else frozenset()
                self._kept[path.name] = kept
                if not kept:
                    shred(path)
                    del self._kept[path.name]
        return len(due)

    @property
    def kept(self) -> frozenset[str]:
        """rids of leaves whose payloads are over their time and held."""
        return frozenset().union(*self._kept.values())

    def _done(self, name: str, held: Held | None) -> bool:
        kept = self._kept.get(name)
        return kept is not None and held is not None and all(map(held, kept))

    def _turn(self) -> None:
        """From here on new files."""
        self.sync()
        self.close()
        self._generation += 1
        self._full = False

    def _let_go(self, day: int) -> None:
        file, end, _ = self._files.pop(day)
        try:
            os.ftruncate(file, end)
        finally:
            os.close(file)

    def close(self) -> None:
        """What was carried is carried still."""
        with translated():
            for day in list(self._files):
                self._let_go(day)


def _cut_orphans(path: Path, size: int) -> None:
    """Overwrite and cut off what begins at a leaf that the log of that size does not have, or was not written whole."""
    end = 0
    with path.open("rb") as file:
        length = path.stat().st_size
        for at, first, names, body in walk(file.fileno()):
            if first >= size:
                break
            end = at + HEAD.size + names + body
    if end < length:
        overwrite(path, end)
        os.truncate(path, end)
        durable.sync(path.parent)
