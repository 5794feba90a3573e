# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.cli import stop
from tests.unit.cli.conftest import Run
from tests.unit.control.house import MAKER, OPERATOR, House


def test_a_dry_run_shows_whom_it_reaches_and_signs_nothing(house: House, run: Run) -> None:
    said = run("stop", "base", "--reason", "x", "--dry-run")
    assert said.status == 0
    assert "2 systems (base 1, small 1)" in said.out
    assert "lose their model, but are not stopped: 1 (helper)" in said.out
    assert " s after the order is committed" in said.out
    assert run("ls", "orders", "--json").data == []
    assert run("stop", "nobody", "--reason", "x", "--dry-run").status == 3


def test_whoever_orders_says_who_he_is_and_why(house: House, run: Run) -> None:
    assert run("stop", "other", "--reason", "x").status == 2
    assert run("stop", "other", "--as", "officer-1").status == 2
    assert run("stop", "other", "--reason", "x", "--as", "admin").status == 1


def test_what_is_no_order_yet_points_to_the_run_book(house: House, run: Run) -> None:
    for words in (("stop",), ("stop", "other"), ("release",)):
        said = run(*words, "--as", "officer-1")
        assert said.status == 2
        assert "stop.usage" in said.err
        assert "docs/operate/stop.md" in said.err
        assert "control-api" not in said.err


def test_one_officer_suspends_and_two_release(house: House, run: Run, tmp_path: Path) -> None:
    first = run("stop", "other", "--reason", "noise", "--as", "officer-1", "--json")
    assert first.status == 0
    order = first.data["order"]
    assert (order["kind"], order["reason"]) == ("suspend", "noise")
    draft = str(tmp_path / "r.json")
    assert run("release", order["rid"], "--as", "officer-1").status == 1
    assert run("release", order["rid"], "--as", "officer-1", "--draft", draft).status == 0
    said = run("release", "--from", draft, "--as", "officer-2")
    assert said.status == 0
    assert "Released" in said.out
    assert run("release", order["rid"], "--as", "officer-1", "--as", "officer-2").status == 5


def test_the_second_officer_terminates_the_same_one_does_not(house: House, run: Run) -> None:
    first = run("stop", "base", "--reason", "leak", "--as", "officer-1")
    assert "SUSPENDED: 2 systems" in first.out
    assert "2 systems (base 1, small 1)" in first.err, "the closure is shown before anything is signed"
    again = run("stop", "base", "--reason", "leak", "--as", "officer-1")
    assert again.status == 1
    assert "stop.officers" in again.err
    second = run("stop", "base", "--reason", "leak", "--as", "officer-2", "--json")
    assert (second.status, second.data["order"]["kind"]) == (0, "terminate")
    assert second.data["order"]["escalates"]
    assert "terminated" in run("ls").out
    born = run(
        "register", "--name", "rebel", "--version", "1", "--kind", "model", "--party", "nobody:provider",
        "--parent", "base:finetune",
    )  # fmt: skip
    assert born.status == 3


def test_two_at_once_terminate_and_a_draft_travels(house: House, run: Run, tmp_path: Path) -> None:
    draft = str(tmp_path / "o.json")
    assert run("stop", "helper", "--reason", "x", "--as", "officer-1", "--suspend", "--draft", draft).status == 0
    sent = run("stop", "--from", draft, "--as", "officer-2", "--json")
    assert sent.data["order"]["kind"] == "suspend"
    assert len(sent.data["order"]["officers"]) == 2
    assert sent.data["order"]["until"] == 0, "a suspension by two does not lapse"
    assert run("stop", "--from", str(tmp_path), "--as", "officer-2").status == 4


def test_what_is_missing_is_a_matter_of_usage(house: House, run: Run) -> None:
    for words in (("--reason", "x", "--dry-run"), ("--reason", "x", "--scope", "party"), ("base",)):
        said = run("stop", *words, "--as", "officer-1")
        assert (said.status, "missing" in said.err) == (2, True), words
    assert "This order reaches: 4 systems" in run("stop", "--scope", "all", "--dry-run").out


def test_the_count_is_typed_in_by_who_has_just_read_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for text, expected in ((" 12 ", 12), ("twelve", None), ("", None), ("-1", None), ("٣", None)):
        monkeypatch.setattr("builtins.input", lambda prompt, text=text: text)
        assert stop.typed() == expected


def test_a_staged_plan_is_offered_and_signed(house: House, run: Run) -> None:
    done = run(
        "register", "--name", "arm", "--version", "1", "--kind", "robot", "--world", "physical", "--party",
        f"{OPERATOR}:provider", "--party", f"{MAKER}:insurer", "--licence", "MIT", "--digest", f"sha256:{'cd' * 32}",
        "--json",
    )  # fmt: skip
    assert done.status == 0, done.err
    seen = run("stop", "arm", "--reason", "x", "--dry-run")
    assert "3 distinct officers terminate" in seen.out
    assert "10 minutes after a suspension under a staged plan: --plan" in seen.out
    order = run("stop", "arm", "--reason", "x", "--as", "officer-1", "--plan", "15", "--json").data["order"]
    assert (order["kind"], order["pause"], order["until"]) == ("suspend", 900_000, 0)
    early = run("stop", "arm", "--reason", "x", "--as", "officer-2", "--count", "0")
    assert (early.status, "officer.staged" in early.err) == (5, True)
    assert run("stop", "arm", "--reason", "x", "--as", "officer-2", "--count", "0", "--suspend").status == 0
