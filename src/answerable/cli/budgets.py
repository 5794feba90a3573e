# SPDX-License-Identifier: Apache-2.0
"""`budgets`: what may be used in a window of time, and how much of it is used, reserved and left."""

from __future__ import annotations

import argparse
from typing import Any, Final

from answerable.cli.parser import Parser, children
from answerable.cli.talk import emit, pick, when

EXAMPLES: Final = """\
  answerable budgets ls               every budget: used, reserved, left, when it frees; and the rates
  answerable budgets ls --json
"""
# Units that people read: (what one of them is, its name).
_UNITS: Final = {"money": (1_000_000, ""), "energy": (3_600_000, "Wh"), "speech": (1_000, "s")}


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    new_verb = children(parser)
    new_verb("ls", "every budget and rate").set_defaults(run=ls)


def ls(args: argparse.Namespace) -> int:
    from answerable.cli.session import session

    found = session(args).get("/budgets")
    nothing = pick("No budget and no rate is configured.", "未配置预算与速率。")
    emit(args, found, [*map(budget, found["budgets"]), *map(rate, found["rates"])] or [nothing])
    return 0


def budget(row: dict[str, Any]) -> str:
    """One line."""
    frees = pick(f", frees {when(row['frees'])}", f"，{when(row['frees'])} 起释放") if row["frees"] else ""
    used, reserved, left, most = (amount(row, row[name]) for name in ("used", "reserved", "left", "most"))
    return pick(
        f"{whose(row)}: {used} used, {reserved} reserved, {left} left of {most} in {row['hours']} h{frees}",
        f"{whose(row)}：{row['hours']} 小时内共 {most}，已用 {used}，预留 {reserved}，剩余 {left}{frees}",
    )


def rate(row: dict[str, Any]) -> str:
    """One line."""
    return pick(
        f"{whose(row)}: {row['calls']} calls in {row['seconds']} s",
        f"{whose(row)}：每 {row['seconds']} 秒 {row['calls']} 次调用",
    )


def amount(row: dict[str, Any], number: int) -> str:
    """In a unit that people read."""
    one, name = _UNITS.get(row["meter"], (1, row["meter"]))
    text = f"{number / one:,.6f}".rstrip("0").rstrip(".") if one > 1 else f"{number:,}"
    return f"{text} {row['currency'] or name}".strip()


def whose(row: dict[str, Any]) -> str:
    """Which of its sums, or whom it is for."""
    if row.get("of"):
        return str(row["of"])
    named = [f"{part}={row[part]}" for part in ("party", "system", "copy", "tool") if row[part]]
    return " ".join(named) or pick("all", "全部")
