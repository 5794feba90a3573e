# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
from typing import Any

from answerable.errors import Refused
from answerable.model.budgets import Settled
from answerable.model.terms import Outcome
from answerable.model.units import Drop, Expect, Lane, Payload, Put, Rider, Space, Unit
from answerable.pipeline.carry import carry
from answerable.pipeline.riders import joined
from tests.unit.pipeline.tooled import ToolStage


def test_all_that_rides_is_in_the_one_unit() -> None:
    put, drop = Put(Space.CALLS, "k", b"1"), Drop(Space.HELD, "h")
    unit = Unit((b"leaf",), (put,), (Expect(Space.OPENS, "o", None),), (), Lane.ACTION, True)
    one = Rider((b"more",), (drop,), (Expect(Space.HELD, "h", b""),), (Payload("r", "ctx", b"s", b"b"),))
    whole = joined(unit, [one, Rider()])
    assert whole.leaves == (b"leaf", b"more")
    assert whole.effects == (put, drop)
    assert [expect.space for expect in whole.expect] == [Space.OPENS, Space.HELD]
    assert len(whole.payloads) == 1
    assert (whole.lane, whole.witnessed) == (Lane.ACTION, True)


class Reserved:
    """A reservation that notes what is asked of it."""

    told = {"answerable.reserved": {"n": 1}}  # noqa: RUF012  read only
    ceiling = 0

    def __init__(self) -> None:
        self.log: list[Any] = []

    def open(self, rid: str) -> Rider:
        return Rider(effects=(Put(Space.BUDGETS, rid, b"{}"),))

    def close(self, outcome: Outcome, spent: Any, *, sent: bool) -> Settled:
        self.log.append((outcome.value, spent is not None, sent))
        return Settled(Rider(effects=(Drop(Space.BUDGETS, "x"),)), {"answerable.used": 2})

    def let_go(self) -> None:
        self.log.append("gone")


class Budgets:
    def __init__(self) -> None:
        self.reserved = Reserved()
        self.spent = False

    def covers(self, *_: Any) -> bool:
        return True

    def reserve(self, *_: Any) -> Reserved:
        if self.spent:
            raise Refused("budget.spent", budget="b", left=0, frees=0)
        return self.reserved


def with_budgets() -> tuple[ToolStage, Budgets]:
    stage, budgets = ToolStage(carry), Budgets()
    stage.deps = dataclasses.replace(stage.deps, budgets=budgets)  # type: ignore[arg-type]
    return stage, budgets


async def test_a_budget_is_taken_and_settled_with_the_two_leaves() -> None:
    stage, budgets = with_budgets()
    out = await stage.call()
    assert out.error is None
    (opened,), (closed,) = stage.opens, stage.closes
    assert isinstance(opened.x, dict)
    assert opened.x["answerable.reserved"] == {"n": 1}
    assert closed.x == {"answerable.used": 2}
    first, last = stage.ledger.units
    assert Space.BUDGETS in {effect.space for effect in first.effects}
    assert Space.BUDGETS in {effect.space for effect in last.effects}
    assert budgets.reserved.log == [("done", True, True)]


async def test_what_was_never_written_counts_no_more() -> None:
    stage, budgets = with_budgets()
    stage.ledger.failing = lambda unit: Refused("log.conflict") if b'"permit"' in unit.leaves[0] else None
    await stage.call()
    assert budgets.reserved.log == ["gone"]
    assert stage.server.ran == []


async def test_what_was_never_sent_has_used_nothing() -> None:
    stage, budgets = with_budgets()

    async def stop(_unit: Unit) -> None:
        stage.gate.stopped[stage.app.num] = "order"

    stage.ledger.before = stop
    assert (await stage.call()).error.code == "stop.system"
    assert budgets.reserved.log == [("stopped", False, False)]


async def test_a_budget_that_is_spent_refuses_before_anything_is_sent() -> None:
    stage, budgets = with_budgets()
    budgets.spent = True
    out = await stage.call()
    assert out.error.code == "budget.spent"
    assert stage.server.ran == []
    assert [leaf.err for leaf in stage.opens] == ["budget.spent"]
    assert stage.rows() == []
