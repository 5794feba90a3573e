# SPDX-License-Identifier: Apache-2.0
"""What a store holds besides its files: the lock of its one serving process, and space for stop orders."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Final

from answerable.errors import Unavailable
from answerable.stores.database import translated

# A stop order with its payload takes some 100 kB in both files and their write-ahead logs; this is for forty.
RESERVE_BYTES: Final = 4 << 20


class Lock:
    """An exclusive lock for as long as the process lives: the kernel drops it with the process, however that ends."""

    def __init__(self, path: Path) -> None:
        """Raises Unavailable ``store.locked`` if another holder is alive."""
        with translated():
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise Unavailable("store.locked", path=str(path.parent)) from None

    def release(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class Reserve:
    """A file of allocated blocks that is deleted when a stop order finds the disk full."""

    def __init__(self, path: Path, size: int = RESERVE_BYTES) -> None:
        """Lays the reserve in again if the disk has room; a full disk must not keep a store from opening."""
        self._path = path
        self._size = size
        self._laid = path.exists() and path.stat().st_size == size
        if not self._laid:
            self._lay()

    def spend(self) -> bool:
        """Free the space. False if it was spent already."""
        self._laid = False
        try:
            self._path.unlink()
        except OSError:
            return False
        return True

    def again(self) -> None:
        """Lay in what was spent, as soon as the disk has room for twice as much: it may fill up more than once. Costs
        nothing while it lies there."""
        if self._laid:
            return
        try:
            disk = os.statvfs(self._path.parent)
        except OSError:
            return
        if disk.f_bavail * disk.f_frsize >= 2 * self._size:
            self._lay()

    def _lay(self) -> None:
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(file, 0, self._size)
                os.fsync(file)
            finally:
                os.close(file)
        except OSError:
            self._path.unlink(missing_ok=True)
        else:
            self._laid = True
