# SPDX-License-Identifier: Apache-2.0
"""Hosts as network namespaces of our own, each with two links to two bridges: one to the control plane, one to the
world. Nothing here touches the machine's own network: the bridges stand in a namespace too, and all is gone when its
keepers are ended.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

CONTROL, WORLD = "10.77.1", "10.77.2"  # inside our own namespaces alone


class Net:
    """hosts: name -> last number of its addresses."""

    def __init__(self, hosts: dict[str, int]) -> None:
        self.hosts = hosts
        self._keepers: dict[str, subprocess.Popen[bytes]] = {}
        try:
            for name in ("switch", *hosts):
                self._keepers[name] = _keeper()
            for bridge in ("control", "world"):
                self._in("switch", "ip", "link", "add", bridge, "type", "bridge", "forward_delay", "0")
                self._in("switch", "ip", "link", "set", bridge, "up")
            for name, number in hosts.items():
                self._in(name, "ip", "link", "set", "lo", "up")
                for kind, net in (("control", CONTROL), ("world", WORLD)):
                    self._join(name, kind, f"{net}.{number}/24")
        except BaseException:
            self.close()
            raise

    def control(self, name: str) -> str:
        """Its address towards the control plane."""
        return f"{CONTROL}.{self.hosts[name]}"

    def world(self, name: str) -> str:
        return f"{WORLD}.{self.hosts[name]}"

    def prefix(self, name: str) -> tuple[str, ...]:
        """What a command begins with to run on that host."""
        return ("nsenter", "--net", f"--target={self._keepers[name].pid}")

    def cut(self, name: str) -> None:
        """Its link to the control plane is pulled."""
        self._in("switch", "ip", "link", "set", f"{name}-control", "down")

    def join(self, name: str) -> None:
        self._in("switch", "ip", "link", "set", f"{name}-control", "up")

    def mute(self, name: str, to: str) -> None:
        """Nothing that the one sends reaches the other, towards the control plane; no connection is told of it."""
        self._in(name, "ip", "route", "add", "blackhole", f"{self.control(to)}/32")

    def unmute(self, name: str, to: str) -> None:
        self._in(name, "ip", "route", "del", "blackhole", f"{self.control(to)}/32")

    def close(self) -> None:
        for keeper in self._keepers.values():
            with contextlib.suppress(ProcessLookupError):
                keeper.kill()
            keeper.wait(10)

    def _join(self, name: str, kind: str, address: str) -> None:
        port = f"{name}-{kind}"  # at most 15 characters
        pid = str(self._keepers[name].pid)
        self._in("switch", "ip", "link", "add", port, "type", "veth", "peer", "name", kind, "netns", pid)
        self._in("switch", "ip", "link", "set", port, "master", kind, "up")
        self._in(name, "ip", "address", "add", address, "dev", kind)
        self._in(name, "ip", "link", "set", kind, "up")

    def _in(self, name: str, *command: str) -> None:
        done = subprocess.run([*self.prefix(name), *command], capture_output=True, timeout=10, check=False)
        assert done.returncode == 0, f"{name}: {' '.join(command)}: {done.stderr.decode()}"


def _keeper() -> subprocess.Popen[bytes]:
    """A process that stands for a namespace; it dies with us."""
    command = ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "sleep", "infinity"]
    keeper = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    own, until = Path("/proc/self/ns/net").readlink(), time.monotonic() + 10
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{keeper.pid}/ns/net").readlink() != own:
                return keeper
        time.sleep(0.01)
    keeper.kill()
    raise AssertionError("no network namespace of its own within 10 s")


class Program:
    """A long-running program on one host. log: what it says on stderr; lines: its stdout, as a file."""

    def __init__(
        self, prefix: Sequence[str], command: Sequence[str], log: Path, env: dict[str, str], cwd: Path | None = None
    ) -> None:
        self.log = log
        self.lines = log.with_suffix(".out")
        with log.open("ab") as err, self.lines.open("ab") as out:
            self.process = subprocess.Popen(
                [*prefix, *command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=env,
                cwd=cwd,
                start_new_session=True,
            )

    def first(self, seconds: float = 40.0) -> str:
        """Its first line on stdout."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            text = self.lines.read_text()
            if "\n" in text:
                assert '{"error"' not in text, self.said()
                return text.split("\n", 1)[0]
            assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.said()}"
            time.sleep(0.03)
        raise AssertionError(f"no line within {seconds} s:\n{self.said()}")

    def said(self) -> str:
        return f"{self.lines.read_text()[-2000:]}\n{self.log.read_text()[-3000:]}"

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, number)

    def end(self, seconds: float = 15.0) -> int:
        """As Ctrl-C does; killed where that does not help."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.process.wait(seconds)
        return self.kill()

    def kill(self) -> int:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        return self.process.wait(10)
