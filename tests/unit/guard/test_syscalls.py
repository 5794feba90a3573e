# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from answerable.guard import syscalls
from answerable.guard.lease import mono_ms


def in_child(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)


def test_what_the_kernel_refuses_is_an_error_with_its_number() -> None:
    with pytest.raises(OSError, match="prctl") as caught:
        syscalls.prctl(0x7FFFFFFF)
    assert caught.value.errno == 22


def test_a_timer_fires_at_its_instant_of_boot_time() -> None:
    timer = syscalls.boot_timer()
    try:
        syscalls.arm(timer, mono_ms() + 80)
        assert not select.select([timer], [], [], 0)[0]
        assert select.select([timer], [], [], 5)[0] == [timer]
        os.read(timer, 8)
        syscalls.arm(timer, mono_ms() - 1)
        assert select.select([timer], [], [], 1)[0] == [timer], "what has passed fires at once"
        os.read(timer, 8)
        syscalls.arm(timer, 0)
        assert select.select([timer], [], [], 1)[0] == [timer], "nothing is never"
    finally:
        os.close(timer)


def test_memory_of_one_that_is_not_dumpable_is_closed_to_its_own_user() -> None:
    done = in_child(
        "from answerable.guard import syscalls; import os; syscalls.undumpable();"
        "print(syscalls.prctl(syscalls.PR_GET_DUMPABLE), os.stat('/proc/self/mem').st_uid)"
    )
    assert done.stdout.split() == ["0", "0"], done.stderr


def test_it_takes_as_many_files_as_it_may_and_gives_none_back() -> None:
    done = in_child(
        "from answerable.guard.syscalls import more_files; import resource as r;"
        "r.setrlimit(r.RLIMIT_NOFILE, (64, 512));"
        "print(more_files(128), more_files(100), more_files(4096), r.getrlimit(r.RLIMIT_NOFILE))"
    )
    assert done.stdout == "128 128 512 (512, 512)\n", done.stderr


def test_capabilities_do_not_come_back_with_a_program() -> None:
    done = in_child(
        "from answerable.guard import syscalls; import os; syscalls.drop_capabilities();"
        "os.execvp('grep', ['grep', '-E', 'CapBnd|CapEff|CapAmb', '/proc/self/status'])"
    )
    found = {line.split()[0]: int(line.split()[1], 16) for line in done.stdout.splitlines()}
    assert found["CapAmb:"] == found["CapEff:"] == 0
    if os.getuid() == 0:
        assert found["CapBnd:"] == 0


@pytest.mark.system("netns")
def test_loopback_comes_up_in_a_namespace_of_its_own() -> None:
    done = in_child(
        "from answerable.guard import syscalls; import socket;"
        "syscalls.unshare(syscalls.CLONE_NEWNET); syscalls.loopback_up();"
        "a = socket.create_server(('127.0.0.1', 0)); socket.create_connection(a.getsockname(), 2); print('up')"
    )
    assert done.stdout == "up\n", done.stderr


def test_boot_time_is_what_leases_count_on() -> None:
    assert abs(mono_ms() - time.clock_gettime_ns(syscalls.CLOCK_BOOTTIME) // 1_000_000) < 1_000
    assert Path("/proc/uptime").exists()
