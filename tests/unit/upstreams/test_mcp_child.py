# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from answerable.upstreams.mcp_child import NOT_STARTED

WORDS = [sys.executable, "-I", "-m", "answerable.upstreams.mcp_child"]


def test_it_becomes_the_command() -> None:
    done = subprocess.run(
        [*WORDS, str(os.getpid()), "/bin/cat", "/proc/self/status"], capture_output=True, text=True, env={}, check=True
    )
    assert "NoNewPrivs:\t1" in done.stdout
    assert done.stdout.startswith("Name:\tcat")


def test_a_command_that_is_none() -> None:
    assert subprocess.run([*WORDS, str(os.getpid()), "/nonexistent"], env={}, check=False).returncode == NOT_STARTED


def test_it_ends_with_its_parent() -> None:
    """The parent starts it, says its number, and dies."""
    program = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([*sys.argv[1:5], str(os.getpid()), '/bin/sleep', '60'])\n"
        "for _ in range(500):\n"
        "    if open(f'/proc/{child.pid}/comm').read().strip() == 'sleep': break\n"
        "    time.sleep(0.01)\n"
        "print(child.pid, flush=True)\nos.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, *WORDS], capture_output=True, text=True, check=False)
    pid = int(done.stdout)
    for _ in range(100):
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        import time

        time.sleep(0.02)
    raise AssertionError("it outlived its parent")
