# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from answerable.cli.running import tell
from answerable.registry.ids import unassigned_lei
from tests.unit.cli.conftest import Run


@pytest.fixture
def store(run: Run, tmp_path: Path) -> Path:
    said = run(
        "init", "--store", str(tmp_path / "store"), "--domain", "ai.invalid", "--operator", unassigned_lei("init"),
        "--name", "Init Ltd", "--json",
    )  # fmt: skip
    assert said.status == 0, said.err
    assert len(said.data["people"]) == 3
    return tmp_path / "store"


def test_init_makes_a_store_once(store: Path, run: Run) -> None:
    assert (store / "trust.txt").read_text().startswith("log ai.invalid+")
    assert {path.name for path in (store / "people").glob("*.key")} == {"admin.key", "officer-1.key", "officer-2.key"}
    words = ("--domain", "ai.invalid", "--operator", unassigned_lei("init"), "--name", "x")
    again = run("init", "--store", str(store), *words)
    assert (again.status, "store.exists" in again.err) == (again.status, True)
    assert again.status != 0


def test_serve_answers_until_it_is_asked_to_end(store: Path, run: Run) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "answerable.cli", "serve", "--store", str(store), "--port", "0", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "ANSWERABLE_LANG": "en"},
    )
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline() or "{}")
        assert told["store"] == str(store)
        assert told["gateway"].startswith("http://127.0.0.1:")
        assert run("ls", "parties", "--store", str(store)).status == 0
    finally:
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert run("ls", "--store", str(store)).status == 4


def test_serve_makes_no_store_by_accident(run: Run, tmp_path: Path) -> None:
    said = run("serve", "--store", str(tmp_path / "none"), "--port", "0")
    assert said.status != 0
    assert not (tmp_path / "none").exists()


def test_beyond_loopback_needs_its_flag(store: Path, run: Run) -> None:
    said = run("serve", "--store", str(store), "--host", "0.0.0.0", "--port", "0")
    assert (said.status, "config.unsafe_bind" in said.err) == (2, True)


def test_half_of_a_model_is_a_matter_of_usage(run: Run, tmp_path: Path) -> None:
    assert run("demo", "--store", str(tmp_path / "d"), "--url", "http://127.0.0.1:1/v1").status == 2
    assert not (tmp_path / "d").exists()


def test_what_to_try_next_is_talk(capsys: pytest.CaptureFixture[str]) -> None:
    tell(Path("/somewhere/else"))
    said = capsys.readouterr()
    assert said.out == ""
    assert "answerable who reply.json" in said.err
