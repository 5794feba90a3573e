# SPDX-License-Identifier: Apache-2.0
import contextlib
import os
import signal
import subprocess
import sys
import time

from answerable.upstreams.process import descendants, identity, is_running

PARENT = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {child!r}], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
import time; time.sleep(60)
"""
CHILD = """
import os, time
from answerable.upstreams.process import confine, die_with_parent
die_with_parent(os.getppid()); confine()
print("ready", flush=True)
time.sleep(60)
"""


def test_descendants_are_found_over_generations() -> None:
    before = descendants(os.getpid())
    child = subprocess.Popen(["sh", "-c", "sh -c 'echo $$; sleep 60; :'; :"], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    grandchild = int(child.stdout.readline())
    assert {child.pid, grandchild} <= descendants(os.getpid()) - before
    assert grandchild in descendants(child.pid)
    assert child.pid not in descendants(child.pid)
    for pid in descendants(child.pid):
        with contextlib.suppress(ProcessLookupError):  # its shell may have ended with it
            os.kill(pid, signal.SIGKILL)
    child.kill()
    child.communicate()


def test_identity_is_of_one_process_in_time() -> None:
    mine = identity(os.getpid())
    assert mine.startswith(f"pid:{os.getpid()}:")
    assert is_running(mine)
    assert not is_running(mine + "0")
    assert identity(2**30) == ""
    assert not is_running("endpoint:x")


def test_a_child_dies_when_its_parent_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT.format(child=CHILD)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        child = identity(pid)
        assert is_running(child)
        parent.send_signal(signal.SIGKILL)
        until = time.monotonic() + 5
        while is_running(child) and time.monotonic() < until:
            time.sleep(0.01)
        assert not is_running(child)
