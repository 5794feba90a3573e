# SPDX-License-Identifier: Apache-2.0
"""A disk whose syncs are slow is slow at syncs alone, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import errno
import gzip
import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, NoReturn

import pytest

from benchmarks import log_disks, slow_disk, slow_flush
from benchmarks.slow_flush import HEAD_OUT, Flusher, Unable
from tests.house.tree import ROOT

CAP_SYS_ADMIN: Final = 21  # linux/capability.h
# What a leaf's append and its sync take, least of ten, ms; and what forty writes without a sync do.
WORK = """
import os, sys, time
file = os.open(sys.argv[1] + "/file", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
took, start = [], time.perf_counter()
for _ in range(40):
    os.write(file, bytes(500))
writes = time.perf_counter() - start
for _ in range(10):
    os.write(file, bytes(500))
    start = time.perf_counter()
    os.fdatasync(file)
    took.append(time.perf_counter() - start)
print(min(took) * 1e3, writes * 1e3)
"""


def makeable() -> bool:
    """Whether this machine has all that a slow disk needs, asked of the machine and not of the program."""
    status, config = Path("/proc/self/status").read_text(), Path("/proc/config.gz")
    held = int(next(line for line in status.splitlines() if line.startswith("CapEff:")).split()[1], 16)
    return (
        os.geteuid() == 0
        and bool(held >> CAP_SYS_ADMIN & 1)
        and all(Path("/dev", name).exists() for name in ("fuse", "loop-control"))
        and config.exists()
        and b"CONFIG_FUSE_PASSTHROUGH=y" in gzip.decompress(config.read_bytes())
    )


def unable(said: str) -> NoReturn:
    """No test of a slow disk is left out where one can be made."""
    assert not makeable(), said
    pytest.skip(f"no slow disk can be made here: {said}")


def request(opcode: int, body: bytes = b"") -> bytes:
    return struct.pack("<IIQQIIII", 40 + len(body), opcode, 7, 1, 0, 0, 0, 0) + body


def looped(folder: Path) -> bool:
    """Whether a loop device stands on a file in `folder`."""
    files = []
    for each in Path("/sys/block").glob("loop*/loop/backing_file"):
        with contextlib.suppress(OSError):  # it goes this moment
            files.append(each.read_text())
    return any(str(folder) in file for file in files)


@pytest.fixture
def flusher(tmp_path: Path) -> Flusher:
    backing = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    os.write(backing, bytes(5000))
    return Flusher(-1, backing, 0.05)


def test_a_sync_takes_its_time_and_is_counted(flusher: Flusher) -> None:
    start = time.monotonic()
    assert flusher.answer(request(slow_flush.FSYNC)) == HEAD_OUT.pack(16, 0, 7)
    assert time.monotonic() - start >= 0.05
    assert flusher.syncs == 1
    os.close(flusher.backing)
    assert flusher.answer(request(slow_flush.FSYNC)) == HEAD_OUT.pack(16, -errno.EBADF, 7)
    assert flusher.syncs == 1


def test_reads_and_writes_are_never_asked_here(flusher: Flusher) -> None:
    for opcode in (15, 16, 999):  # READ, WRITE, what no kernel knows yet
        assert flusher.answer(request(opcode)) == HEAD_OUT.pack(16, -errno.ENOSYS, 7)
    assert flusher.answer(request(slow_flush.FORGET)) is None
    size = flusher.answer(request(slow_flush.GETATTR))
    assert size is not None
    assert len(size) == 16 + 104
    assert struct.unpack_from("<Q", size, 16 + 24) == (5000,)


def test_a_kernel_that_passes_nothing_through_is_told_by_name(flusher: Flusher) -> None:
    with pytest.raises(Unable, match=r"FUSE 7\.31"):
        flusher.answer(request(slow_flush.INIT, struct.pack("<IIII", 7, 31, 0, 0)))
    with pytest.raises(Unable, match="passes no file through"):
        flusher.answer(request(slow_flush.INIT, struct.pack("<IIIII44x", 7, 38, 0, 1 << 30, 1)))
    agreed = flusher.answer(request(slow_flush.INIT, struct.pack("<IIIII44x", 7, 45, 0, 1 << 30, 1 << 5)))
    assert agreed is not None
    assert len(agreed) == 16 + 64


@pytest.mark.system("mkfs.ext4", "setpriv", "mount")
def test_only_syncs_are_slow_and_nothing_is_left(tmp_path: Path) -> None:
    before = Path("/proc/self/mountinfo").read_text()
    done = subprocess.run(
        slow_disk.command(20, tmp_path, [sys.executable, "-c", WORK, "{}"]),
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    if done.returncode == slow_disk.UNABLE:
        assert "no slow disk here: " in done.stderr
        unable(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    sync, writes = map(float, done.stdout.split())
    assert sync >= 20
    assert writes < 40 * 20
    assert list(tmp_path.iterdir()) == []
    assert Path("/proc/self/mountinfo").read_text() == before
    assert not looped(tmp_path)


@pytest.mark.system("mkfs.ext4", "setpriv", "mount")
def test_the_exit_code_of_the_command_is_told_and_its_failure_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        slow_disk.command(0, tmp_path, ["sh", "-c", "cd {} && exit 7"]),
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    if done.returncode == slow_disk.UNABLE:
        unable(done.stderr.strip())
    assert done.returncode == 7, done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.system("mkfs.ext4", "setpriv", "mount")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_it_goes_with_its_process(tmp_path: Path, number: int) -> None:
    words = ["sh", "-c", "head -c 30000000 /dev/zero > {}/file && sync && echo $$ && exec sleep 60"]
    its = subprocess.Popen(slow_disk.command(1, tmp_path, words), cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert its.stdout is not None
    if not its.stdout.readline():
        its.communicate(timeout=30)
        assert its.returncode == slow_disk.UNABLE
        unable("it ended before its command began")
    children = Path(f"/proc/{its.pid}/task/{its.pid}/children").read_text().split()
    its.send_signal(number)
    its.communicate(timeout=30)
    assert its.returncode == (128 + number if number == signal.SIGTERM else -number)
    until = time.monotonic() + 20
    assert len(children) == 2  # the command, and who answers syncs: neither waits for the other for ever
    while any(Path("/proc", child).exists() for child in children) or looped(tmp_path):
        assert time.monotonic() < until
        time.sleep(0.05)
    kept = sum(each.stat().st_blocks for each in tmp_path.rglob("*") if each.is_file())
    assert kept == 0
    assert (number == signal.SIGKILL) == bool(list(tmp_path.iterdir()))


def test_where_it_cannot_be_made_it_says_why(tmp_path: Path) -> None:
    done = subprocess.run(
        slow_disk.command(1, tmp_path, ["true"]),
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "PATH": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == slow_disk.UNABLE
    assert ("mkfs.ext4 is missing" in done.stderr) == (os.geteuid() == 0)
    assert list(tmp_path.iterdir()) == []


def point(sync_ms: float, ratio: float) -> log_disks.Point:
    rows = [
        {"what": "append", "clients": 8, "records_s": 4321.0, "p50_ms": 9.0},
        {"what": "append", "clients": 1, "records_s": 1000.0, "p50_ms": 1.25},
        {"what": "hash chain, a sync a record", "clients": 1, "records_s": 99.0, "p50_ms": 7.0},
    ]
    return log_disks.Point(None, sync_ms, rows, {"append, × chain": ratio, "CPU a record, µs": 9.0})


def test_an_aim_is_reached_from_the_disk_on_after_which_none_misses_it(capsys: pytest.CaptureFixture[str]) -> None:
    points = [point(0.1, 60.0), point(1.0, 20.0), point(2.0, 50.0), point(5.0, 80.0)]
    assert log_disks.reached(points, "append, × chain", 50) == 2.0
    assert log_disks.reached(points[:2], "append, × chain", 50) is None
    assert log_disks.reached(points, "append, × pymerkle", 500) is None
    log_disks.table(points, {"append, × chain": "50", "CPU a record, µs": "15", "proof, bytes": "1,100"})
    said = capsys.readouterr().out
    assert "append, × chain, aim 50: reached from a sync of 2.00 ms on" in said
    assert "proof" not in said
    assert said.splitlines()[1].split() == ["as", "it", "is", "0.10", "1.25", "4321", "60.0", "9.0"]
    log_disks.table(points[:2], {"append, × chain": "50"})
    assert "append, × chain, aim 50: reached on none" in capsys.readouterr().out
