# SPDX-License-Identifier: Apache-2.0
"""The guard's side of what it encloses: starts keeper and program, lengthens the lease, freezes, signals and kills.

Blocking calls here are short and bounded; what comes later (the program ended, something failed) is read by `hear`.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from answerable.errors import Unavailable
from answerable.guard import inside
from answerable.guard.cgroup import Cgroup
from answerable.guard.enclosure import Enclosure
from answerable.guard.probe import CAP_SYS_ADMIN, may

START_S: Final = 20.0  # an interpreter starts in a tenth of a second; a loaded machine takes longer


@dataclass(frozen=True, slots=True)
class Heard:
    """status: of the program, None while it runs. gone: nothing of it is left."""

    status: int | None = None
    gone: bool = False


class Cage:
    """Made by `Cage.make`. gate: the listening socket in the program's network namespace; port: its port there."""

    def __init__(self, enclosure: Enclosure, cgroup: Cgroup | None) -> None:
        self.enclosure = enclosure
        self.cgroup = cgroup
        self.gate: socket.socket
        self.port = 0
        self.pid = 0  # of the first process, as this guard counts
        self.status: int | None = None
        self.gone = False
        self._keeper: socket.socket
        self._first: socket.socket
        self._process: subprocess.Popen[bytes]

    @classmethod
    def make(cls, enclosure: Enclosure) -> Cage:
        """Namespaces, gate and cgroup, and a first process that waits. Nothing of the program runs yet. Raises
        Unavailable ``guard.enclosure``."""
        cage = cls(enclosure, None)
        try:
            if "cgroup" in enclosure.primitives:
                cage.cgroup = Cgroup.make()
            cage._spawn()
        except BaseException as error:
            cage.close()
            if isinstance(error, OSError):
                raise Unavailable("guard.enclosure", step="cgroup", detail=error.strerror or str(error)) from None
            raise
        return cage

    def _spawn(self) -> None:
        keeper, his = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        first, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._keeper, self._first = keeper, first
        words = [sys.executable, "-I", "-m", "answerable.guard.inside"]
        self._process = subprocess.Popen(
            [*words, str(his.fileno()), str(its.fileno()), str(os.getpid())], pass_fds=(his.fileno(), its.fileno())
        )
        his.close()
        its.close()
        keeper.settimeout(START_S)
        first.settimeout(START_S)
        keeper.send(json.dumps(self.enclosure.namespaces(userns=not may(CAP_SYS_ADMIN))).encode())
        told, descriptors = self._receive(keeper, 1)
        self.gate, self.port = socket.socket(fileno=descriptors[0]), told["gate"]
        self.gate.setblocking(False)
        told, _ = self._receive(keeper)
        self.pid = told["first"]
        if self.cgroup is not None:
            self.cgroup.add(self.pid)
        self._receive(first)

    def start(self, argv: Sequence[str], environ: Mapping[str, str], until_ms: int) -> None:
        """Run the program; it is killed at `until_ms` (CLOCK_BOOTTIME) unless `lengthen` says otherwise. Raises
        Unavailable ``guard.program|enclosure``."""
        run = self.enclosure.run(argv, environ, self.port)
        self.lengthen(until_ms)
        # A memory file, since arguments and environment may be longer than a message.
        fd = os.memfd_create("run", os.MFD_CLOEXEC)
        try:
            with os.fdopen(os.dup(fd), "wb") as file:
                file.write(json.dumps(run).encode())
            os.lseek(fd, 0, os.SEEK_SET)
            socket.send_fds(self._first, [b"{}"], [fd])
        finally:
            os.close(fd)
        self._receive(self._first)
        self._keeper.setblocking(False)
        self._first.setblocking(False)

    def descriptors(self) -> tuple[int, int]:
        """To wait for: when one is readable, `hear`."""
        return self._keeper.fileno(), self._first.fileno()

    def hear(self) -> Heard:
        """What has happened since."""
        for channel in (self._first, self._keeper):
            while True:
                try:
                    data = channel.recv(inside.MESSAGE)
                except (BlockingIOError, InterruptedError):
                    break
                except OSError:
                    data = b""
                if not data:
                    self.gone = self.gone or channel is self._keeper
                    break
                told = json.loads(data)
                if "status" in told:
                    self.status = told["status"]
                if "ended" in told:
                    self.gone = True
        return Heard(self.status, self.gone)

    def lengthen(self, until_ms: int) -> None:
        """The keeper kills everything at `until_ms`, CLOCK_BOOTTIME, by itself."""
        with contextlib.suppress(OSError):
            self._keeper.send(json.dumps({"until": until_ms}).encode())

    def signal(self, number: int) -> None:
        """To every process of the program."""
        with contextlib.suppress(OSError):
            self._first.send(json.dumps({"signal": number}).encode())

    def freeze(self) -> bool:
        """Whether everything stands still now. False without a cgroup."""
        try:
            return self.cgroup is not None and self.cgroup.freeze()
        except OSError:
            return False

    def thaw(self) -> None:
        if self.cgroup is not None:
            with contextlib.suppress(OSError):
                self.cgroup.thaw()

    def processes(self) -> int:
        """How many there are, the first one of the namespace not counted; -1 where that is not known."""
        try:
            return len(self.cgroup.processes()) - 1 if self.cgroup is not None else -1
        except OSError:
            return -1

    def kill(self) -> None:
        """End everything, by every way there is. Safe to call again."""
        if self.cgroup is not None:
            with contextlib.suppress(OSError):
                self.cgroup.kill()
        if self.pid and not self.gone:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if "pidns" in self.enclosure.primitives:
                    os.kill(self.pid, signal.SIGKILL)
        self.lengthen(0)

    def ended(self, seconds: float) -> bool:
        """Whether within `seconds` nothing is left."""
        deadline = time.monotonic() + seconds
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        if self.cgroup is None:
            return True
        return self.cgroup.gone(max(0.0, deadline - time.monotonic()))

    def close(self) -> None:
        """Kill what is left and give everything back."""
        self.kill()
        for name in ("_keeper", "_first", "gate"):
            channel: socket.socket | None = getattr(self, name, None)
            if channel is not None:
                with contextlib.suppress(OSError):
                    channel.close()
        process: subprocess.Popen[bytes] | None = getattr(self, "_process", None)
        if process is not None:
            try:
                process.wait(2.0)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self.cgroup is not None:
            self.cgroup.gone(2.0)
            self.cgroup.remove()

    def _receive(self, channel: socket.socket, descriptors: int = 0) -> tuple[dict[str, Any], list[int]]:
        try:
            data, fds, _, _ = socket.recv_fds(channel, inside.MESSAGE, descriptors)
        except OSError as error:
            raise Unavailable("guard.enclosure", step="start", detail=error.strerror or "no answer") from None
        if not data:
            raise Unavailable("guard.enclosure", step="start", detail="it ended before it began")
        told: dict[str, Any] = json.loads(data)
        if "failed" in told:
            code = "guard.program" if told["failed"] == "program" else "guard.enclosure"
            raise Unavailable(code, step=told["failed"], program="the program", detail=told["detail"])
        return told, fds
