# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from answerable.control.routes.budgets import ls
from answerable.control.routing import Call
from answerable.errors import Refused
from answerable.model.budgets import Budget, Rate
from answerable.model.tools import MeterKind
from answerable.tools.spending import Spending
from tests.small_nodes import plane
from tests.unit.tools.a_family import Family, generation


async def test_how_every_budget_stands(tmp_path: Path) -> None:
    async with plane(tmp_path / "control") as control:
        services = control.service.node_desk._services
        none = await ls(services, Call(None))
        assert (none.budgets, none.rates) == ([], [])
        family = Family()
        spending = Spending(
            family.book,
            control.service.core.clock,
            budgets=[Budget(kind=MeterKind.CALLS, most=5, system="*"), Budget(kind=MeterKind.TOKENS, most=7)],
            rates=[Rate(calls=3, seconds=60, party=family.firm.id)],
        )
        with pytest.raises(Refused, match=r"budget\.spent"):
            spending.reserve(generation(max_tokens=100_000), family.bearer(family.root), None)
        taken = Spending(family.book, control.service.core.clock, budgets=[spending.budgets.budgets[0]])
        assert taken.reserve(generation(), family.bearer(family.root), None) is not None
        shown = await ls(dataclasses.replace(services, spending=taken), Call(None))
        (row,) = shown.budgets
        assert (row.of, row.meter, row.used, row.reserved, row.left, row.hours) == (
            f"system={family.founder.rid}", "calls", 0, 1, 4, 24,
        )  # fmt: skip
        assert row.frees > shown.now
        both = await ls(dataclasses.replace(services, spending=spending), Call(None))
        assert [(each.of, each.left) for each in both.budgets] == [("", 5), ("", 7)]
        assert [(rate.calls, rate.seconds, rate.party) for rate in both.rates] == [(3, 60, family.firm.id)]
        assert (await ls(dataclasses.replace(services, spending=None), Call(None))).budgets == []
