# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from hashlib import sha256

import pytest

from answerable.errors import Unavailable
from answerable.log.leaf import leaf_hash
from answerable.log.merkle import root_of
from answerable.model.leaves import RenewalsLeaf
from answerable.model.units import Committed, Unit
from answerable.warrants.renewals import OVERDUE_MS, Renewals
from tests.fleet import Fleet


async def test_a_minute_is_one_leaf_over_its_tokens_in_order() -> None:
    fleet = Fleet()
    renewals = Renewals(fleet.ledger, fleet.clock)
    await renewals.flush()
    assert fleet.ledger.leaves == []
    began = fleet.clock.now
    for token in ("a", "b", "c"):
        renewals.add(token)
        fleet.clock.pass_ms(10)
    await renewals.flush()
    (leaf,) = fleet.ledger.leaves
    assert isinstance(leaf, RenewalsLeaf)
    assert (leaf.num, leaf.t0, leaf.t) == (3, began, began + 30)
    assert leaf.root == root_of([leaf_hash(sha256(t.encode()).digest()) for t in ("a", "b", "c")]).hex()
    assert renewals.pending == 0


async def test_what_cannot_be_written_stays_and_at_last_ends_renewals() -> None:
    fleet = Fleet()
    renewals = Renewals(fleet.ledger, fleet.clock)
    renewals.add("a")
    fleet.ledger.failure = Unavailable("warrant.contended")
    with pytest.raises(Unavailable):
        await renewals.flush()
    assert renewals.pending == 1
    fleet.clock.pass_ms(OVERDUE_MS)
    renewals.check()
    fleet.clock.pass_ms(1)
    with pytest.raises(Unavailable) as error:
        renewals.check()
    assert error.value.code == "warrant.unrecorded"
    fleet.ledger.failure = None
    await renewals.flush()
    renewals.check()


async def test_runs_a_minute_at_a_time_and_survives_a_failure() -> None:
    fleet = Fleet()
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        fleet.ledger.failure = Unavailable("warrant.contended") if len(slept) == 1 else None
        if len(slept) == 3:
            raise asyncio.CancelledError

    renewals = Renewals(fleet.ledger, fleet.clock, sleep=sleep)
    renewals.add("a")
    with pytest.raises(asyncio.CancelledError):
        await renewals.run()
    assert slept == [60.0] * 3
    assert len(fleet.ledger.leaves) == 1


async def test_a_batch_that_is_being_written_at_the_end_is_written_once() -> None:
    fleet = Fleet()
    slow, begun = asyncio.Event(), asyncio.Event()

    async def before(unit: Unit) -> None:
        begun.set()
        await slow.wait()

    class Slow:
        async def commit(self, unit: Unit) -> Committed:
            await before(unit)
            return await fleet.ledger.commit(unit)

    async def at_once(seconds: float) -> None:
        await asyncio.sleep(0)

    renewals = Renewals(Slow(), fleet.clock, sleep=at_once)  # type: ignore[arg-type]  # it commits, that is all
    renewals.add("a")
    running = asyncio.create_task(renewals.run())
    await begun.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    asyncio.get_running_loop().call_later(0.01, slow.set)
    await renewals.flush()
    assert [leaf.num for leaf in fleet.ledger.leaves if isinstance(leaf, RenewalsLeaf)] == [1]
