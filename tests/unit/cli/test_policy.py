# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from tests.unit.cli.conftest import Run
from tests.unit.control.house import House


def test_rules_are_explained_without_a_service(run: Run) -> None:
    said = run("policy", "explain", "r004")
    assert said.status == 0
    assert said.out.startswith("R004: refuse")
    assert run("policy", "explain", "R004", "--json").data["rule"] == "R004"
    assert run("policy", "explain", "R777").status != 0
    assert "R001" in run("policy", "ls").out


def test_the_rule_behind_a_record_is_found(house: House, run: Run) -> None:
    record = house.act("Ruled.")
    said = run("policy", "explain", record)
    assert said.out.startswith(f"{record}: permit\nR100: permit")
    close = house.run(house.core.reader.close_of(record))
    assert run("policy", "explain", str(close), "--json").data["record"]["rid"] == record
    assert run("policy", "explain", house.system("base").rid).status == 3
