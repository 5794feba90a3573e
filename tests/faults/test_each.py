# SPDX-License-Identifier: Apache-2.0
"""A fault at each write, each sync and each change of a name of one opening, append, publication and closing: the log,
the payload files, the guard."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.faults.checks import check, heard
from tests.faults.tally import TALLY
from tests.faults.trace import ROOT, still
from tests.ledger import append, closing, guard_at, opening, sqlite_store

LINE = 1000  # the system call of a process that fails: more than one makes by itself
LATER = 1 << 42  # ms UTC: in the next century
CALLS = ("pwrite64", "write", "fsync", "fdatasync", "ftruncate", "rename", "unlink", "openat")
TRIED = CALLS if os.environ.get("FAULT_LONG") else CALLS[:-2]
FAULTS = {"EIO": "error=EIO", "ENOSPC": "error=ENOSPC", "KILL": "signal=SIGKILL"}


def template(folder: Path) -> set[str]:
    """A store as a kill left it, write-ahead log and all; its records."""
    made = folder.with_name("made")
    made.mkdir()
    store, guard = sqlite_store(made), guard_at(made)
    known: set[str] = set()
    for _ in range(3):
        unit, its = opening()
        append(store, unit, expires=LATER)
        append(store, closing(its), expires=LATER)
        known.add(its)
    guard.advance(*store.head())
    shutil.copytree(made, folder)
    store.close()
    guard.close()
    shutil.rmtree(made)
    return known


def run(tmp_path: Path, folder: Path, count: int, call: str, inject: str) -> tuple[list[dict[str, object]], str]:
    trace = tmp_path / "trace"
    words = ["strace", "-f", "-qq", "-o", str(trace), "-e", f"trace={','.join(CALLS)}", "-e", "signal=none"]
    if inject:
        words += ["-e", f"inject={call}:{inject}:when={LINE}"]
    words += [sys.executable, "-m", "tests.faults.each", str(folder), str(count), call, str(LINE if inject else 1)]
    done = subprocess.run(words, cwd=ROOT, env=still(), capture_output=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return [json.loads(line) for line in done.stdout.decode().split("\n") if line.startswith("{")], trace.read_text()


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Counter[str]:
    """How often one child makes each call when nothing fails."""
    tmp_path = tmp_path_factory.mktemp("counted")
    template(tmp_path / "template")
    shutil.copytree(tmp_path / "template", tmp_path / "all" / "0")
    (said,), trace = run(tmp_path, tmp_path / "all", 1, "write", "")
    assert sum(len(line) == 32 for line in said["said"]) == 2, said  # type: ignore[attr-defined,arg-type]
    mine = (line.split(None, 1)[1] for line in trace.split("\n") if line.startswith(f"{said['pid']} "))
    return Counter(line.partition("(")[0] for line in mine)


def test_what_is_counted_is_what_an_append_does(counted: Counter[str]) -> None:
    assert counted["pwrite64"] > 30
    assert counted["fdatasync"] >= 6
    assert counted["fsync"] >= 3
    assert counted["rename"] >= 1
    assert counted["write"] >= 1


@pytest.mark.system("strace")
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", TRIED)
def test_a_fault_at_each(tmp_path: Path, counted: Counter[str], call: str, fault: str) -> None:
    known = template(tmp_path / "template")
    count = counted[call]
    for number in range(count):
        shutil.copytree(tmp_path / "template", tmp_path / "all" / str(number))
    said, trace = run(tmp_path, tmp_path / "all", count, call, FAULTS[fault])
    assert len(said) == count
    if fault != "KILL":
        assert trace.count("(INJECTED)") >= count - 2, "paths after a fault may be shorter, never these before it"
    killed = 0
    for number, one in enumerate(said):
        lines = [str(line) for line in one["said"]]  # type: ignore[attr-defined]
        records, notes = heard(lines)
        killed += one["status"] == 9
        if fault != "KILL":
            assert one["status"] == 0, "nobody dies of a disk"
            assert len(records) + sum(line.startswith("!") for line in lines) >= 1, "silence is no answer"
        try:
            asyncio.run(check(tmp_path / "all" / str(number), known | records, notes))
        except BaseException:
            TALLY.count(f"{fault} at each {call}", lost=True, acknowledged=len(known | records))
            raise
        TALLY.count(f"{fault} at each {call}", acknowledged=len(known | records))
    if fault == "KILL":
        assert killed == count
