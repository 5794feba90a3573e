# SPDX-License-Identifier: Apache-2.0
"""Keys of payloads that lie in a database: in files of this machine, never in the database.

A server keeps what it was once told: in dead rows, in its write-ahead log, in archives of that log, in standbys and in
dumps. None of it can be called back. So the database is given sealed bytes alone, and what opens them stands here: a
file a day of expiry, a slot of 32 random bytes for some thousand payloads. A slot that is overwritten makes every copy
of what was sealed under it unreadable, wherever it is (NIST SP 800-88, "cryptographic erase").

The key in use is made of the slot and the store's payload key: one file alone opens nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from os import urandom
from pathlib import Path
from struct import Struct
from typing import Final

from answerable import durable
from answerable.crypto.sealing import KEY_LENGTH, keyed
from answerable.errors import Unavailable

# Payloads under one slot, long ones counted as several: erasing one of them seals the lists of all the others anew.
SLOT_PAYLOADS: Final = 4096
PENDING: Final = "erasing"
WHOLE_DAY: Final = 2**63 - 1  # in place of a slot, in what is noted down: all of a day
_DOMAIN: Final = b"answerable/payload-slot/v1"
_NAME: Final = Struct(">IQ")  # day, slot
_GONE: Final = bytes(KEY_LENGTH)


class Keyring:
    """A folder. Raises Unavailable ``store.failed``."""

    def __init__(self, folder: Path, secret: bytes) -> None:
        """secret: 32 bytes, the store's payload key."""
        if len(secret) != KEY_LENGTH:
            raise ValueError("a payload key has 32 bytes")
        self._folder = folder
        self._secret = secret
        # By day: the slot in use, its key, and for how many payloads more. After an opening it is always a fresh one.
        self._current: dict[int, tuple[int, bytes, int]] = {}

    def current(self, day: int, payloads: int) -> tuple[int, bytes]:
        """(slot, key) under which that many payloads more are sealed; on the disk when it returns."""
        slot, key, left = self._current.get(day) or (0, b"", 0)
        if left <= 0:
            slot, key = self.fresh(day)
            left = SLOT_PAYLOADS
        self._current[day] = (slot, key, left - payloads)
        return slot, key

    def fresh(self, day: int) -> tuple[int, bytes]:
        """A new slot and its key; on the disk when it returns."""
        drawn = urandom(KEY_LENGTH)
        path = self._folder / str(day)
        try:
            new = not path.exists()
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                # A slot that was half written when the machine stopped is left behind.
                half = os.fstat(file).st_size % KEY_LENGTH
                data = bytes(KEY_LENGTH - half if half else 0) + drawn
                if os.write(file, data) != len(data):
                    raise Unavailable("store.full")
                # Where it went, also if another process, whose turn is over, appended at the same moment.
                slot = os.lseek(file, 0, os.SEEK_CUR) // KEY_LENGTH - 1
                os.fsync(file)
            finally:
                os.close(file)
            if new:
                durable.sync(self._folder)
        except OSError as error:
            raise _failed(error) from error
        return slot, self._key(day, slot, drawn)

    def key(self, day: int, slot: int) -> bytes | None:
        """None for a slot that was overwritten, or whose day is over."""
        try:
            file = os.open(self._folder / str(day), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _failed(error) from error
        try:
            drawn = os.pread(file, KEY_LENGTH, slot * KEY_LENGTH)
        except OSError as error:
            raise _failed(error) from error
        finally:
            os.close(file)
        return None if len(drawn) < KEY_LENGTH or drawn == _GONE else self._key(day, slot, drawn)

    def erased(self, day: int, slot: int) -> bool:
        """Whether the slot was overwritten. False where its bytes are missing: they may come back from a backup."""
        try:
            with (self._folder / str(day)).open("rb") as file:
                file.seek(slot * KEY_LENGTH)
                return file.read(KEY_LENGTH) == _GONE
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _failed(error) from error

    def days(self) -> list[int]:
        """Days that have keys, oldest first."""
        try:
            return sorted(int(path.name) for path in self._folder.iterdir() if path.name.isdecimal())
        except OSError as error:
            raise _failed(error) from error

    def shred_day(self, day: int) -> None:
        """Overwrite and delete a day's keys; gone from the disk when it returns."""
        self._current.pop(day, None)
        path = self._folder / str(day)
        try:
            file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                os.pwrite(file, bytes(os.fstat(file).st_size), 0)
                os.fsync(file)
            finally:
                os.close(file)
            path.unlink()
            durable.sync(self._folder)
        except FileNotFoundError:
            return
        except OSError as error:
            raise _failed(error) from error

    def shred(self, slots: Iterable[tuple[int, int]]) -> None:
        """Overwrite slots, (day, slot) each; gone from the disk when it returns."""
        by_day: dict[int, list[int]] = {}
        for day, slot in slots:
            by_day.setdefault(day, []).append(slot)
        try:
            for day, its in by_day.items():
                if day in self._current and self._current[day][0] in its:
                    del self._current[day]
                try:
                    file = os.open(self._folder / str(day), os.O_RDWR | os.O_CLOEXEC)
                except FileNotFoundError:
                    continue
                try:
                    for slot in its:
                        os.pwrite(file, _GONE, slot * KEY_LENGTH)
                    os.fsync(file)
                finally:
                    os.close(file)
        except OSError as error:
            raise _failed(error) from error

    def intend(self, slots: Iterable[tuple[int, int]]) -> None:
        """Note down which slots are about to be let go, before the database is told: a crash in between must not keep a
        key alive. Durable when it returns."""
        self._note({*self.intended(), *slots})

    def settle(self, slots: Iterable[tuple[int, int]]) -> None:
        """Take slots off the note: they are gone."""
        self._note({*self.intended()} - {*slots})

    def _note(self, slots: set[tuple[int, int]]) -> None:
        path = self._folder / PENDING
        try:
            if slots:
                draft = path.with_name(PENDING + ".new")
                file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
                try:
                    data = b"".join(_NAME.pack(day, slot) for day, slot in sorted(slots))
                    if os.write(file, data) != len(data):
                        raise Unavailable("store.full")
                    os.fsync(file)
                finally:
                    os.close(file)
                draft.replace(path)
            else:
                path.unlink(missing_ok=True)
            durable.sync(self._folder)
        except OSError as error:
            raise _failed(error) from error

    def intended(self) -> list[tuple[int, int]]:
        """What `intend` noted down."""
        try:
            data = (self._folder / PENDING).read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _failed(error) from error
        if len(data) % _NAME.size:
            raise Unavailable("store.damaged", detail=PENDING)
        return [(day, slot) for day, slot in _NAME.iter_unpack(data)]

    def _key(self, day: int, slot: int, drawn: bytes) -> bytes:
        return keyed(self._secret, _DOMAIN + _NAME.pack(day, slot) + drawn)


def _failed(error: OSError) -> Unavailable:
    return Unavailable("store.failed", detail=f"payload keys: {error.strerror or type(error).__name__}")
