# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.cli.log_retention import lines
from tests.unit.cli.conftest import Run
from tests.unit.control.house import House


def test_it_says_how_long_and_how_much(house: House, run: Run) -> None:
    house.act("Counted.")
    said = run("log", "retention")
    assert said.status == 0
    assert "otherwise: 30 days" in said.out
    assert "lasting" in said.out
    assert "erased: 0, not yet gone: 0, legal holds: 0" in said.out
    assert run("log", "retention", "--json").data["default"] == 30


def test_rules_are_told_in_their_order() -> None:
    rule = {"act": None, "audience": None, "data_class": None, "world": None, "party": "", "system": "", "tier": 0}
    found = {
        "rules": [{**rule, "days": 7, "data_class": "confidential", "tier": 2}, {**rule, "days": 0}],
        "default": 30,
        "kept": [{"until": 86_400_000, "payloads": 3, "bytes": 9, "overdue": True}],
        "erased": 1,
        "unfinished": 2,
        "holds": [],
    }
    told = list(lines(found))
    assert told[0] == "rule 1: data_class confidential, tier 2: 7 days"
    assert told[1] == "rule 2: *: not kept"
    assert told[2] == "otherwise: 30 days"
    assert "overdue, under a legal hold" in told[4]
    assert told[-1] == "erased: 1, not yet gone: 2, legal holds: 0"
