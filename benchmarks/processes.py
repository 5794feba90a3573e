# SPDX-License-Identifier: Apache-2.0
"""Starting servers in groups of their own, and what their process trees use, read from /proc (Linux).

CPU is user and system time of a process, of its living descendants, and of those that have ended and been waited for.
Memory is the proportional set size: pages that several processes share count once.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

TICK: Final = os.sysconf("SC_CLK_TCK")
STOP_S: Final = 10.0
# Programs of the environment that this runs in come first: `answerable` is the one under test.
ENVIRONMENT: Final = {
    **os.environ,
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
}


class Server:
    """A server process that this program started, and everything it started in turn."""

    def __init__(
        self, name: str, command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name, self.log = name, folder / f"{name}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**ENVIRONMENT, **(environment or {})},
                start_new_session=True,
            )

    def first_line(self, seconds: float) -> dict[str, Any]:
        """The JSON object that the server prints first. Raises RuntimeError with its log if none comes in time."""
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        line = self.process.stdout.readline() if ready else b""
        try:
            value = json.loads(line)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise RuntimeError(f"{self.name} printed no JSON object within {seconds:.0f} s: {line!r}\n{self.tail()}")
        return value

    def wait_until_answers(self, url: str, seconds: float) -> None:
        """Raises RuntimeError with the log if `url` does not answer 200 in time, or the process ends."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.process.poll() is None:
            try:
                with urllib.request.urlopen(url, timeout=2) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise RuntimeError(f"{self.name} does not answer at {url}\n{self.tail()}")

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]

    def cpu(self) -> float:
        """Seconds used so far by the tree."""
        return sum(_cpu(pid) for pid in tree(self.process.pid))

    def memory(self) -> float:
        """MiB used now by the tree."""
        return sum(_memory(pid) for pid in tree(self.process.pid)) / 1024

    def stop(self) -> None:
        """SIGTERM to the group that `__init__` made, SIGKILL to what is left of it after `STOP_S`."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                break
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                continue
        if self.process.stdout:
            self.process.stdout.close()


def tree(root: int) -> list[int]:
    """A process and its living descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def _stat(pid: int) -> list[str]:
    """Fields from `state` on (proc(5), the third); [] for a process that has gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def _cpu(pid: int) -> float:
    fields = _stat(pid)
    return sum(int(value) for value in fields[11:15]) / TICK if fields else 0.0  # utime stime cutime cstime


def _memory(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")), 0)


def python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]
