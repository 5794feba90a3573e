# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from tests.unit.cli.conftest import Run
from tests.unit.control.house import House


def test_each_line_with_its_last_test(house: House, run: Run) -> None:
    said = run("redlines", "ls")
    assert said.status == 0, "a new service has a week"
    assert said.out.count("never") == 14
    done = run("redlines", "test", "RL6", "weights.egress", "--json")
    assert done.status == 0
    assert [(each["line"], each["found"]) for each in done.data] == [("RL6", True), ("RL1d", True)]
    again = run("redlines", "ls")
    assert again.out.count("never") == 12
    assert "found in" in again.out
    assert run("redlines", "test", "RL66").status == 3
    rows = run("incidents", "ls", "--all", "--json").data
    assert {each["incident"]["planted"] for each in rows} == {True}
    assert run("incidents", "ls", "--json").data == []


def test_an_evaluation_is_an_officers_word_and_ends(house: House, run: Run) -> None:
    assert run("redlines", "evaluation", "other", "--line", "RL3", "--minutes", "5", "--as", "officer-1").status == 0
    assert run("redlines", "evaluation", "other", "--line", "RL3", "--as", "admin").status == 1
    assert run("redlines", "evaluation", "other", "--line", "RL7", "--as", "officer-1").status == 2, "never excused"
    assert run("redlines", "evaluation", "other", "--line", "RL3", "--minutes", "0", "--as", "officer-1").status == 2
    assert run("redlines", "evaluation", "other", "--line", "RL3", "--minutes", "9999", "--as", "officer-1").status == 2
