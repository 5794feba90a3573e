# SPDX-License-Identifier: Apache-2.0
"""Files that are written whole or not at all, and are there after a power cut.

POSIX makes a rename atomic and says nothing of when it reaches the disk: a new name is durable once its folder was
synchronised too.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path


def sync(path: Path) -> None:
    """Flush a file's bytes, or a folder's names, to the disk. Raises OSError."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def write(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace the file at `path`: a reader sees the old bytes or the new ones, whatever fails. The name itself is
    durable after `sync` of its folder. Raises OSError."""
    draft = path.with_name(path.name + ".new")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
    try:
        left = memoryview(data)
        while left:
            written = os.write(file, left)
            if not written:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            left = left[written:]
        os.fsync(file)
    finally:
        os.close(file)
    draft.replace(path)


def replace(path: Path, data: bytes, mode: int = 0o600) -> None:
    """`write`, and the name durable too. Raises OSError."""
    write(path, data, mode)
    sync(path.parent)
