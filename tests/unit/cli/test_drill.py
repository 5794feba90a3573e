# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from answerable.cli import drill

CANARY: dict[str, Any] = {
    "every_ms": 600_000,
    "answer_ms": 10_000,
    "due": 1_763_782_764_000,
    "gateways": ["main", "berlin"],
    "last": None,
    "problem": "",
}
LAST: dict[str, Any] = {
    "at": 1_763_782_764_000,
    "order": "o",
    "answered": {"main": 3, "paris": 41},
    "silent": ["berlin"],
    "last_ms": 41,
    "bound_ms": 60_262,
    "record": "r",
}
CONDITION: dict[str, Any] = {
    "name": "partitioned",
    "holders": 4,
    "actions": 9,
    "bound_ms": 15_254,
    "measured_ms": 14_980,
    "effects_ms": 16_254,
    "violations": 0,
    "alive": True,
}
REPORT: dict[str, Any] = {
    "name": "3",
    "tier": 3,
    "row": "frontier",
    "at": 1_763_782_764_000,
    "life_ms": 15_000,
    "conditions": [CONDITION],
    "held": True,
    "next": 1_771_731_564_000,
    "record": "r" * 32,
}


def test_who_did_not_answer_is_named_and_is_an_alarm() -> None:
    lines = drill.of_canary({**CANARY, "last": LAST, "problem": "drill.silent"})
    text = "\n".join(lines)
    assert "DID NOT ANSWER: berlin" in text
    assert "ALARM: drill.silent" in text
    assert "41 ms (bound 60262 ms): main 3 ms, paris 41 ms" in text
    assert "ALARM" not in "\n".join(drill.of_canary(CANARY))
    assert "No canary" in drill.of_canary({**CANARY, "every_ms": 0})[0]


def test_the_report_sets_the_bound_beside_the_measured() -> None:
    text = drill.markdown(REPORT)
    assert "| partitioned | 4 | 15254 | 14980 | 16254 | 0 | yes |" in text
    assert "The bound held." in text
    assert "Next due" in text
    broken = drill.markdown({**REPORT, "held": False, "conditions": [{**CONDITION, "violations": 2, "alive": False}]})
    assert "DID NOT HOLD" in broken
    assert "| 2 | NO |" in broken


def test_the_plan_says_what_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    row = {
        "name": "2", "tier": 2, "row": "systemic", "life_ms": 60_000, "bound_ms": 60_262, "systems": 3, "last": 0,
        "due": 1, "overdue": True,
    }  # fmt: skip
    text = "\n".join(drill.of_plan({"plan": [row, {**row, "last": 5, "due": 1_771_731_564_000, "overdue": False}]}))
    assert "DUE NOW; never practised" in text
    assert "bound 60262 ms, 3 systems" in text
    monkeypatch.setenv("ANSWERABLE_LANG", "zh")
    assert "已到期" in "\n".join(drill.of_plan({"plan": [row]}))
    assert "网络分区" in drill.markdown(REPORT)


def test_a_world_is_called_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    report = {**REPORT, "name": "physical", "tier": -1, "row": "physical"}
    assert drill.markdown(report).startswith("# Stop drill, the physical world (physical)\n")
    monkeypatch.setenv("ANSWERABLE_LANG", "zh")
    assert drill.markdown(report).startswith("# 终止演练，物理界（physical）\n")
