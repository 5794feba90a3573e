# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from answerable.cli import budgets

ROW: dict[str, Any] = {
    "party": "", "system": "helper", "copy": "", "tool": "bank/*", "meter": "money", "currency": "EUR",
    "most": 100_500_000, "hours": 24, "of": "", "used": 60_000_000, "reserved": 250_000, "left": 40_250_000, "frees": 0,
}  # fmt: skip


def test_a_budget_in_units_that_people_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    assert budgets.budget(ROW) == (
        "system=helper tool=bank/*: 60 EUR used, 0.25 EUR reserved, 40.25 EUR left of 100.5 EUR in 24 h"
    )
    tokens = ROW | {"meter": "tokens", "currency": "", "most": 1_000, "of": "system=x", "tool": "", "system": "*"}
    assert budgets.budget(tokens).startswith("system=x: 60,000,000 tokens used")
    assert "7.2 Wh left" in budgets.budget(ROW | {"meter": "energy", "currency": "", "left": 25_920_000})
    assert "1.5 s left" in budgets.budget(ROW | {"meter": "speech", "currency": "", "left": 1_500})
    assert ", frees " in budgets.budget(ROW | {"frees": 1_763_782_764_000})
    everybody = ROW | {"system": "", "tool": ""}
    assert budgets.budget(everybody).startswith("all: ")


def test_a_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    row = {"party": "", "system": "", "copy": "", "tool": "bank/pay", "calls": 5, "seconds": 60}
    assert budgets.rate(row) == "tool=bank/pay: 5 calls in 60 s"
