# SPDX-License-Identifier: Apache-2.0
"""`python -m tests.faults.each FOLDER COUNT CALL LINE`: for the tracer that lets system call number LINE of each
process fail.

It forks COUNT children, one after the other. Child k works on the store in FOLDER/k: it makes LINE - 1 - k calls that
do nothing, so that its own call number k is the one that fails. It opens the store, writes a record, publishes, writes
another, closes, and tells over a socket what was acknowledged. One line of JSON a child on standard output.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from answerable.errors import AnswerableError
from answerable.model.units import Unit
from answerable.sequencer.lanes import Entry
from answerable.sequencer.writer import Retention, Writer
from answerable.stores import database
from tests.ledger import ORIGIN, SIGNER, TestClock, guard_at, opening, sqlite_store

NOBODY = 1 << 20  # a descriptor that no process has
PAGES = 6  # of write-ahead log, so that an append copies it back too


def nothing(call: str) -> Callable[[], object]:
    """Make this system call, in vain."""
    return {
        "pwrite64": lambda: os.pwrite(NOBODY, b"", 0),
        "write": lambda: os.write(NOBODY, b""),
        "fsync": lambda: os.fsync(NOBODY),
        "fdatasync": lambda: os.fdatasync(NOBODY),
        "ftruncate": lambda: os.ftruncate(NOBODY, 0),
        "rename": lambda: os.rename("", ""),  # noqa: PTH104  # a Path is never empty
        "unlink": lambda: os.unlink(""),  # noqa: PTH108
        "openat": lambda: os.open("", os.O_RDONLY),
    }[call]


def act(folder: Path, units: list[tuple[Unit, str]], told: socket.socket) -> None:
    loop = asyncio.new_event_loop()

    def write(unit: Unit, its: str) -> None:
        entry = Entry(unit, loop.create_future(), 1)
        writer.write([entry])
        if type(entry.outcome) is int:
            told.send(f"{its}\n".encode())
        else:
            told.send(f"!{entry.outcome.code}\n".encode())  # type: ignore[union-attr]
            if writer.broken is not None:
                writer.recover()

    store = sqlite_store(folder)
    try:
        writer = Writer(store, SIGNER, ORIGIN, TestClock(), guard_at(folder), Retention())
        writer.open()
        write(*units[0])
        with contextlib.suppress(AnswerableError):
            told.send(b"=" + base64.b64encode(writer.publish()) + b"\n")
        write(*units[1])
        writer.close()
    except AnswerableError as error:
        told.send(f"!{error.code}\n".encode())


def child(folder: Path, vain: int, call: str, told: socket.socket) -> None:
    units = [opening(), opening()]
    database.CHECKPOINT_PAGES = PAGES  # type: ignore[misc]
    doing = nothing(call)
    for _ in range(vain):
        with contextlib.suppress(OSError):
            doing()
    try:
        act(folder, units, told)
    except AnswerableError as error:
        told.send(f"!{error.code}\n".encode())


def main() -> None:
    folder, count, call, line = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    for number in range(count):
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                child(folder / str(number), line - 1 - number, call, its)
                status = 0
            finally:
                os._exit(status)
        its.close()
        _, status = os.waitpid(pid, 0)
        said = b""
        while piece := ours.recv(1 << 16):
            said += piece
        ours.close()
        print(json.dumps({"pid": pid, "status": status, "said": said.decode().split("\n")[:-1]}), flush=True)


if __name__ == "__main__":
    main()
