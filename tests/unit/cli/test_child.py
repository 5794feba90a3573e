# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from answerable.cli import child as children
from answerable.cli.child import Child, write_private
from answerable.errors import Unavailable


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def test_a_programs_own_status_is_passed_on() -> None:
    assert Child(["sh", "-c", "exit 7"], os.environ).wait(5) == 7
    assert Child(["sh", "-c", "kill -9 $$"], os.environ).wait(5) == 137


def test_it_ends_with_what_it_started(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    child = Child(["sh", "-c", f"sleep 60 & echo $! > {file}; wait"], os.environ)
    deadline = time.monotonic() + 5
    while not (file.exists() and file.read_text().strip()) and time.monotonic() < deadline:
        time.sleep(0.02)
    grandchild = int(file.read_text())
    assert child.wait(0) is None
    assert child.end() == 128 + signal.SIGTERM
    while not gone(grandchild) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert gone(grandchild)


def test_what_left_its_session_ends_too(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    bystander = subprocess.Popen(["sleep", "60"])
    child = Child(["sh", "-c", f"(setsid setsid sh -c 'echo $$ > {file}; exec sleep 60' &) ; exit 0"], os.environ)
    deadline = time.monotonic() + 5
    while not (file.exists() and file.read_text().strip()) and time.monotonic() < deadline:
        time.sleep(0.02)
    escaped = int(file.read_text())
    assert child.wait(5) == 0
    assert not gone(escaped), "its program has ended, and it goes on"
    child.end()
    assert gone(escaped)
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_one_that_will_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "GRACE_S", 0.3)
    child = Child(["sh", "-c", "trap '' TERM; while :; do sleep 0.05; done"], os.environ)
    time.sleep(0.2)
    assert child.end() == 128 + signal.SIGKILL


def test_a_program_that_is_not_there_could_not_be_started() -> None:
    with pytest.raises(Unavailable, match=r"admin\.file"):
        Child(["/nonexistent/program"], os.environ)


def test_a_private_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "w"
    write_private(file, "one")
    before = file.stat().st_ino
    write_private(file, "two")
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("two", 0o600)
    assert file.stat().st_ino != before
    assert [path.name for path in tmp_path.iterdir()] == ["w"]
