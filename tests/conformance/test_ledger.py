# SPDX-License-Identifier: Apache-2.0
"""`ports.Ledger` over every store: what the contract promises, whatever lies under it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from answerable.errors import Refused
from answerable.log.leaf import rid
from answerable.model.units import Drop, Effect, Expect, Lane, Put, Space, Unit
from answerable.ports import Ledger, Store
from answerable.sequencer.reader import Reader
from tests.ledger import closing, guard_at, leaf, opening, recomputed, sequencer_over, store_of


class Running:
    store: Store
    ledger: Ledger
    reader: Reader
    directory: dict[tuple[Space, str], bytes]


@pytest_asyncio.fixture(params=["sqlite", "memory", "postgres"])
async def running(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Running]:
    made = Running()
    made.store = store_of(request, tmp_path)
    made.directory = {}

    def follow(effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            if isinstance(effect, Put):
                made.directory[effect.space, effect.key] = effect.value
            else:
                made.directory.pop((effect.space, effect.key), None)

    sequencer = sequencer_over(made.store, guard_at(tmp_path), listeners=[follow])
    await sequencer.start()
    made.ledger = sequencer
    made.reader = Reader(made.store, published=sequencer.published)
    yield made
    await made.reader.close()
    await sequencer.close()


async def test_the_directory_shows_what_was_committed(running: Running) -> None:
    unit, its = opening()
    await running.ledger.commit(unit)
    assert running.directory == {(Space.OPENS, its): b"1763782764123"}
    await running.ledger.commit(closing(its))
    assert running.directory == {}
    assert await running.reader.close_of(its) is not None


async def test_of_two_that_race_one_wins(running: Running) -> None:
    def take(name: str) -> Unit:
        return Unit(
            leaves=(leaf(),),
            effects=(Put(Space.NONCES, "n", name.encode()),),
            expect=(Expect(Space.NONCES, "n", None),),
        )

    done = await asyncio.gather(*(running.ledger.commit(take(str(n))) for n in range(20)), return_exceptions=True)
    assert sum(not isinstance(result, BaseException) for result in done) == 1
    assert {r.code for r in done if isinstance(r, Refused)} == {"log.conflict"}
    assert running.store.head()[0] == 1


async def test_many_clients_in_all_lanes(running: Running) -> None:
    async def act(number: int) -> None:
        lane = Lane.STOP if number % 10 == 0 else Lane.ACTION
        unit, its = opening(lane)
        first = await running.ledger.commit(unit)
        close = closing(its)
        second = await running.ledger.commit(close)
        assert second.first > first.first
        assert await running.reader.find(its) == unit.leaves[0]
        assert await running.reader.close_of(its) == rid(close.leaves[0])

    await asyncio.gather(*(act(number) for number in range(100)))
    assert running.store.head() == recomputed(running.store)
    assert running.store.head()[0] == 200
    assert running.directory == {}


async def test_a_close_whose_open_never_came_is_refused(running: Running) -> None:
    with pytest.raises(Refused) as conflict:
        await running.ledger.commit(closing("a" * 32))
    assert conflict.value.code == "log.conflict"
    await running.ledger.commit(Unit(leaves=(leaf(),), effects=(Drop(Space.MISC, "nothing"),)))
