# SPDX-License-Identifier: Apache-2.0
"""One cgroup of version 2 for the program (cgroups(7)): freeze, thaw and kill reach every process in it at once,
however it forked, detached or handles signals.

The hierarchy is found from /proc/self/mountinfo, wherever this machine mounts it (also beside version 1). The guard's
own cgroup must be delegated to it: root, a systemd unit with `Delegate=yes`, or a user's own slice.
"""

from __future__ import annotations

import os
import re
import secrets
import select
import time
from pathlib import Path
from typing import Final

PREFIX: Final = "answerable-guard-"


def root(mountinfo: str) -> Path | None:
    """Where version 2 is mounted, None for nowhere. mountinfo: text of /proc/self/mountinfo."""
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        fields = left.split()
        if right.split(" ", 1)[0] == "cgroup2" and len(fields) > 4 and fields[3] == "/":
            return Path(_unescaped(fields[4]))
    return None


def own(cgroups: str) -> str:
    """Path of our cgroup inside the hierarchy. cgroups: text of /proc/self/cgroup."""
    for line in cgroups.splitlines():
        number, _, rest = line.partition(":")
        if number == "0" and rest.startswith(":"):
            return rest[1:]
    return ""


class Cgroup:
    """A cgroup that this guard made. Raises OSError from each call where the kernel refuses it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def make(cls) -> Cgroup:
        """A fresh one below our own. Raises OSError where none can be made, or one that cannot be frozen and killed."""
        top = root(Path("/proc/self/mountinfo").read_text())
        if top is None:
            raise FileNotFoundError(2, "no cgroup of version 2 is mounted")
        here = top / own(Path("/proc/self/cgroup").read_text()).lstrip("/")
        _sweep(here)
        path = here / f"{PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
        path.mkdir()
        made = cls(path)
        for name in ("cgroup.freeze", "cgroup.kill", "cgroup.procs"):
            if not os.access(path / name, os.W_OK):
                made.remove()
                raise PermissionError(13, f"{name} cannot be written")
        return made

    def add(self, pid: int) -> None:
        self._write("cgroup.procs", str(pid))

    def freeze(self, seconds: float = 1.0) -> bool:
        """Stop every process in it; whether all stood still within `seconds`."""
        self._write("cgroup.freeze", "1")
        return self._until("frozen", "1", seconds)

    def thaw(self) -> None:
        self._write("cgroup.freeze", "0")

    def kill(self) -> None:
        """SIGKILL to every process in it, frozen ones too."""
        self._write("cgroup.kill", "1")

    def gone(self, seconds: float) -> bool:
        """Whether within `seconds` no process is left in it."""
        return self._until("populated", "0", seconds)

    def events(self) -> dict[str, str]:
        return dict(line.split(" ", 1) for line in (self.path / "cgroup.events").read_text().splitlines())

    def processes(self) -> list[int]:
        """Pids in it, as this guard counts them."""
        return [int(pid) for pid in (self.path / "cgroup.procs").read_text().split()]

    def remove(self) -> None:
        """Take the empty cgroup away; one that is not empty stays."""
        try:
            self.path.rmdir()
        except OSError:
            return

    def _write(self, name: str, value: str) -> None:
        (self.path / name).write_text(value)

    def _until(self, name: str, value: str, seconds: float) -> bool:
        """The kernel marks a change of cgroup.events by POLLPRI, so nothing is missed between look and wait."""
        deadline = time.monotonic() + seconds
        with (self.path / "cgroup.events").open() as file:
            poll = select.poll()
            poll.register(file, select.POLLPRI)
            while True:
                file.seek(0)
                if f"{name} {value}\n" in file.read():
                    return True
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                poll.poll(min(left, 0.1) * 1000)


def _sweep(here: Path) -> None:
    """Take away what guards left that were killed: their cgroups are empty, and they are not there any more."""
    for path in here.glob(f"{PREFIX}*"):
        pid = path.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            Cgroup(path).remove()


def _unescaped(text: str) -> str:
    """mountinfo writes blanks and the like as three octal digits (proc_pid_mountinfo(5))."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)
