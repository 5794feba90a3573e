# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from answerable.app import spending
from answerable.app.core import open_core
from answerable.app.spending import budgets, refuse_at_node, spending_of, tidy
from answerable.config import Config, load
from answerable.control.routes.budgets import ls
from answerable.control.routing import Call
from answerable.errors import Refused
from answerable.model.budgets import RESERVED, USED, Amount, Reserved
from answerable.model.terms import Criticality, Effect, World
from answerable.model.tools import MeterKind, ToolClass, ToolMeter
from answerable.model.units import Put, Space, Unit
from answerable.tools.budgets import HOUR_MS
from tests.tool_gate import CLASSES, gate
from tests.unit.app.small_store import config, made

PAYS = ToolClass(
    world=World.INFORMATION, criticality=Criticality.ORDINARY, domain="general", effect=Effect.WRITE,
    meters=(ToolMeter(kind=MeterKind.MONEY, amount="/amount", currency="EUR"),),
)  # fmt: skip


def of(**tables: Any) -> Config:
    return load(environ={}, flags={"store.path": "/x", **tables}).config


def test_budgets_of_the_configuration() -> None:
    (found,) = budgets(of(budgets=[{"meter": "money", "most": 5, "currency": "EUR", "system": "a", "hours": 2}]))
    assert (found.kind, found.most, found.currency, found.system, found.hours) == (MeterKind.MONEY, 5, "EUR", "a", 2)
    for wrong in (
        {"meter": "money", "most": 5},
        {"meter": "tokens", "most": 5, "currency": "EUR"},
        {"meter": "tokens", "most": 5, "tool": "bank"},
    ):
        with pytest.raises(Refused, match=r"config\.value"):
            budgets(of(budgets=[wrong]))
    for broken in ({"meter": "smiles", "most": 5}, {"meter": "tokens", "most": -1}, {"meter": "tokens", "mots": 1}):
        with pytest.raises(Refused, match=r"config\."):
            of(budgets=[broken])


def test_a_node_that_would_hold_to_nothing_does_not_start() -> None:
    refuse_at_node(of())
    for table in ({"budgets": [{"meter": "calls", "most": 5}]}, {"rates": [{"calls": 5}]}):
        with pytest.raises(Refused, match=r"config\.value"):
            refuse_at_node(of(**table))


def test_a_tool_call_is_reserved_and_settled_in_the_units_of_its_leaves(tmp_path: Path) -> None:
    limits = [{"meter": "money", "currency": "EUR", "most": 100_000_000, "system": "Agent"}]
    rates = [{"calls": 2, "seconds": 3600, "tool": "desk/*"}]

    async def work() -> None:
        classes = CLASSES | {"pay": PAYS}
        async with gate(tmp_path, journal=tmp_path / "journal", classes=classes, budgets=limits, rates=rates) as it:

            async def pay(amount: int, to: str) -> dict[str, Any]:
                asked = {"name": "pay", "arguments": {"amount": amount, "to": to}}
                result: dict[str, Any] = (await it.modern("desk", "tools/call", asked)).json()["result"]
                return result

            first = await pay(60, "A")
            assert not first.get("isError"), first
            refused = await pay(41, "B")
            assert refused["isError"]
            assert refused["_meta"]["answerable/error"]["code"] == "budget.spent"
            assert "40000000 left" in str(refused)
            assert not (await pay(40, "C")).get("isError")
            opened = [leaf.x for leaf in await it.opens() if isinstance(leaf.x, dict) and RESERVED in leaf.x]
            assert [told[RESERVED]["most"] for told in opened] == [
                [["calls", 1], ["money", 60_000_000, "EUR"]], [["calls", 1], ["money", 40_000_000, "EUR"]],
            ]  # fmt: skip
            assert {told[RESERVED]["tool"] for told in opened} == {"desk/pay"}
            closed = [leaf.x for leaf in await it.closes() if isinstance(leaf.x, dict) and USED in leaf.x]
            assert [told[USED] for told in closed] == [told[RESERVED]["most"] for told in opened]
            shown = await ls(it.service.node_desk._services, Call(None))
            (row,) = shown.budgets
            assert (row.of, row.used, row.reserved, row.left) == ("system=Agent", 100_000_000, 0, 0)
            assert [rate.calls for rate in shown.rates] == [2]
            slow = await pay(0, "D")
            assert slow["_meta"]["answerable/error"]["code"] == "rate.exceeded"

    asyncio.run(work())


def test_where_nothing_is_configured_nothing_is_written(tmp_path: Path) -> None:
    async def work() -> None:
        async with gate(tmp_path, journal=tmp_path / "journal") as it:
            asked = {"name": "weather", "arguments": {"city": "Ulm"}}
            assert (await it.modern("desk", "tools/call", asked)).status_code == 200
            assert RESERVED not in str(await it.leaves())
            assert not dict(it.core.book.rows(Space.BUDGETS))
            assert (await ls(it.service.node_desk._services, Call(None))).budgets == []

    asyncio.run(work())


def test_rows_that_nothing_counts_any_more_go_at_the_start(tmp_path: Path) -> None:
    async def work() -> None:
        core = await made(tmp_path)
        now = core.now

        def row(number: int, at: int) -> Put:
            amounts = (Amount(kind=MeterKind.CALLS, amount=1),)
            held = Reserved(rid=f"r{number}", system="s", copy="c", party="p", at=at, amounts=amounts)
            return Put(Space.BUDGETS, held.rid, msgspec.json.encode(held))

        old = [row(number, now - 30 * HOUR_MS) for number in range(3 * spending.STEP // 2)]
        await core.ledger.commit(Unit(effects=(*old, row(9_999, now))))
        await core.close()
        core = await open_core(config(tmp_path))
        assert await tidy(core, spending_of(core)) == len(old)
        assert [key for key, _ in core.book.rows(Space.BUDGETS)] == ["r9999"]
        await core.close()

    asyncio.run(work())
