# SPDX-License-Identifier: Apache-2.0
"""Budgets: how much of each is used, reserved and left, and when it frees."""

from __future__ import annotations

from answerable.control.answers import Answer
from answerable.control.routing import Call, Route
from answerable.control.services import Services
from answerable.model.budgets import Standing
from answerable.model.terms import AdminRole


class BudgetShown(Answer, frozen=True, kw_only=True):
    """For whom it is, as configured; of: which of its sums (``system=<record id>``), "" for all together. Amounts in
    the meter's own unit: millionths of the currency, millijoule, milliseconds. frees: ms UTC when the oldest of what is
    counted is not counted any more, 0 while nothing is."""

    party: str
    system: str
    copy: str
    tool: str
    meter: str
    currency: str
    most: int
    hours: int
    of: str
    used: int
    reserved: int
    left: int
    frees: int


class RateShown(Answer, frozen=True, kw_only=True):
    """For whom a rate is, as configured."""

    party: str
    system: str
    copy: str
    tool: str
    calls: int
    seconds: int


class BudgetsShown(Answer, frozen=True, kw_only=True):
    now: int
    budgets: list[BudgetShown]
    rates: list[RateShown]


async def ls(services: Services, call: Call[None]) -> BudgetsShown:
    now = services.clock.now_ms()
    spending = services.spending
    if spending is None:
        return BudgetsShown(now=now, budgets=[], rates=[])
    return BudgetsShown(
        now=now,
        budgets=[_shown(standing) for standing in spending.standing()],
        rates=[
            RateShown(
                party=rate.party, system=rate.system, copy=rate.copy, tool=rate.tool, calls=rate.calls,
                seconds=rate.seconds,
            )
            for rate in spending.rates.rates
        ],
    )  # fmt: skip


def _shown(standing: Standing) -> BudgetShown:
    budget = standing.budget
    return BudgetShown(
        party=budget.party, system=budget.system, copy=budget.copy, tool=budget.tool, meter=budget.kind.value,
        currency=budget.currency, most=budget.most, hours=budget.hours, of=standing.of, used=standing.used,
        reserved=standing.reserved, left=standing.left, frees=standing.frees,
    )  # fmt: skip


ROUTES = (
    Route(
        "GET", "/budgets", AdminRole.VIEWER, ls, BudgetsShown, "Budgets: used, reserved, left; and the rates."
    ),
)  # fmt: skip
