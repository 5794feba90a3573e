# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from answerable.cli.copy import copy_id
from answerable.crypto.ed25519 import Key
from answerable.registry import copies
from tests.unit.cli.conftest import Run
from tests.unit.control.house import GATEWAY, House


def started(house: House, *command: str) -> subprocess.Popen[str]:
    words = ["copy", "start", "other", "--json", "--store", str(house.store), *(["--", *command] if command else [])]
    return subprocess.Popen(
        [sys.executable, "-m", "answerable.cli", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "ANSWERABLE_LANG": "en"},
    )


def told(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None
    data: dict[str, str] = json.loads(process.stdout.readline())
    return data


def test_the_id_is_the_registrys(house: House) -> None:
    key = Key.generate()
    assert copy_id(house.system("other").id, key.public) == copies.copy_id(house.system("other"), key.public)


def test_a_program_finds_its_warrant_and_its_status_is_ours(house: House, tmp_path: Path) -> None:
    probe = (
        'stat -c %a "$ANSWERABLE_WARRANT_FILE"; cut -c1-3 "$ANSWERABLE_WARRANT_FILE"; echo "$OPENAI_BASE_URL"; exit 7'
    )
    process = started(house, "sh", "-c", probe)
    out, err = process.communicate(timeout=30)
    first, *lines = out.splitlines()
    assert (process.returncode, lines) == (7, ["600", "eyJ", GATEWAY]), err
    copy = house.core.book.copy(json.loads(first)["copy"])
    assert copy is not None
    assert copy.ended > 0
    assert copy.process.startswith(f"pid:{process.pid}:")
    assert not Path(json.loads(first)["warrant_file"]).exists()


def test_a_stopped_copy_gets_no_warrant_and_runs_nothing(house: House, run: Run, tmp_path: Path) -> None:
    done = run("stop", "other", "--reason", "x", "--as", "officer-1", "--json")
    mark = tmp_path / "ran"
    process = started(house, "touch", str(mark))
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "stop.system" in err
    assert not mark.exists()
    assert run("release", done.data["order"]["rid"], "--as", "officer-1", "--as", "officer-2").status == 0


def test_it_ends_when_asked_and_says_so(house: House, run: Run) -> None:
    process = started(house)
    told_ = told(process)
    assert told_["copy"] in run("copy", "ls").out
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    process.communicate()
    assert told_["copy"] not in run("copy", "ls").out
    assert told_["copy"] in run("copy", "ls", "--all").out


def test_an_operator_ends_a_copy(house: House, run: Run) -> None:
    rid, _ = house.start_copy("other")
    assert run("copy", "end", rid).status == 0
    assert run("copy", "end", rid).status != 0
