# SPDX-License-Identifier: Apache-2.0
"""The keeper and the first process, spoken to over their sockets as the guard speaks to them; `test_cage.py` has the
whole."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from answerable.guard.inside import MESSAGE, _Failed, _Step, names
from answerable.guard.lease import mono_ms

pytestmark = pytest.mark.system("netns")
NAMESPACES = {"userns": False, "netns": True, "mountns": True, "pidns": True}


class Keeper:
    def __init__(self, **namespaces: bool) -> None:
        self.control, his = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.first, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for channel in (self.control, self.first):
            channel.settimeout(20)
        words = [str(his.fileno()), str(its.fileno()), str(os.getpid())]
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-m", "answerable.guard.inside", *words], pass_fds=(his.fileno(), its.fileno())
        )
        his.close()
        its.close()
        self.control.send(json.dumps(namespaces).encode())
        data, descriptors, _, _ = socket.recv_fds(self.control, MESSAGE, 1)
        self.gate, self.port = socket.socket(fileno=descriptors[0]), json.loads(data)["gate"]
        self.pid = json.loads(self.control.recv(MESSAGE))["first"]
        assert json.loads(self.first.recv(MESSAGE)) == {"ready": True}

    def start(self, *argv: str) -> dict[str, object]:
        run = {
            "argv": list(argv), "env": {"PATH": os.environ["PATH"]}, "cwd": "/", "user": None, "no_new_privs": True,
            "landlock": None, "seccomp": None,
        }  # fmt: skip
        fd = os.memfd_create("run")
        os.write(fd, json.dumps(run).encode())
        os.lseek(fd, 0, os.SEEK_SET)
        socket.send_fds(self.first, [b"{}"], [fd])
        os.close(fd)
        said: dict[str, object] = json.loads(self.first.recv(MESSAGE))
        return said

    def close(self) -> None:
        for channel in (self.control, self.first, self.gate):
            channel.close()
        self.process.wait(10)


@pytest.fixture
def keeper() -> Iterator[Keeper]:
    made = Keeper(**NAMESPACES)
    yield made
    made.close()


def gone(pid: int, seconds: float = 5.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.005)
    return False


def test_a_programs_status_comes_back(keeper: Keeper) -> None:
    assert "started" in keeper.start("sh", "-c", "exit 7")
    assert json.loads(keeper.first.recv(MESSAGE)) == {"status": 7}
    assert json.loads(keeper.control.recv(MESSAGE))["ended"] == 7


def test_a_program_that_is_not_there_is_said(keeper: Keeper) -> None:
    said = keeper.start("/nonexistent/program")
    assert (said["failed"], names(int(str(said["errno"])))) == ("program", "ENOENT")


def test_signals_reach_all_of_the_namespace_and_none_else(keeper: Keeper) -> None:
    keeper.start("sh", "-c", "setsid sh -c 'trap \"exit 3\" USR1; while :; do sleep 0.05; done' & wait $!; exit $?")
    time.sleep(0.3)
    keeper.first.send(json.dumps({"signal": int(signal.SIGUSR1)}).encode())
    assert json.loads(keeper.first.recv(MESSAGE))["status"] in (3, 128 + signal.SIGUSR1)


def test_what_a_program_leaves_behind_ends_with_it(keeper: Keeper) -> None:
    keeper.start("sh", "-c", "(setsid sleep 60 &); exit 0")
    assert json.loads(keeper.control.recv(MESSAGE))["ended"] == 0
    keeper.process.wait(10)
    assert gone(keeper.pid)


def test_the_lease_ends_by_itself(keeper: Keeper) -> None:
    keeper.start("sh", "-c", "trap '' TERM; setsid sleep 60 & sleep 60")
    ends = mono_ms() + 300
    keeper.control.send(json.dumps({"until": mono_ms() + 100}).encode())
    keeper.control.send(json.dumps({"until": ends}).encode())
    told = json.loads(keeper.control.recv(MESSAGE))
    assert told["ended"] == -signal.SIGKILL
    assert ends <= told["at"] < ends + 1_000, "what was lengthened holds on, and no longer"


def test_nothing_outlives_who_made_it(keeper: Keeper) -> None:
    keeper.start("sleep", "60")
    keeper.control.close()
    keeper.process.wait(10)
    assert gone(keeper.pid)


def test_the_gate_listens_in_the_programs_own_network(keeper: Keeper) -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", keeper.port), 1).close()
    keeper.gate.settimeout(10)
    assert keeper.port == 8080
    keeper.start("bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{keeper.port}; echo hello >&3; read x <&3; exit ${{x}}")
    served, _ = keeper.gate.accept()
    with served:
        assert served.recv(100) == b"hello\n"
        served.send(b"9\n")
    assert json.loads(keeper.first.recv(MESSAGE)) == {"status": 9}


def test_it_inherits_no_way_to_the_guard(keeper: Keeper) -> None:
    keeper.start("sh", "-c", "test $(ls /proc/self/fd | wc -l) -eq 4")  # 0, 1, 2 and the folder that `ls` reads
    assert json.loads(keeper.first.recv(MESSAGE)) == {"status": 0}


def test_it_sees_its_own_processes_alone(keeper: Keeper) -> None:
    keeper.start("sh", "-c", 'ls -d /proc/[0-9]* | wc -l | xargs test 6 -ge && test -z "$(ls /sys/fs/cgroup)"')
    assert json.loads(keeper.first.recv(MESSAGE)) == {"status": 0}


@pytest.mark.parametrize(
    "error", [OSError(1, "not permitted", "/proc/self/uid_map"), PermissionError(13, "denied"), OSError("no number")]
)
def test_a_failure_names_its_step_and_says_the_same(error: OSError) -> None:
    with pytest.raises(_Failed) as failed, _Step("userns"):
        raise error
    assert failed.value.step == "userns"
    assert (str(failed.value), failed.value.errno, failed.value.filename) == (str(error), error.errno, error.filename)
    with pytest.raises(ValueError, match="other"), _Step("userns"):
        raise ValueError("other")


def test_a_program_that_cannot_be_run_names_its_step() -> None:
    keeper = Keeper(**NAMESPACES)
    try:
        said = keeper.start("/nowhere/at/all")
        assert (said["failed"], said["errno"]) == ("program", 2)
    finally:
        keeper.close()
