# SPDX-License-Identifier: Apache-2.0
"""Budgets over a restart, whatever store lies under the log: what was reserved and never settled counts whole, what was
settled counts as settled, and what was never written not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from answerable.errors import Refused
from answerable.model.budgets import Amount, Budget, Reserved
from answerable.model.tools import MeterKind
from answerable.model.units import Rider, Space, Unit
from answerable.ports import Store
from answerable.sequencer.sequencer import Sequencer
from answerable.tools.accounts import Account, Level
from answerable.tools.budgets import Budgets, Held
from tests.ledger import closing, guard_at, opening, sequencer_over, sqlite_store

LIMIT = Budget(kind=MeterKind.TOKENS, most=100)
NOW = 1_763_782_764_000


@pytest.fixture(params=["sqlite", "postgres"])
def reopened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    """Opens the same store, each time anew."""
    if request.param == "sqlite":
        return lambda: sqlite_store(tmp_path)
    from tests.postgres import postgres_store

    server = request.getfixturevalue("postgres")
    make = postgres_store(server, server.database())
    return lambda: make(tmp_path)


def who(row: Reserved) -> Account:
    return Account((Level(row.system, (row.system,), row.copy, (row.copy,)),), row.party, (row.party,))


def row(tokens: int) -> Reserved:
    amounts = (Amount(kind=MeterKind.TOKENS, amount=tokens),)
    return Reserved(rid="", system="s", copy="c", party="p", at=NOW, amounts=amounts)


def with_rider(unit: Unit, rider: Rider) -> Unit:
    return msgspec.structs.replace(unit, effects=(*unit.effects, *rider.effects))


def test_a_crash_between_open_and_close_neither_frees_nor_loses(reopened: Callable[[], Store], tmp_path: Path) -> None:
    async def first() -> None:
        store = reopened()
        budgets = Budgets([LIMIT], who)
        ledger: Sequencer = sequencer_over(store, guard_at(tmp_path), listeners=(budgets.follow,))
        await ledger.start()
        settled, rid = await opened(ledger, budgets, 30)
        rider = budgets.settle(settled, (Amount(kind=MeterKind.TOKENS, amount=12),))
        await ledger.commit(with_rider(closing(rid), rider))
        await opened(ledger, budgets, 40)  # its end is never written
        never = budgets.reserve(row(48), NOW)  # nor this one's beginning
        budgets.bind(never, "never")
        with pytest.raises(Refused, match=r"budget\.spent"):
            budgets.reserve(row(1), NOW)
        await ledger.close()

    async def second() -> None:
        store = reopened()
        budgets = Budgets([LIMIT], who)
        budgets.load([(key, bytes(value)) for key, value in store.rows(Space.BUDGETS)])
        ledger: Sequencer = sequencer_over(store, guard_at(tmp_path), listeners=(budgets.follow,))
        await ledger.start()
        assert len(ledger.settled) == 1  # the action is closed as unknown
        (standing,) = budgets.standing(NOW)
        assert (standing.used, standing.reserved, standing.left) == (12, 40, 48)
        with pytest.raises(Refused, match=r"budget\.spent"):
            budgets.reserve(row(49), NOW)
        await opened(ledger, budgets, 48)
        await ledger.close()

    async def opened(ledger: Sequencer, budgets: Budgets, tokens: int) -> tuple[Held, str]:
        held = budgets.reserve(row(tokens), NOW)
        unit, rid = opening()
        await ledger.commit(with_rider(unit, budgets.bind(held, rid)))
        return held, rid

    asyncio.run(first())
    asyncio.run(second())
