# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random points. What was acknowledged is kept by this process, outside the one that is killed.

`FAULT_ROUNDS` sets how many; `make test-faults` asks for hundreds.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.faults.checks import check, heard
from tests.faults.tally import TALLY
from tests.ledger import guard_at, sqlite_store

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "30"))
ROOT = Path(__file__).parents[2]


class Victim:
    """The process, its lines collected as they come."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.victim", str(folder), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            bufsize=0,
        )
        self.lines: list[str] = []
        self.thread = threading.Thread(target=self._collect, daemon=True)
        self.thread.start()

    def _collect(self) -> None:
        assert self.process.stdout is not None
        rest = b""
        while piece := self.process.stdout.read(1 << 16):
            *whole, rest = (rest + piece).split(b"\n")
            self.lines += [line.decode() for line in whole if line]

    def wait_for(self, prefix: str, start: int) -> str:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for line in self.lines[start:]:
                if line.startswith(prefix):
                    return line
            time.sleep(0.001)
        raise AssertionError(f"the victim never said {prefix!r}")

    def round(self, after: float, *, from_first: bool) -> list[str]:
        """Run it, kill it `after` seconds from its start or from its first record; its lines."""
        start = len(self.lines)
        assert self.process.stdin is not None
        self.process.stdin.write(b"go\n")
        pid = int(self.wait_for("pid ", start).split()[1])
        if from_first:
            deadline = time.monotonic() + 20
            while not any(len(line) == 32 for line in self.lines[start:]) and time.monotonic() < deadline:
                time.sleep(0.001)
        time.sleep(after)
        os.kill(pid, signal.SIGKILL)
        self.wait_for(f"dead {pid}", start)
        return self.lines[start:]

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=20)
        self.thread.join(timeout=20)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.mark.timeout(120 + ROUNDS * 10)
def test_no_acknowledged_record_is_lost(tmp_path: Path) -> None:
    sqlite_store(tmp_path).close()
    guard_at(tmp_path).close()
    seed = int(os.environ.get("FAULT_SEED", "0")) or random.randrange(1 << 30)
    print(f"FAULT_SEED={seed}")
    dice = random.Random(seed)
    victim = Victim(tmp_path)
    acknowledged: set[str] = set()
    size = 0
    for number in range(ROUNDS):
        early = number % 5 == 4  # while it starts and recovers
        lines = victim.round(dice.uniform(0, 0.03 if early else 0.12), from_first=not early)
        records, notes = heard(lines)
        acknowledged |= records
        if number % 3 != 2:  # else the next round finds what two kills left
            try:
                after = asyncio.run(check(tmp_path, acknowledged, notes))
            except BaseException:
                TALLY.count("kill -9", lost=True, acknowledged=len(acknowledged))
                raise
            assert after >= size
            size = after
        TALLY.count("kill -9", acknowledged=len(acknowledged))
    victim.close()
    assert asyncio.run(check(tmp_path, acknowledged, [])) >= len(acknowledged) > ROUNDS
