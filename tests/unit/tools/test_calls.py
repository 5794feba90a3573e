# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from typing import Any

import pytest

from answerable.errors import AnswerableError
from answerable.model.calls import CallState
from answerable.model.units import Drop, Rider, Space, Unit
from answerable.registry.book import Book
from answerable.tools import calls as module
from answerable.tools import shares as module_shares
from answerable.tools.calls import Answered, Calls, Run, decode, key_of, over
from tests.fleet import DOMAIN, BookLedger, ManualClock

SECRET = bytes(range(32))
WHAT: dict[str, Any] = {
    "system": "s" * 32, "principal": "", "server": "bank", "tool": "pay", "arguments": b'{"amount":100}',
}  # fmt: skip


class Desk:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.book = Book(DOMAIN)
        self.ledger = BookLedger(self.book, self.clock)
        self.kept: dict[str, bytes] = {}
        self.calls = Calls(self.book, SECRET, self.answer)

    async def answer(self, record: str) -> bytes | None:
        return self.kept.get(record)

    def write(self, rider: Rider) -> None:
        self.ledger.write(Unit((), rider.effects, rider.expect))

    async def enter(self, key: str = "k", system: str = "s") -> Run | Answered:
        return await self.calls.enter(key, system, self.clock.now_ms)

    async def begun(self, record: str = "r1", key: str = "k", system: str = "s") -> Run:
        run = await self.enter(key, system)
        assert isinstance(run, Run)
        self.write(self.calls.begin(run, record, self.clock.now, self.clock.now + 1_000))
        return run

    async def ended(self, ran: CallState | None, key: str = "k", record: str = "r1") -> None:
        run = await self.begun(record, key)
        self.write(self.calls.finish(run, ran))
        self.calls.leave(run)

    async def code(self, key: str = "k", system: str = "s") -> str:
        with pytest.raises(AnswerableError) as caught:
            await self.enter(key, system)
        return caught.value.code


def test_the_vector_of_the_specification() -> None:
    assert key_of(SECRET, **WHAT) == "7udMyItq8r8DjP9LTh4pto70qYDq2PIQWovPY5y2vdU"


def test_everything_that_makes_a_call_makes_its_key() -> None:
    others = [
        {"system": "t" * 32}, {"principal": "ben"}, {"server": "shop"}, {"tool": "tip"}, {"again": "2"},
        {"arguments": b'{"amount":101}'}, {"server": "", "tool": "bankpay"}, {"principal": '"', "server": ""},
    ]  # fmt: skip
    keys = [key_of(SECRET, **WHAT), key_of(bytes(32), **WHAT), *[key_of(SECRET, **WHAT | other) for other in others]]
    assert len(set(keys)) == len(keys)
    assert Calls(Book(DOMAIN), SECRET, Desk().answer).key(**WHAT) == keys[0]


