# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from tests.unit.cli.conftest import Run
from tests.unit.control.house import House
from tests.unit.control.routes.test_calls import lost


def test_a_person_looks_and_settles(house: House, run: Run) -> None:
    ran, never = lost(house, "cli a"), lost(house, "cli b")
    shown = run("calls", "ls")
    assert shown.status == 0
    assert ran in shown.out
    assert {each["record"] for each in run("calls", "ls", "--json").data} >= {ran, never}
    done = run("calls", "settle", ran, "--outcome", "done", "--reason", "it is booked", "--as", "officer-1")
    assert done.status == 0
    assert f"SETTLED: {ran} ran" in done.out
    undone = run(
        "calls", "settle", never, "--outcome", "undone", "--reason", "not there", "--as", "officer-1", "--json"
    )
    assert undone.data["blocks"] is False
    again = run("calls", "settle", ran, "--outcome", "done", "--reason", "again", "--as", "officer-1")
    assert again.status == 3
    assert "call.absent" in again.err
    assert ran not in run("calls", "ls").out


def test_it_is_asked_for_what_and_why(house: House, run: Run) -> None:
    record = lost(house, "cli c")
    assert run("calls", "settle", record, "--outcome", "perhaps", "--reason", "x").status == 2
    assert run("calls", "settle", record, "--outcome", "done").status == 2
