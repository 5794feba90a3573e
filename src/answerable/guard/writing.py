# SPDX-License-Identifier: Apache-2.0
"""The process that writes a guard's evidence (`folder`), so that no disk holds a guard up: a thread that waits for a
disk that hangs cannot be ended, nor can the process that it belongs to (D state, ps(1)). This one may stay behind.

The guard runs this module in a fresh interpreter (`python -I -m answerable.guard.writing`) with the folder and a stream
of its own. A message is a line of JSON, ``{"name", "how", "size"}``, and so many bytes; the answer to each is one byte,
1 where it was written. At the end of the stream it ends.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from typing import Final

WRITE: Final = "write"  # a whole file, on the disk under its name or not at all
APPEND: Final = "append"  # at its end; nobody waits for the disk
ANEW: Final = "anew"  # instead of what was in it
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


def store(held: int, name: str, how: str, data: bytes) -> None:
    """held: the open folder. No link is followed. Raises OSError."""
    whole = how == WRITE
    target = f"{name}.new" if whole else name
    flag = os.O_APPEND if how == APPEND else os.O_TRUNC
    with os.fdopen(os.open(target, _NEW | flag, 0o600, dir_fd=held), "wb") as file:
        file.write(data)
        if whole:
            file.flush()
            os.fsync(file.fileno())
    if whole:
        os.rename(target, name, src_dir_fd=held, dst_dir_fd=held)


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)  # they are the guard's to act on; it ends with the guard's stream
    held, stream = int(sys.argv[1]), socket.socket(fileno=int(sys.argv[2]))
    with stream.makefile("rb") as file:
        while line := file.readline():
            told = json.loads(line)
            data = file.read(told["size"])
            if len(data) != told["size"]:
                return  # the guard was killed in the midst of it
            answer = b"\1"
            try:
                store(held, told["name"], told["how"], data)
            except OSError:
                answer = b"\0"
            try:
                stream.sendall(answer)
            except OSError:
                continue  # the guard is gone: the rest of what it said is written all the same


if __name__ == "__main__":
    main()
