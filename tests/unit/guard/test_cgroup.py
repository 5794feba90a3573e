# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from answerable.guard.cgroup import Cgroup, own, root

HYBRID = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
34 31 0:31 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/uni\\040fied rw,relatime shared:5 master:2 - cgroup2 cgroup2 rw
"""
UNIFIED = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"


def test_it_is_found_wherever_it_is_mounted() -> None:
    assert root(HYBRID) == Path("/sys/fs/cgroup/uni fied")
    assert root(UNIFIED) == Path("/sys/fs/cgroup")
    assert root(HYBRID.splitlines()[1]) is None
    assert root("") is None
    assert root("nonsense\n - \n") is None


def test_our_own_stands_on_the_line_without_controllers() -> None:
    assert own("4:memory:/x\n0::/user.slice/a\n") == "/user.slice/a"
    assert own("4:memory:/x\n") == ""


@pytest.fixture
def group() -> Iterator[Cgroup]:
    try:
        made = Cgroup.make()
    except OSError as error:
        pytest.skip(f"no cgroup of version 2 is ours: {error.strerror}")
    yield made
    if made.path.exists():
        made.kill()
        assert made.gone(5)
        made.remove()


def test_freeze_thaw_and_kill_reach_what_detached(group: Cgroup, tmp_path: Path) -> None:
    file = tmp_path / "beats"
    beat = f"trap '' TERM; while :; do echo x >> {file}; sleep 0.02; done"
    process = subprocess.Popen(
        ["sh", "-c", f'read go; (setsid sh -c "{beat}" &); exec sleep 60'], stdin=subprocess.PIPE
    )
    group.add(process.pid)
    assert process.stdin is not None
    process.stdin.write(b"go\n")
    process.stdin.close()
    until = time.monotonic() + 5
    while not file.exists() and time.monotonic() < until:
        time.sleep(0.01)
    assert len(group.processes()) >= 2
    assert group.freeze()
    seen = file.read_text()
    time.sleep(0.2)
    assert file.read_text() == seen
    group.thaw()
    until = time.monotonic() + 5
    while file.read_text() == seen and time.monotonic() < until:
        time.sleep(0.01)
    assert file.read_text() != seen
    group.freeze()
    group.kill()
    assert group.gone(5), "what is frozen dies too"
    assert process.wait(5) == -9
    group.remove()
    assert not group.path.exists()


def test_one_that_is_not_empty_is_not_taken_away(group: Cgroup) -> None:
    process = subprocess.Popen(["sleep", "60"])
    group.add(process.pid)
    group.remove()
    assert group.path.exists()
    assert not group.gone(0.05)
    group.kill()
    process.wait(5)


def test_what_a_killed_guard_left_is_swept_and_what_a_living_one_has_is_not(group: Cgroup) -> None:
    left = group.path.with_name("answerable-guard-4194304-00000000")  # above the greatest pid
    left.mkdir()
    another = Cgroup.make()
    try:
        assert not left.exists()
        assert group.path.exists()
    finally:
        another.remove()
