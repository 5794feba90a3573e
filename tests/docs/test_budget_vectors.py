# SPDX-License-Identifier: Apache-2.0
"""`docs/spec/budgets.md`: the vectors are what the writer writes, and what they say follows from the page."""

from __future__ import annotations

import json
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import Any

import pytest

from answerable.model.tools import MeterKind
from tools import vectors

SPEC = Path(__file__).parents[2] / "docs" / "spec"
VECTORS: dict[str, Any] = json.loads((SPEC / "vectors" / "budgets.json").read_text("utf-8"))
PAGE = (SPEC / "budgets.md").read_text("utf-8")


def test_the_file_is_what_the_writer_writes() -> None:
    assert (SPEC / "vectors" / "budgets.json").read_text("utf-8") == vectors.text("budgets")


@pytest.mark.parametrize("row", VECTORS["generations"])
def test_what_a_generation_reserves(row: dict[str, Any]) -> None:
    asked, found = row["request"], {each[0]: each[1] for each in row["reserved"]}
    own = [asked[name] for name in ("max_completion_tokens", "max_tokens", "max_output_tokens") if name in asked]
    out = (max(own) if own else 8_192) * asked.get("n", 1)
    into = row["bytes"] + 256
    assert found["calls"] == 1
    assert found["tokens"] == into + out
    assert found["energy"] == -(-5 * (into + out) // 2)
    assert found["money"] == -(-(15 * into + 100 * out) // 10)
    assert found.get("images", 0) == (asked.get("n", 1) if "prompt" in asked else 0)
    assert found.get("speech", 0) == (250 * len(asked["input"]) if "voice" in asked else 0)


@pytest.mark.parametrize("row", VECTORS["calls"])
def test_what_a_tool_call_reserves(row: dict[str, Any]) -> None:
    meter, value = row["meter"], row["arguments"]
    for part in filter(None, meter.get("amount", "").split("/")):
        value = value.get(part) if isinstance(value, dict) else None
    if meter["kind"] == "calls":
        assert row["reserved"] == [["calls", 1]]
        return
    scale = 6 - meter.get("minor", 0) if meter["kind"] == "money" else 0
    amount = meter.get("most", 0)
    if value is not None:
        amount = int((Decimal(str(value)).scaleb(scale)).to_integral_value(ROUND_CEILING))
    assert row["reserved"][0] == ["calls", 1]
    assert [each[1] for each in row["reserved"][1:]] == ([amount] if amount else [])


@pytest.mark.parametrize("row", VECTORS["windows"])
def test_a_step_counts_until_the_whole_of_it_is_outside(row: dict[str, Any]) -> None:
    width = row["hours"] * 3_600_000
    step = width // 288
    assert row["until"] == (row["at"] // step + 1) * step + width
    assert width < row["until"] - row["at"] <= width + step


def test_the_page_names_every_meter_and_refusal() -> None:
    for kind in MeterKind:
        assert f"| `{kind.value}` |" in PAGE
    assert {row["code"] for row in VECTORS["refused"]} == {"budget.untold"}
    for member in ("answerable.reserved", "answerable.used", "answerable.made"):
        assert member in PAGE