async def test_who_comes_while_it_is_under_way_gets_its_answer() -> None:
    desk = Desk()
    run = await desk.begun()
    waiting = [asyncio.create_task(desk.enter()) for _ in range(5)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    assert desk.calls.running("r1")
    run.content = b"paid"
    desk.write(desk.calls.finish(run, CallState.DONE))
    desk.calls.leave(run)
    assert await asyncio.gather(*waiting) == [Answered("r1", b"paid")] * 5
    assert not desk.calls.running("r1")


async def test_of_those_that_waited_for_what_did_not_run_one_runs() -> None:
    desk = Desk()
    run = await desk.enter()
    assert isinstance(run, Run)
    waiting = [asyncio.create_task(desk.enter()) for _ in range(3)]
    await asyncio.sleep(0)
    desk.calls.leave(run)  # refused before anything was written
    done, pending = await asyncio.wait(waiting, timeout=0.05)
    assert (len(done), len(pending)) == (1, 2)
    (first,) = done
    assert isinstance(first.result(), Run)
    for task in pending:
        task.cancel()
    await asyncio.wait(pending)
    desk.calls.leave(run)  # a run that has ended is nobody's to end again
    assert len(desk.calls._runs) == 1


async def test_what_ran_is_told_again_until_its_time_is_over() -> None:
    desk = Desk()
    await desk.ended(CallState.DONE)
    assert await desk.code() == "call.done"
    desk.kept["r1"] = b"paid"
    assert await desk.enter() == Answered("r1", b"paid")
    assert await desk.calls.answer("r1") == b"paid"
    desk.clock.pass_ms(999)
    assert await desk.enter() == Answered("r1", b"paid")
    desk.clock.pass_ms(1)
    assert isinstance(await desk.enter(), Run)


async def test_what_nobody_saw_the_end_of_blocks_its_key_for_good() -> None:
    desk = Desk()
    await desk.ended(CallState.UNKNOWN)
    desk.clock.pass_ms(10_000_000)
    assert await desk.code() == "call.unknown"
    assert [(key, row.record) for key, row in desk.calls.unsettled()] == [("k", "r1")]
    # Killed between open and close: another process finds the row as it began.
    await desk.begun("r2", "other")
    assert [key for key, _ in desk.calls.unsettled()] == ["k"]
    desk.calls = Calls(desk.book, SECRET, desk.answer)
    assert [key for key, _ in desk.calls.unsettled()] == ["k", "other"]
    assert await desk.code("other") == "call.unknown"


async def test_what_certainly_did_not_run_may_run() -> None:
    desk = Desk()
    await desk.ended(None)
    assert desk.book.count(Space.CALLS) == 0
    assert isinstance(await desk.enter(), Run)


@pytest.mark.parametrize("ran", [None, CallState.UNKNOWN, CallState.DONE])
async def test_it_may_end_while_its_beginning_still_waits_to_be_written(ran: CallState | None) -> None:
    desk = Desk()
    run = await desk.enter()
    assert isinstance(run, Run)
    queue = [desk.calls.begin(run, "r1", desk.clock.now, desk.clock.now + 1_000), desk.calls.finish(run, ran)]
    desk.calls.leave(run)
    for rider in queue:
        desk.write(rider)
    assert [decode(raw).state for _, raw in desk.book.rows(Space.CALLS)] == [
        each for each in (ran,) if each is not None
    ]
    if ran is None:
        assert isinstance(await desk.enter(), Run)


async def test_a_unit_that_was_not_written_leaves_nothing_to_end() -> None:
    desk = Desk()
    run = await desk.enter()
    assert isinstance(run, Run)
    assert desk.calls.finish(run, CallState.DONE) == Rider()
    desk.calls.begin(run, "r1", 0, 1)
    with pytest.raises(AnswerableError) as caught:
        desk.write(desk.calls.finish(run, CallState.DONE))
    assert caught.value.code == "log.conflict"
    assert desk.book.count(Space.CALLS) == 0
    # And two that began over the same row cannot both be written.
    begun = desk.calls.begin(run, "r1", 0, 1)
    desk.write(begun)
    with pytest.raises(AnswerableError) as caught:
        desk.write(begun)
    assert caught.value.code == "log.conflict"


async def test_there_is_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CALLS", 2)
    desk = Desk()
    await desk.ended(CallState.DONE, "a")
    await desk.begun("r2", "b")
    assert await desk.code("c") == "call.full"


async def test_one_system_fills_its_share_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHARE", 2)
    desk = Desk()
    await desk.ended(CallState.UNKNOWN, "a")  # as a server's time-outs make them
    run = await desk.begun("r2", "b")
    assert await desk.code("c") == "call.share"
    assert await desk.code("a") == "call.unknown"
    assert isinstance(await desk.enter("c", "another"), Run)
    # Another process over the same store: rows say whose they are.
    desk.calls = Calls(desk.book, SECRET, desk.answer)
    assert await desk.code("c") == "call.share"
    desk.clock.pass_ms(module_shares.LOOK_MS)
    desk.write(desk.calls.finish(run, None))
    assert isinstance(await desk.enter("c"), Run)


async def test_what_was_never_written_or_is_over_takes_no_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHARE", 1)
    desk = Desk()
    for number in range(3):
        run = await desk.enter(f"k{number}")
        assert isinstance(run, Run)
        assert await desk.code("other") == "call.share", "under way counts"
        desk.calls.leave(run)
    await desk.ended(CallState.DONE, "a")
    assert await desk.code("b") == "call.share"
    desk.clock.pass_ms(1_000)
    again = await desk.enter("a")  # over: its own key is taken anew
    assert isinstance(again, Run)
    desk.calls.leave(again)
    unit = desk.calls.sweep(desk.clock.now)
    assert unit is not None
    desk.ledger.write(unit)
    assert isinstance(await desk.enter("b"), Run)


async def test_rows_go_when_their_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOKED_AT", 2)
    desk = Desk()
    for number in range(5):
        await desk.ended(CallState.DONE, f"k{number}", f"r{number}")
    await desk.ended(CallState.UNKNOWN, "u", "r9")
    assert all(desk.calls.sweep(desk.clock.now) is None for _ in range(4))
    desk.clock.pass_ms(1_000)
    gone: set[str] = set()
    for _ in range(8):
        if (unit := desk.calls.sweep(desk.clock.now)) is not None:
            assert len(unit.effects) <= 2
            assert unit.leaves == ()
            gone |= {effect.key for effect in unit.effects if isinstance(effect, Drop)}
            desk.ledger.write(unit)
    assert gone == {f"k{number}" for number in range(5)}
    assert [key for key, _ in desk.book.rows(Space.CALLS)] == ["u"]


async def test_only_what_ended_is_over() -> None:
    desk = Desk()
    await desk.begun()
    ((_, raw),) = desk.book.rows(Space.CALLS)
    assert not over(decode(raw), desk.clock.now + 10_000_000)


def test_its_rows_end_nobodys_clearance() -> None:
    desk = Desk()
    before = desk.book.changes
    asyncio.run(desk.ended(CallState.DONE))
    assert desk.book.count(Space.CALLS) == 1
    assert desk.book.changes == before
