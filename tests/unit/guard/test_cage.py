# SPDX-License-Identifier: Apache-2.0
"""What encloses a program, with real processes that would rather get out."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from answerable.errors import Unavailable
from answerable.guard import enclosure as enclosures
from answerable.guard.cage import Cage
from answerable.guard.enclosure import Enclosure
from answerable.guard.lease import mono_ms
from answerable.guard.primitives import BY_NAME, choose, look
from tests.guarded import BEATERS, acting, all_act, floor

pytestmark = pytest.mark.system("guard")
Make = Callable[..., Cage]
SERVER = """
import socket
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
server.accept()
"""


only_root = pytest.mark.skipif(os.getuid() != 0, reason="root alone reads other processes' memory")


@pytest.fixture
def here() -> Iterator[Path]:
    with floor() as made:
        yield made


@pytest.fixture
def cage(here: Path) -> Iterator[Make]:
    made: list[Cage] = []

    def make(*without: str, user: str = "nobody") -> Cage:
        chosen = choose(look(), without)
        whom = enclosures.user(user) if "own-uid" in chosen else None
        made.append(Cage.make(Enclosure(chosen, cwd=str(here), temp=str(here), user=whom)))
        return made[-1]

    yield make
    for each in made:
        each.close()
        assert each.cgroup is None or not each.cgroup.path.exists()


def start(cage: Cage, *argv: str, life_ms: int = 20_000) -> None:
    env = enclosures.environment(os.environ, f"http://127.0.0.1:{cage.port}", temp=cage.enclosure.temp)
    cage.start(list(argv), env, mono_ms() + life_ms)


def status(cage: Cage, seconds: float = 15.0) -> int | None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and not cage.hear().gone:
        time.sleep(0.005)
    return cage.status


def up(cage: Cage, here: Path) -> None:
    start(cage, "sh", "clings.sh")
    until = time.monotonic() + 10
    while not all((here / name).exists() for name in BEATERS) and time.monotonic() < until:
        time.sleep(0.01)
    assert all_act(here)


def test_a_programs_status_and_what_is_left_of_it(cage: Make) -> None:
    made = cage()
    start(made, "sh", "-c", "(setsid sleep 60 &); exit 7")
    assert status(made) == 7
    assert made.ended(5)
    assert made.processes() in (-1, 0)


def test_freeze_thaw_and_kill_reach_what_forked_detached_and_is_deaf(cage: Make, here: Path) -> None:
    made = cage()
    up(made, here)
    assert made.processes() >= len(BEATERS)
    assert made.freeze()
    assert acting(here, 0.3) == set()
    made.thaw()
    assert all_act(here)
    made.signal(15)
    assert all_act(here), "they are deaf to signals"
    made.kill()
    assert made.ended(5)
    assert acting(here, 0.3) == set()


def test_each_of_the_two_ways_kills_alone(cage: Make, here: Path) -> None:
    """Without a cgroup the PID namespace ends all; without a PID namespace the cgroup does."""
    for without in ("cgroup", "pidns"):
        made = cage(without)
        up(made, here)
        made.kill()
        assert made.ended(5)
        assert acting(here, 0.3) == set(), without
        assert made.freeze() is (without == "pidns"), "without a cgroup nothing can be frozen"


def test_what_is_frozen_dies_with_its_keeper(cage: Make, here: Path) -> None:
    made = cage()
    up(made, here)
    assert made.freeze()
    made._process.kill()
    assert made.ended(5)
    assert made.processes() in (-1, 0)


def test_the_lease_ends_it_unless_it_is_lengthened(cage: Make, here: Path) -> None:
    made = cage()
    start(made, "sleep", "60", life_ms=200)
    ends = mono_ms() + 500
    made.lengthen(ends)
    assert status(made) is None
    assert ends <= mono_ms() < ends + 1_000


def test_nobody_inside_reaches_out(cage: Make, here: Path) -> None:
    """Not the guard's memory, not its key's file, not another process, not another namespace, not the cgroup."""
    key = Path(tempfile.mkdtemp()) / "key"
    key.write_text("secret")
    key.chmod(0o644)
    (here / "out.sh").write_text(
        f"""
try() {{ "$@" > /dev/null 2>&1 && echo "$1 $2 got out" >> {here}/escapes; }}
try cat /proc/{os.getpid()}/mem
try cat /proc/{os.getpid()}/environ
try cat /proc/1/mem
try cat /proc/1/environ
try ls /proc/1/fd
try cat {key}
try kill -9 {os.getpid()}
try kill -9 1
try unshare -U true
try unshare -n true
try nsenter -t 1 -n true
try mount -t tmpfs none /mnt
try chroot / true
try mkdir /sys/fs/cgroup/unified/mine
try mkdir /sys/fs/cgroup/mine
try ls /root
try touch /etc/mine
try su -c true
try sh -c 'exec 3<>/dev/udp/10.0.0.1/53; ping -c 1 -W 1 127.0.0.2'
exit 0
"""
    )
    made = cage()
    start(made, "sh", "out.sh")
    assert status(made) == 0
    escapes = here / "escapes"
    assert not escapes.exists(), escapes.read_text()


def test_it_has_no_way_in_the_network_but_the_gate(cage: Make, here: Path) -> None:
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    port = server.stdout.readline().strip()
    try:
        made = cage()
        start(made, "bash", "-c", f"(exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null && exit 1; "
              f"exec 3<>/dev/tcp/127.0.0.1/{made.port} && echo hello >&3 && exit 0")  # fmt: skip
        made.gate.setblocking(True)
        made.gate.settimeout(10)
        served, _ = made.gate.accept()
        with served:
            assert served.recv(10) == b"hello\n"
        assert status(made) == 0
        assert server.poll() is None
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


@only_root
def test_nothing_of_our_memory_goes_with_it(cage: Make) -> None:
    """The keeper is a fresh interpreter: what was in our memory is in no process beside the program, nor in it."""
    secret = f"key-{os.urandom(16).hex()}-key".encode()
    made = cage()
    start(made, "sleep", "60")
    for pid in (made._process.pid, made.pid):
        assert secret not in memory_of(pid)
    assert secret in memory_of(os.getpid()), "the search finds what is there"


def memory_of(pid: int) -> bytes:
    """All that it may read itself, as root sees it."""
    found = []
    with Path(f"/proc/{pid}/mem").open("rb") as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, mode, *_ = line.split()
            if mode.startswith("rw"):
                begin, end = (int(part, 16) for part in span.split("-"))
                memory.seek(begin)
                found.append(memory.read(end - begin))
    return b"".join(found)


def test_what_cannot_be_made_starts_nothing(here: Path) -> None:
    made = Cage.make(Enclosure(frozenset({"pidns"}), cwd="/nonexistent", temp=str(here)))
    try:
        with pytest.raises(Unavailable) as caught:
            start(made, "true")
        assert caught.value.code == "guard.program"
    finally:
        made.close()
    assert set(BY_NAME) >= {"pidns", "cgroup"}
