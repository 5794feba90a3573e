# SPDX-License-Identifier: Apache-2.0
"""A small disk under one folder, in a mount namespace of its own: nobody outside sees it, and it goes with its keeper.
It can be filled, and it can hang as a dead one does: whoever writes to it then waits, and cannot be ended."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

READY_S = 10.0


@dataclass(frozen=True, slots=True)
class Disk:
    """path: where it lies, for who is in the namespace; keeper: pid of the process that holds that."""

    path: Path
    keeper: int

    def prefix(self, cwd: Path) -> tuple[str, ...]:
        """Words before a command that run it where the disk is."""
        return (*self._enter(), "sh", "-c", f'cd {shlex.quote(str(cwd))} && exec "$@"', "sh")

    def fill(self) -> None:
        path = shlex.quote(str(self.path / "filler"))
        self._run("sh", "-c", f"cat /dev/zero > {path} 2>/dev/null; ! echo more >> {path}")

    def hang(self) -> None:
        self._run("fsfreeze", "--freeze", str(self.path))

    def mend(self) -> None:
        self._run("fsfreeze", "--unfreeze", str(self.path))

    def read(self, name: str) -> str:
        done = subprocess.run(
            [*self._enter(), "cat", str(self.path / name)], capture_output=True, text=True, timeout=10, check=False
        )
        return done.stdout

    def names(self, pattern: str) -> list[str]:
        done = subprocess.run(
            [*self._enter(), "find", str(self.path), "-name", pattern, "-printf", "%f\n"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
        return done.stdout.split()

    def _enter(self) -> tuple[str, ...]:
        return ("nsenter", "--mount", f"--target={self.keeper}")

    def _run(self, *command: str) -> None:
        done = subprocess.run([*self._enter(), *command], capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, f"{command}: {done.stderr}"


@contextlib.contextmanager
def disk(path: Path, *, image: Path | None = None, size: str = "256k") -> Iterator[Disk]:
    """image: a file that is made for a disk that can hang; else it lies in memory."""
    path.mkdir(parents=True, exist_ok=True)
    where = shlex.quote(str(path))
    if image is None:
        mount = f"mount -t tmpfs -o size={size},mode=700 none {where}"
    else:
        file = shlex.quote(str(image))
        mount = f"truncate -s 8m {file} && mkfs.ext4 -q -O ^has_journal {file} && mount -o loop {file} {where}"
    script = f"{mount} && echo ready && exec cat"
    keeper = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--propagation", "private", "sh", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert keeper.stdout is not None
        assert keeper.stdout.readline() == b"ready\n", keeper.stderr.read() if keeper.stderr else ""
        yield Disk(path, keeper.pid)
    finally:
        keeper.kill()
        keeper.communicate(timeout=READY_S)
