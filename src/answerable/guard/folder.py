# SPDX-License-Identifier: Apache-2.0
"""The folder of a guard's evidence, held open from before the program runs: whatever the program may move or link where
it lies, nothing is written anywhere else. A disk that is full or gone holds nothing up.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

from answerable.errors import Refused

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class Folder:
    """path: where it was made, mode 700, if it was not there. gids, uid: of another user whom the program runs as,
    who must not be able to write in it: Refused ``guard.exposed``."""

    def __init__(self, path: Path, *, uid: int | None = None, gids: tuple[int, ...] = ()) -> None:
        self.path = path
        self._held = -1
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._held = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            found = os.fstat(self._held)
        except OSError:
            return
        theirs = found.st_uid == uid or (found.st_gid in gids and found.st_mode & 0o020) or found.st_mode & 0o002
        if uid is not None and theirs:
            self.close()
            raise Refused("guard.exposed", secret=str(path), path=str(path))

    def write(self, name: str, data: bytes) -> Path | None:
        """A whole file, mode 600, on the disk; where, or None where it cannot be."""
        fresh = f"{name}.new"
        try:
            descriptor = os.open(fresh, _NEW | os.O_TRUNC, 0o600, dir_fd=self._fd())
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.rename(fresh, name, src_dir_fd=self._held, dst_dir_fd=self._held)
        except OSError:
            return None
        return self.path / name

    def append(self, name: str, data: bytes, *, anew: bool = False) -> None:
        """At the end of a file, or instead of what was in it. What cannot be written is lost; nobody waits for the
        disk."""
        with contextlib.suppress(OSError):
            how = os.O_TRUNC if anew else os.O_APPEND
            descriptor = os.open(name, _NEW | how, 0o600, dir_fd=self._fd())
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)

    def close(self) -> None:
        if self._held >= 0:
            os.close(self._held)
            self._held = -1

    def _fd(self) -> int:
        if self._held < 0:  # and never the folder that we happen to be in
            raise FileNotFoundError(2, "the folder could not be opened")
        return self._held
