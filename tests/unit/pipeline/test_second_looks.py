# SPDX-License-Identifier: Apache-2.0
"""What a tool call meets when the world moves while it waits: for people, for its twin, for the log."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import msgspec
import pytest

from answerable.errors import Unavailable
from answerable.log.leaf import decode, rid
from answerable.model.calls import Call
from answerable.model.holds import Ballot, Hold
from answerable.model.leaves import CloseLeaf, OpenLeaf
from answerable.model.terms import Criticality
from answerable.model.units import Committed, Space, Unit
from answerable.pipeline.carry import carry
from answerable.registry.book import Book
from answerable.sequencer.replay_calls import Told
from answerable.tools.calls import decode as call_row
from tests.fleet import DOMAIN, BookLedger, ManualClock
from tests.unit.pipeline.scripted import Ledger, Recorder, bearer
from tests.unit.pipeline.tool_scenarios import GRAVE
from tests.unit.pipeline.tooled import PAY, ToolStage

PLAIN = msgspec.structs.replace(PAY, idempotency_s=0)
ANEW = msgspec.structs.replace(PAY, rid="u" * 32)


class Queue(Ledger):
    """A ledger as the sequencer is one: what was taken is written in order, whether or not its caller still waits."""

    def __init__(self, stage: ToolStage) -> None:
        super().__init__()
        self._ledger = stage.ledger
        self._taken: list[asyncio.Task[Committed]] = []
        self.taken = asyncio.Event()
        self.write = asyncio.Event()
        stage.deps = dataclasses.replace(stage.deps, ledger=self)

    async def commit(self, unit: Unit) -> Committed:
        self._taken.append(asyncio.create_task(self._written(unit, *self._taken[-1:])))
        self.taken.set()
        return await asyncio.shield(self._taken[-1])

    async def _written(self, unit: Unit, *before: asyncio.Task[Committed]) -> Committed:
        await asyncio.gather(*before, return_exceptions=True)
        await self.write.wait()
        return await self._ledger.commit(unit)


async def test_a_call_that_is_stopped_while_it_is_written_down_leaves_its_key_free() -> None:
    stage = ToolStage(carry)
    queue = Queue(stage)
    task = asyncio.create_task(stage.call())
    await queue.taken.wait()
    stage.gate.stopped[stage.app.num] = "order"
    assert stage.flights.stops_changed() == 1
    await asyncio.sleep(0.01)
    queue.write.set()
    assert (await task).code == "stop.system"
    assert [leaf.dec for leaf in stage.opens] == ["permit"]
    assert [(leaf.st, leaf.x) for leaf in stage.closes] == [("stopped", {"answerable.ran": "no"})]
    assert stage.rows() == rebuilt(stage.ledger) == []
    stage.gate.stopped.clear()
    assert (await stage.call()).error is None
    assert len(stage.server.ran) == 1
    assert stage.rows() == rebuilt(stage.ledger) != []


def rebuilt(ledger: Ledger) -> list[Call]:
    """The rows of calls as the leaves tell them."""
    store = BookLedger(Book(DOMAIN), ManualClock())
    told = Told(store.book)
    payloads = {(each.rid, each.group): each.body.decode() for unit in ledger.units for each in unit.payloads}
    for unit in ledger.units:
        for data in unit.leaves:
            leaf = decode(data)
            if isinstance(leaf, OpenLeaf) and leaf.dec == "permit":
                store.write(Unit((), tuple(told.begun(leaf, rid(data), lambda *which: payloads.get(which)))))
            elif isinstance(leaf, CloseLeaf):
                store.write(Unit((), tuple(told.ended(leaf))))
    return [call_row(raw) for _, raw in store.book.rows(Space.CALLS)]


async def a_hold(stage: ToolStage) -> tuple[Recorder, Hold]:
    """A call that its caller said is critical, and that waits for two people. Asked again without that word, nobody
    would have to agree to it."""
    stage.let_in(max_criticality=Criticality.CRITICAL)
    out = await stage.call(criticality=Criticality.CRITICAL)
    assert out.code == "action.held"
    hold = stage.held.holds.get(out.error.params["hold"])
    assert hold is not None
    return out, hold


async def test_who_names_a_hold_gets_what_it_allows_once_whatever_is_asked_of_the_call_now() -> None:
    stage = ToolStage(carry, PLAIN)
    out, hold = await a_hold(stage)
    waiting = await stage.call(hold=hold.rid)
    assert waiting.code == "action.held"
    assert (waiting.error.params["hold"], waiting.error.params["needed"]) == (hold.rid, 2)
    assert stage.opens[-1].dec == "hold"
    assert stage.server.ran == []
    stage.approve(out)
    ran = await stage.call(hold=hold.rid)
    assert ran.error is None
    spent = stage.held.holds.get(hold.rid)
    assert spent is not None
    assert spent.spent == ran.record
    for _ in range(2):
        assert (await stage.call(hold=hold.rid)).record == ran.record
    stage.deps = dataclasses.replace(stage.deps, calls=forgetful(stage))
    assert (await stage.call(hold=hold.rid)).code == "hold.spent"
    assert len(stage.server.ran) == 1
    assert (await stage.call()).error is None, "without its name it is a call like any other"


def forgetful(stage: ToolStage) -> Any:
    """Calls whose answers are not kept any more."""

    async def gone(_record: str) -> None:
        return None

    return type(stage.calls)(stage.held.book, bytes(32), gone)


async def test_what_people_rejected_or_let_lapse_does_not_run_by_its_name() -> None:
    stage = ToolStage(carry, PLAIN)
    _, hold = await a_hold(stage)
    stage.held.decide(stage.held.vote(hold, Ballot.REJECT, stage.held.people[0]), policy=hold.pol)
    assert (await stage.call(hold=hold.rid)).code == "hold.rejected"
    later(stage, hold.exp)
    assert (await stage.call(hold=hold.rid)).code == "hold.expired"
    out, hold = await a_hold(stage)
    stage.approve(out)
    later(stage, hold.exp)
    assert (await stage.call(hold=hold.rid)).code == "hold.expired"
    assert (await stage.call(hold="z" * 32)).code == "hold.unknown"
    stage.deps = dataclasses.replace(stage.deps, holds=None)
    assert (await stage.call(hold=hold.rid)).code == "hold.unknown"
    assert stage.server.ran == []


async def test_what_people_changed_runs_as_they_changed_it_by_its_name() -> None:
    stage = ToolStage(carry, PLAIN)
    _, hold = await a_hold(stage)
    held = stage.held
    leaf, changed = held.change(hold, {"amount": 5}, held.people[0])
    hold = held.decide(leaf, changed, policy=hold.pol)
    held.decide(held.vote(hold, Ballot.APPROVE, held.people[1]), policy=hold.pol)
    assert (await stage.call(hold=hold.rid)).error is None
    assert stage.server.ran == [b'{"arguments":{"amount":5},"name":"pay"}']


def later(stage: ToolStage, ms: int) -> None:
    stage.clock.ms = stage.held.clock.now = ms
    stage.let_in(max_criticality=Criticality.CRITICAL)
    stage.desk.models = {each: bearer(stage.bank, exp_ms=ms + 60_000) for each in stage.desk.models}


@pytest.mark.parametrize("how", ["classified anew", "withdrawn", "listed otherwise"])
async def test_a_tool_that_changed_while_its_call_was_written_down_is_not_called(how: str) -> None:
    stage = ToolStage(carry)

    async def change(_unit: Unit) -> None:
        stage.ledger.before = None
        move(stage, how)

    stage.ledger.before = change
    out = await stage.call()
    assert out.code == ("tool.unknown" if how == "withdrawn" else "tool.changed")
    assert stage.server.ran == []
    assert [leaf.x for leaf in stage.closes] == [{"answerable.ran": "no"}]
    assert stage.rows() == []


@pytest.mark.parametrize("how", ["classified anew", "withdrawn", "listed otherwise"])
async def test_a_tool_that_changed_while_its_call_waited_for_a_twin_is_not_called(how: str) -> None:
    stage = ToolStage(carry)

    writing, written = asyncio.Event(), asyncio.Event()

    async def wait(_unit: Unit) -> None:
        writing.set()
        await written.wait()

    stage.ledger.before = wait
    stage.ledger.failing = lambda unit: Unavailable("log.full") if b'"permit"' in unit.leaves[0] else None
    first = asyncio.create_task(stage.call())
    await writing.wait()
    second = asyncio.create_task(stage.call())
    await asyncio.sleep(0.005)
    stage.ledger.before = None
    move(stage, how)
    written.set()
    assert (await first).code == "log.full"
    assert (await second).code == ("tool.unknown" if how == "withdrawn" else "tool.changed")
    assert [leaf.dec for leaf in stage.opens] == ["refuse", "refuse"]
    assert stage.server.ran == []


def move(stage: ToolStage, how: str) -> None:
    if how == "classified anew":
        stage.registry.tools[PAY.key] = ANEW
    elif how == "withdrawn":
        del stage.registry.tools[PAY.key]
    else:
        stage.registry.changed.add(PAY.key)


async def test_an_approval_ends_with_the_tool_that_it_was_given_for() -> None:
    stage = ToolStage(carry, GRAVE)
    stage.let_in(max_criticality=Criticality.CRITICAL)
    out = await stage.call()
    hold = stage.approve(out)
    # In the same millisecond, and by a clock that went back: it is another leaf.
    stage.registry.tools[GRAVE.key] = msgspec.structs.replace(
        GRAVE, rid="u" * 32, pin="sha256:" + "1" * 64, changed=stage.clock.ms - 1
    )
    assert (await stage.call(hold=hold)).code == "hold.registered"
    anew = await stage.call()
    assert anew.code == "action.held"
    assert (anew.error.params["hold"] != hold, anew.error.params["have"]) == (True, 0)
    assert stage.server.ran == []
    stage.approve(anew)
    later(stage, stage.clock.ms + 1)
    assert (await stage.call()).error is None


async def test_an_approval_is_not_used_for_a_tool_that_changes_while_its_call_is_written_down() -> None:
    stage = ToolStage(carry, GRAVE)
    stage.let_in(max_criticality=Criticality.CRITICAL)
    hold = stage.approve(await stage.call())

    async def change(_unit: Unit) -> None:
        stage.ledger.before = None
        stage.registry.tools[GRAVE.key] = msgspec.structs.replace(GRAVE, rid="u" * 32)

    stage.ledger.before = change
    assert (await stage.call(hold=hold)).code == "hold.registered"
    kept = stage.held.holds.get(hold)
    assert kept is not None
    assert kept.spent == ""
    assert (stage.server.ran, stage.rows()) == ([], [])
    assert stage.opens[-1].dec == "refuse"


async def test_an_approval_ends_with_the_system_that_would_answer() -> None:
    stage = ToolStage(carry, GRAVE)
    stage.let_in(max_criticality=Criticality.CRITICAL)
    hold = stage.approve(await stage.call())
    row = stage.held.holds.get(hold)
    assert row is not None
    assert row.via == stage.bank.rid
    other = msgspec.structs.replace(stage.bank, rid="o" * 32)
    stage.desk.models = {each: bearer(other, exp_ms=stage.clock.ms + 60_000) for each in stage.desk.models}
    assert (await stage.call(hold=hold)).code == "hold.moved"
    assert (await stage.call()).error.params["hold"] != hold
    assert stage.server.ran == []
