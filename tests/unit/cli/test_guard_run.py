# SPDX-License-Identifier: Apache-2.0
"""What a command's options become; `tests/e2e/test_guard.py` has the whole over a service."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.guarded import Guarded, floor
from tests.unit.control.house import House

pytestmark = pytest.mark.system("guard")


@pytest.fixture
def here() -> Iterator[Path]:
    with floor() as made:
        yield made


def guarded(house: House, here: Path, *words: str) -> Guarded:
    return Guarded("--system", "other", "--store", str(house.store), *words, cwd=here)


def test_its_status_is_ours_and_it_holds_no_credential(house: House, here: Path) -> None:
    run = guarded(house, here, "--env", "ANSWERABLE_LANG", "--", "sh", "-c", "env; exit 7")
    try:
        assert run.wait() == 7
        begun = run.state("running")
        told = dict(line.split("=", 1) for line in run.out if "=" in line)
        assert told["OPENAI_BASE_URL"] == begun["gate"] + "/v1"
        assert told["ANSWERABLE_LANG"] == "en"
        assert "ANSWERABLE_GUARD_ENROLMENT" not in told
        assert not [line for line in run.out if "eyJ" in line]
        assert begun["bound_ms"] == 60_000 + 1_000 + 100
        assert any("bound: nothing of it acts later than 61100 ms" in line for line in run.err)
        copy = house.core.book.copy(begun["record"])
        assert copy is not None
        assert copy.ended > 0, "it says that its copy runs no more"
        if os.getuid() == 0:
            assert told["USER"] == "nobody"
    finally:
        run.close()


def test_what_looks_like_a_secret_is_held_back_and_named(
    house: House, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GITHUB_TOKEN", "PGPASSWORD", "SOME_API_KEY"):
        monkeypatch.setenv(name, "worth-much")
    run = guarded(house, here, "--env", "SOME_API_KEY", "--", "env")
    try:
        assert run.wait() == 0
        assert [line for line in run.out if "worth-much" in line] == ["SOME_API_KEY=worth-much"]
        told = next(line for line in run.err if "not passed on to it:" in line)
        assert "GITHUB_TOKEN" in told
        assert "PGPASSWORD" in told
        assert "SOME_API_KEY" not in told
        assert not [line for line in run.err if "worth-much" in line]
    finally:
        run.close()


def test_a_program_that_is_not_there_is_said(house: House, here: Path) -> None:
    run = guarded(house, here, "--", "no-such-program")
    try:
        assert run.wait() == 4
        assert any("guard.program" in line for line in run.err)
    finally:
        run.close()


def test_its_plan_is_carried_out_when_it_is_asked_to_end(house: House, here: Path) -> None:
    plan = ("--grace", "5", "--signal", "INT", "--stop-command", f"sh -c 'echo $ANSWERABLE_STOP > {here}/told'")
    run = guarded(house, here, *plan, "--", "sh", "-c", "trap 'exit 9' INT; echo up; while :; do sleep 0.05; done")
    try:
        run.line("up")
        run.process.send_signal(signal.SIGTERM)
        assert run.wait() == 9
        assert (here / "told").read_text() == "SIGTERM\n"
        assert run.state("sealed")["steps"] == {"command": "done", "SIGINT": "done"}
    finally:
        run.close()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--grace", "61"), "config.value"),
        (("--signal", "NOTHING"), "config.value"),
        (("--user", "nobody-of-that-name"), "guard.user"),
    ],
)
def test_what_makes_no_sense_starts_nothing(house: House, here: Path, words: tuple[str, ...], code: str) -> None:
    if code == "guard.user" and os.getuid() != 0:
        pytest.skip("root alone gives it a user")
    run = guarded(house, here, *words, "--", "touch", "ran")
    try:
        assert run.wait() in (1, 2, 3)
        assert any(code in line for line in run.err), run.err
        assert not (here / "ran").exists()
    finally:
        run.close()


def test_states_are_kept_for_who_runs_it(house: House, here: Path) -> None:
    run = guarded(house, here, "--", "true")
    try:
        assert run.wait() == 0
        file = Path(run.state("running")["states"])
        assert file.stat().st_mode & 0o777 == 0o600
        assert json.loads(file.read_text().splitlines()[0])["state"] == "running"
    finally:
        run.close()
