# SPDX-License-Identifier: Apache-2.0
"""The folder of a guard's evidence, held open from before the program runs: whatever the program may move or link where
it lies, nothing is written anywhere else. A disk that is full, gone or hanging holds nothing up: another process
writes (`writing`), a thread of our own waits for it, and nobody waits for that but for a bounded time.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import socket
import subprocess
import sys
import threading
import weakref
from concurrent.futures import Future
from pathlib import Path
from typing import Final, NamedTuple

from answerable.errors import Refused
from answerable.guard.writing import ANEW, APPEND, WRITE

MOST: Final = 1_024  # messages that may wait for the disk; what comes beyond them is lost
PATIENCE_S: Final = 2.0  # for what is still to be written when all has ended


class _Message(NamedTuple):
    name: str
    how: str
    data: bytes
    done: Future[bool]


_Queue = queue.Queue[_Message | None]


class Folder:
    """path: where it was made, mode 700, if it was not there. gids, uid: of another user whom the program runs as,
    who must not be able to write in it: Refused ``guard.exposed``."""

    def __init__(self, path: Path, *, uid: int | None = None, gids: tuple[int, ...] = ()) -> None:
        self.path = path
        self._messages: _Queue = queue.Queue(MOST)
        self._open = False
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            held = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            return
        try:
            found = os.fstat(held)
            theirs = found.st_uid == uid or (found.st_gid in gids and found.st_mode & 0o020) or found.st_mode & 0o002
            if uid is not None and theirs:
                raise Refused("guard.exposed", secret=str(path), path=str(path))
            stream, process = _writer(held)
        except OSError:
            return
        finally:
            os.close(held)
        self._open = True
        # A daemon: what waits for a disk that hangs holds no end of ours up.
        self._thread = threading.Thread(target=_pass_on, args=(self._messages, stream, process), daemon=True)
        self._thread.start()
        weakref.finalize(self, _end, self._messages)

    def put(self, name: str, data: bytes) -> Future[bool]:
        """A whole file, mode 600; whether it is on the disk, once that is known."""
        return self._say(name, WRITE, data)

    def append(self, name: str, data: bytes, *, anew: bool = False) -> Future[bool]:
        """At the end of a file, or instead of what was in it. What cannot be written is lost; nobody waits for the
        disk."""
        return self._say(name, ANEW if anew else APPEND, data)

    def flush(self, seconds: float = PATIENCE_S) -> bool:
        """Wait for what was said until now; whether the disk took it, or refused it, in that time."""
        if not self._open:
            return True
        mark = _promise()
        with contextlib.suppress(queue.Full):
            self._messages.put(_Message("", "", b"", mark), timeout=seconds)
            with contextlib.suppress(TimeoutError):
                mark.result(seconds)
        return mark.done()

    def close(self, seconds: float = PATIENCE_S) -> bool:
        """`flush`, then nothing is written any more. Where the disk hangs, its process stays behind with it."""
        done = self.flush(seconds)
        if self._open:
            self._open = False
            _end(self._messages)
            self._thread.join(seconds if done else 0.0)
        return done

    def _say(self, name: str, how: str, data: bytes) -> Future[bool]:
        done = _promise()
        try:
            if not self._open:
                raise queue.Full
            self._messages.put_nowait(_Message(name, how, data, done))
        except queue.Full:
            done.set_result(False)
        return done


def _promise() -> Future[bool]:
    """One that nobody cancels: whoever does not wait for it just leaves."""
    made: Future[bool] = Future()
    made.set_running_or_notify_cancel()
    return made


def _writer(held: int) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Start the process that writes; our end of its stream. Raises OSError."""
    ours, its = socket.socketpair()
    words = [sys.executable, "-I", "-m", "answerable.guard.writing", str(held), str(its.fileno())]
    try:
        with its:
            return ours, subprocess.Popen(
                words,
                pass_fds=(held, its.fileno()),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,  # it may outlive ours
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
            )
    except BaseException:
        ours.close()
        raise


def _pass_on(messages: _Queue, stream: socket.socket, process: subprocess.Popen[bytes]) -> None:
    """The thread that tells: as far as the stream takes it, so that what was said is with the other process soon."""
    told: _Queue = queue.Queue()
    listening = threading.Thread(target=_hear, args=(told, stream), daemon=True)
    listening.start()
    with stream:
        while (message := messages.get()) is not None:
            told.put(message)
            if message.name:
                head = {"name": message.name, "how": message.how, "size": len(message.data)}
                with contextlib.suppress(OSError):  # whoever listens finds it at its end
                    stream.sendall(json.dumps(head).encode() + b"\n" + message.data)
        told.put(None)
        with contextlib.suppress(OSError):
            stream.shutdown(socket.SHUT_WR)
        listening.join()
    process.wait()


def _hear(told: _Queue, stream: socket.socket) -> None:
    """The thread that hears what became of each, in turn."""
    while (message := told.get()) is not None:
        taken = not message.name
        if message.name:
            with contextlib.suppress(OSError):
                taken = stream.recv(1) == b"\1"
        message.done.set_result(taken)


def _end(messages: _Queue) -> None:
    """Where no more fits, what waits longest is lost."""
    try:
        messages.put_nowait(None)
    except queue.Full:
        with contextlib.suppress(queue.Empty, queue.Full):
            first = messages.get_nowait()
            if first is not None:
                first.done.set_result(False)
            messages.put_nowait(None)
