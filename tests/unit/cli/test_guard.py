# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.cli.guard import ENROLMENT
from answerable.guard.primitives import PRIMITIVES
from tests.unit.cli.conftest import Run


def test_the_table_says_each_promise_and_what_is_missing(run: Run) -> None:
    said = run("guard", "--check", "--json")
    assert [row["name"] for row in said.data] == [each.name for each in PRIMITIVES]
    missing = [row for row in said.data if row["needed"] and not row["there"]]
    assert said.status == (4 if missing else 0)
    people = run("guard", "--check")
    for each, row in zip(PRIMITIVES, said.data, strict=True):
        assert each.name in people.out
        assert (each.promise if row["there"] else each.without) in people.out


def test_it_is_told_whose_warrant_and_what_to_run(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENROLMENT, raising=False)
    assert run("guard", "--system", "x").status == 2
    said = run("guard", "--", "true")
    assert said.status == 2
    assert "--enrolment" in said.err


def test_the_command_behind_the_dashes_is_the_programs_own(run: Run) -> None:
    said = run("guard", "--enrolment", "/nonexistent", "--unsafe-without", "nothing", "--", "true", "--check", "--json")
    assert said.status == 2
    assert "guard.primitive_unknown" in said.err
