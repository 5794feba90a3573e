# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from answerable.cli.log_monitor import line, summary
from answerable.log.trust import format
from answerable.verify.audit.findings import Finding
from tests.small_log import ORIGIN, key
from tests.tiled import Grown
from tests.unit.cli.conftest import Run
from tests.unit.control.house import House
from tests.watched import Watched, honest


def published(folder: Path, log: Watched) -> tuple[str, str]:
    grown = Grown(log.leaves, origin=ORIGIN, signer=key("log"))
    grown.write(folder / "log")
    (folder / "trust.txt").write_bytes(format(grown.trust))
    return str(folder / "log"), str(folder / "trust.txt")


def test_nothing_found_is_0(run: Run, tmp_path: Path) -> None:
    log, trust = published(tmp_path, honest())
    said = run("log", "monitor", log, "--trust", trust)
    assert (said.status, said.err) == (0, "")
    assert said.out == f"{ORIGIN}: 15 leaves, 15 of them new; nothing found.\n"


def test_what_was_found_is_told_once_and_status_is_1(run: Run, tmp_path: Path) -> None:
    bad = honest()
    bad.act(wld="physical")
    log, trust = published(tmp_path, bad)
    words = ("log", "monitor", log, "--trust", trust, "--state", str(tmp_path / "state"))
    first = run(*words, "--json")
    assert first.status == 1
    assert [each["code"] for each in first.data["findings"]] == ["monitor.unwarranted"]
    assert first.data["findings"][0]["index"] == 15
    again = run(*words)
    assert (again.status, "nothing found" in again.out) == (0, True)
    both = run(*words, "--all")
    assert both.status == 1
    assert "monitor.unwarranted" in both.out
    assert "→" in both.out


def test_a_log_whose_head_proves_nothing_is_called_by_where_it_was_read(run: Run, tmp_path: Path) -> None:
    log, trust = published(tmp_path, honest())
    bundle = next(path for path in Path(log, "tile", "entries").rglob("*") if path.is_file())
    data = bundle.read_bytes()
    bundle.write_bytes(data[:30] + bytes([data[30] ^ 1]) + data[31:])
    said = run("log", "monitor", log, "--trust", trust)
    assert said.status == 1
    assert said.out.splitlines()[-1] == f"{log}: 0 leaves, 0 of them new; 1 found."


def test_this_stores_own_log(house: House, run: Run) -> None:
    house.act("Watched.")
    run("log", "checkpoint")
    said = run("log", "monitor", "--json")
    assert said.data["origin"] == "demo.invalid"
    assert said.data["size"] == said.data["head"]


def test_could_not_check_is_4(run: Run, tmp_path: Path) -> None:
    _, trust = published(tmp_path, honest())
    assert run("log", "monitor", str(tmp_path / "none"), "--trust", trust).status == 4
    assert run("log", "monitor", "x", "--trust", str(tmp_path / "none")).status == 4


def test_a_daemon_tells_what_comes_and_ends_with_1(tmp_path: Path) -> None:
    log = honest()
    folder, trust = published(tmp_path, log)
    command = [sys.executable, "-m", "answerable.cli", "log", "monitor", folder, "--trust", trust]
    with subprocess.Popen(
        [*command, "--every", "50ms", "--json"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "ANSWERABLE_LANG": "en"},
    ) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["findings"] == []
        log.leaves.append(b"no leaf")
        published(tmp_path, log)
        found = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 1
    assert [each["code"] for each in found["findings"]] == ["monitor.leaf"]
    assert (found["before"], found["size"]) == (15, 16)


def test_lines_for_people() -> None:
    shown = line(Finding("monitor.leaf", 0, 3, "r" * 32, {"detail": "not JSON"}).as_dict())
    assert shown.splitlines()[0] == f"monitor.leaf  - {'r' * 32}"
    assert "Leaf 3 is malformed: not JSON." in shown
    assert summary("o", 5, 3, 0).endswith("nothing found.")
    assert summary("o", 5, 3, 2).endswith("2 found.")
