# SPDX-License-Identifier: Apache-2.0
"""Budgets and rates of the service: from the configuration, over the rows of the store, following what is written."""

from __future__ import annotations

import logging
from typing import Final

from answerable.app.core import Core
from answerable.config import BudgetConfig, Config, RateConfig
from answerable.errors import AnswerableError, Refused
from answerable.model.budgets import Budget, Rate
from answerable.model.scopes import EVERY, FORM
from answerable.model.tools import MeterKind
from answerable.model.units import Space, Unit
from answerable.tools.spending import Spending
from answerable.tools.wanted import Prices

# Rows that nothing counts any more, dropped in one unit.
STEP: Final = 256
log: Final = logging.getLogger("answerable.spending")


def spending_of(core: Core) -> Spending:
    """It counts what the store holds, and from here on what is written. Raises Refused ``config.value``, Unavailable
    ``system.damaged``."""
    config = core.config
    spending = Spending(
        core.book, core.clock, budgets=budgets(config), rates=[_rate(rate) for rate in config.rates],
        prices=Prices(
            config.meter.millijoule_per_token, config.meter.currency, config.meter.price_in, config.meter.price_out
        ),
    )  # fmt: skip
    spending.budgets.load(core.book.rows(Space.BUDGETS))
    core.watch(spending.budgets.follow, Space.BUDGETS)
    return spending


async def tidy(core: Core, spending: Spending) -> int:
    """Drop the rows that nothing counts any more, a few hundred at a time; how many there were."""
    gone = 0
    while effects := spending.budgets.outlived(core.now, STEP):
        try:
            await core.ledger.commit(Unit(effects=effects))
        except AnswerableError as error:
            log.warning("old rows of budgets stay until the next start: %s", error)
            break
        gone += len(effects)
    return gone


def budgets(config: Config) -> tuple[Budget, ...]:
    """Raises Refused ``config.value``."""
    return tuple(_budget(budget) for budget in config.budgets)


def refuse_at_node(config: Config) -> None:
    """A gateway node counts nothing: what is configured there would not be held to. Raises Refused ``config.value``."""
    for name, given in (("budgets", config.budgets), ("rates", config.rates)):
        if given:
            raise Refused("config.value", detail=f"{name}: a gateway node counts none; set them at the registry's own")


def _budget(config: BudgetConfig) -> Budget:
    if (config.meter is MeterKind.MONEY) != bool(config.currency):
        raise Refused("config.value", detail="budgets: money has a currency, and nothing else has one")
    _form(config.tool, "budgets")
    return Budget(
        party=config.party, system=config.system, copy=config.copy, tool=config.tool, kind=config.meter,
        most=config.most, hours=config.hours, currency=config.currency,
    )  # fmt: skip


def _rate(config: RateConfig) -> Rate:
    _form(config.tool, "rates")
    return Rate(
        party=config.party, system=config.system, copy=config.copy, tool=config.tool, calls=config.calls,
        seconds=config.seconds,
    )  # fmt: skip


def _form(tool: str, table: str) -> None:
    if tool and tool != EVERY and not FORM.fullmatch(tool):
        raise Refused("config.value", detail=f"{table}.tool: {tool!r} is not server/tool, server/* or *")
