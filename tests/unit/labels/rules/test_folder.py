# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import pytest

from answerable.labels.rules import folder, worker
from answerable.labels.rules.verdicts import Checked, Verdict
from tests.unit.labels.rules.files import TRUST, noise

TASK = worker.task(TRUST, "eu", ai=True, deployer=False, on=date(2026, 11, 22))
# Answers as a worker does, but dies of one file and never comes back from another.
CRANKY = """
import json, os, sys, time
sys.stdin.readline()
for line in sys.stdin:
    name = json.loads(line)
    if name == "dies": os._exit(9)
    if name == "hangs": time.sleep(60)
    if name == "raves": print("no JSON", flush=True); continue
    found = {"format": name, "medium": "text", "by_ai": True, "problem": ["", "", ""], "findings": []}
    print(json.dumps(found), flush=True)
"""


def test_a_folder_with_all_below_it(tmp_path: Path) -> None:
    for name in ("b.png", "a.png", "in/c.png", ".hidden", ".git/x", "in/.y"):
        path = tmp_path / "top" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    (tmp_path / "top" / "round").symlink_to(tmp_path / "top")
    named = [str(Path(each).relative_to(tmp_path)) for each in folder.files([str(tmp_path / "top")])]
    assert named == ["top/a.png", "top/b.png", "top/in/c.png"]
    assert list(folder.files(["missing", ".hidden"])) == ["missing", ".hidden"], "what is named is taken"


def test_files_are_checked_by_processes(tmp_path: Path) -> None:
    names = []
    for number in range(5):
        names.append(str(tmp_path / f"{number}.png"))
        Path(names[-1]).write_bytes(noise() if number else b"\0\1")
    found = {number: (name, checked) for number, name, checked in folder.check_all(names, TASK, jobs=2)}
    assert [found[number][0] for number in range(5)] == names
    verdicts = [found[number][1].verdict for number in range(5)]
    assert verdicts == [Verdict.INCONCLUSIVE, *[Verdict.NONCOMPLIANT] * 4]


@pytest.fixture
def cranky(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "_COMMAND", (sys.executable, "-c", CRANKY))


def checked(names: list[str], *, jobs: int = 2, limit_s: float = 10.0) -> dict[str, Checked]:
    return {name: found for _, name, found in folder.check_all(names, TASK, jobs=jobs, limit_s=limit_s)}


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_file_that_ends_its_process_ends_nothing_else(cranky: None, jobs: int) -> None:
    found = checked(["a", "dies", "b", "raves", "c", "dies-not", "d"], jobs=jobs)
    assert len(found) == 7
    assert {name for name, each in found.items() if each.problem} == {"dies", "raves"}
    assert found["dies"].verdict is Verdict.INCONCLUSIVE
    assert (found["d"].format, found["d"].verdict) == ("d", Verdict.COMPLIANT)


def test_a_file_that_takes_too_long_is_given_up(cranky: None) -> None:
    found = checked(["a", "hangs", "b", "c"], limit_s=1.5)
    assert found["hangs"].problem == "checking it took too long: check it alone, or a shorter piece of it"
    assert {name for name, each in found.items() if not each.problem} == {"a", "b", "c"}


def test_none() -> None:
    assert checked([]) == {}


def test_who_stops_listening_leaves_no_process(cranky: None) -> None:
    running = folder.check_all(["a", "b", "c"], TASK, jobs=2)
    next(running)
    running.close()  # kills and waits; a process left behind would warn, and warnings are errors here
