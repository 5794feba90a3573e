# SPDX-License-Identifier: Apache-2.0
"""The watch over a real log: what is committed is looked at once, what is found is written once, whatever fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from answerable.admission.reports import accept, make
from answerable.app.keys import detector_key
from answerable.app.watching import CURSOR, LOOK_BACK, Watching
from answerable.config import RedlinesConfig
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.errors import Refused, Unavailable
from answerable.log.leaf import decode, encode, rid
from answerable.log.statement import to_sign
from answerable.model import events
from answerable.model.leaves import CloseLeaf, Commitments, OpenLeaf, WarrantLeaf
from answerable.model.records import Incident
from answerable.model.terms import Role, SystemKind
from answerable.model.units import Drop, Put, Space, Unit
from answerable.redlines import incidents
from answerable.redlines.desk import Desk
from answerable.registry import copies, systems
from answerable.registry.requests import PartySpec, RegisterSystem, StartCopy
from tests.unit.app.small_store import OPERATOR, made

EGRESS = events.WeightsEgress(bytes=1, sink="x.example")


class Faulty:
    """A ledger that fails when told to."""

    def __init__(self, ledger: Any) -> None:
        self.ledger, self.errors = ledger, []  # type: ignore[var-annotated]

    async def commit(self, unit: Unit) -> Any:
        if self.errors:
            raise self.errors.pop(0)
        return await self.ledger.commit(unit)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)


class World:
    def __init__(self, core: Any) -> None:
        self.core, self.key = core, Key.generate()
        self.ledger = Faulty(core.ledger)
        self.told: list[Incident] = []
        self.copy = self.system = self.grant = ""

    def watching(self, **config: Any) -> Watching:
        core = self.core
        return Watching(
            book=core.book, ledger=self.ledger, reader=core.reader, clock=core.clock, config=RedlinesConfig(**config),
            origin=core.origin, key=lambda: detector_key(core.config.store_path), told=self.told.append,
        )  # fmt: skip

    async def begin(self) -> None:
        core = self.core
        request = RegisterSystem(
            name="small",
            version="1",
            kind=SystemKind.APPLICATION,
            parties=(PartySpec(party=OPERATOR, role=Role.DEPLOYER),),
        )
        self.system = await core.commit(systems.register(core.book, request, core.now))
        row = core.book.system(self.system)
        draft = StartCopy(
            system=row.rid, key=b64u(self.key.public), nonce=nonce(), signature="", endpoint="http://x.example/"
        )
        signature = b64u(self.key.sign(to_sign(copies.start_statement(row, draft), core.origin)))
        self.copy = await core.commit(
            copies.start(core.book, msgspec.structs.replace(draft, signature=signature), core.now)
        )
        warrant = WarrantLeaf(
            anc="0" * 64, aud="a", cpy=self.copy, crit="ordinary", exp=core.now + 60_000, jti="j", n=nonce(),
            party=core.book.party(OPERATOR).rid, seq=1, sys=self.system, t=core.now, tier=0, wld=["information"],
        )  # fmt: skip
        self.grant = rid(data := encode(warrant))
        await core.ledger.commit(Unit(leaves=(data,)))

    async def tell(self, fact: Any = EGRESS) -> str:
        core = self.core
        report = make(
            fact, system=self.system, by=self.copy, copy=self.copy, origin=core.origin, key=self.key, at=core.now
        )
        read = accept(report, origin=core.origin, public=self.key.public, now_ms=core.now)
        return await core.commit(incidents.told(core.book, read, core.now))

    async def act(self, *, err: str = "", dec: str = "permit") -> str:
        leaf = OpenLeaf(
            act="generation", c=Commitments(), dec=dec, n=nonce(), par=[], party=self.core.book.party(OPERATOR).rid,
            pol="0" * 64, rule="R1", sys=self.system, t=self.core.now, tier=0, war=self.grant, wld="information",
            **({"err": err} if err else {}),
        )  # fmt: skip
        data = encode(leaf)
        effects = (Put(Space.OPENS, rid(data), str(leaf.t).encode()),) if dec == "permit" else ()
        await self.core.ledger.commit(Unit(leaves=(data,), effects=effects))
        return rid(data)

    async def end(self, action: str, *, err: str) -> None:
        leaf = encode(CloseLeaf(err=err, n=nonce(), open=action, st="refused", t=self.core.now))
        await self.core.ledger.commit(Unit(leaves=(leaf,), effects=(Drop(Space.OPENS, action),)))

    def incidents(self) -> list[Incident]:
        return [msgspec.json.decode(raw, type=Incident) for _, raw in self.core.book.rows(Space.INCIDENTS)]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    core = await made(tmp_path)
    world = World(core)
    await world.begin()
    yield world
    await core.close()


async def test_what_is_committed_is_looked_at_once(world: World) -> None:
    watching = world.watching()
    event = await world.tell()
    assert await watching.turn() > 0
    (row,) = world.incidents()
    assert (row.line, row.copy, row.evidence, row.measure) == ("RL1d", world.copy, (event,), "suspend")
    assert world.told == [row]
    order, leaf = [decode(data) for data in (await world.core.reader.tail(0, 1000))[-2:]]
    assert (order.k, leaf.k) == ("order", "incident"), "the order stands just before the incident that names it"  # type: ignore[attr-defined]
    await watching.turn()
    assert await watching.turn() == 0
    assert len(world.incidents()) == 1


class Counted:
    """A reader that counts what is read."""

    def __init__(self, reader: Any) -> None:
        self.reader, self.sizes, self.tails = reader, 0, 0

    async def size(self) -> int:
        self.sizes += 1
        return int(await self.reader.size())

    async def tail(self, start: int, end: int) -> Any:
        self.tails += 1
        return await self.reader.tail(start, end)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.reader, name)


async def _fed(world: World) -> tuple[Watching, Counted]:
    """A watch that hears of what is committed, and has looked at all that there is."""
    watching = world.watching()
    counted = watching._reader = Counted(world.core.reader)  # type: ignore[assignment]
    await watching.turn()
    await watching.enrol()
    await watching.turn()
    world.core.ledger.hearers.append(watching.heard)
    counted.sizes = counted.tails = 0
    return watching, counted


async def test_what_was_heard_is_not_read(world: World) -> None:
    watching, counted = await _fed(world)
    await world.end(await world.act(), err="redline.weapons")
    assert await watching.turn(whole=False) == 3, "both leaves, and the incident that it wrote"
    event = await world.tell()
    assert await watching.turn(whole=False) == 3, "the event, the order and the incident"
    assert [(row.line, row.evidence) for row in world.incidents()][-1] == ("RL1d", (event,))
    assert (counted.sizes, counted.tails) == (0, 0)
    await watching.turn()
    size = await world.core.reader.size()
    assert watching._next == size, "what it wrote itself it heard too, and looked at once"
    assert await watching.turn() == 0


async def test_what_was_not_heard_is_noticed(world: World) -> None:
    watching, counted = await _fed(world)
    world.core.ledger.hearers.clear()
    await world.tell()
    assert await watching.turn(whole=False) == 0
    world.core.ledger.hearers.append(watching.heard)
    await world.act()
    assert await watching.turn(whole=False) >= 2, "by the index of what came after it"
    assert (counted.sizes, counted.tails) == (0, 1)
    assert len(world.incidents()) == 1


async def test_what_was_looked_at_is_not_heard_again(world: World) -> None:
    watching, _ = await _fed(world)
    await world.tell()
    assert await watching.turn() >= 1, "read from the log, though it was heard of too"
    await watching.turn()
    assert await watching.turn(whole=False) == 0
    assert len(world.incidents()) == 1


async def test_more_than_is_remembered_is_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("answerable.app.watching.MAX_HEARD", 1)
    watching, counted = await _fed(world)
    await world.tell()
    await world.act()
    assert await watching.turn(whole=False) >= 2
    assert counted.tails >= 1
    assert len(world.incidents()) == 1


async def test_a_turn_that_failed_is_followed_by_a_whole_one(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What was heard and not looked at in the end is in the log."""
    monkeypatch.setattr("answerable.app.watching.LOOK_EVERY_S", 60.0)
    watching, _ = await _fed(world)
    watching._whole = False
    look, seen = watching._look, 0

    async def once_in_vain(sight: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == 1:
            raise Unavailable("store.failed", detail="SQLITE_IOERR")
        await look(sight)

    monkeypatch.setattr(watching, "_look", once_in_vain)
    for _ in range(3):
        await world.act()
    running = asyncio.create_task(watching.run())
    try:
        async with asyncio.timeout(10):
            while watching._next < await world.core.reader.size():
                await asyncio.sleep(0.01)
                watching.heard(0, [])  # wakes it, and says nothing
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert "store.failed" in caplog.text


async def test_a_copys_actions_are_known_by_its_warrant(world: World) -> None:
    """The open leaf names a warrant, the close leaf its open leaf: who called is found through both."""
    watching = world.watching(suspend=("RL3",))
    action = await world.act()
    await world.end(action, err="redline.weapons")
    await watching.turn()
    (row,) = world.incidents()
    assert (row.line, row.level, row.action, row.copy, row.measure) == ("RL3", "yellow", action, world.copy, "suspend")


async def test_the_same_after_a_restart_in_between(world: World) -> None:
    action = await world.act()
    first = world.watching()
    await first.turn()
    await first.save()
    await world.end(action, err="redline.weapons")
    await world.watching().turn()
    (row,) = world.incidents()
    assert row.copy == world.copy, "what it remembered of the open leaf is read again"


async def test_a_restart_writes_nothing_twice(world: World) -> None:
    await world.tell()
    await world.watching().turn()
    assert world.core.book.raw(Space.MISC, CURSOR) is None, "it was cut off before it noted how far it was"
    await world.watching().turn()
    assert len(world.incidents()) == 1


async def test_how_far_it_was_is_kept(world: World) -> None:
    watching = world.watching()
    await watching.turn()
    await watching.save()
    size = await world.core.reader.size()
    assert int(world.core.book.raw(Space.MISC, CURSOR)) == size
    assert await world.watching().turn() == 0
    assert LOOK_BACK > 0


async def test_what_could_not_be_written_is_owed(world: World) -> None:
    watching = world.watching()
    await world.tell()
    world.ledger.errors = [Unavailable("log.full")]
    with pytest.raises(Unavailable):
        await watching.turn()
    assert world.incidents() == []
    await watching.turn()
    assert len(world.incidents()) == 1
    assert len(world.told) == 1


async def test_a_registry_that_changes_meanwhile(world: World) -> None:
    watching = world.watching()
    await watching.enrol()
    await world.tell()
    world.ledger.errors = [Refused("log.conflict")] * 3
    await watching.turn()
    assert len(world.incidents()) == 1


async def test_the_cap_of_a_day_keeps_the_order_and_not_the_incident(world: World) -> None:
    """What the rules of orders refuse is recorded all the same, with the reason."""
    from answerable.stops import detecting

    watching = world.watching()
    refused = Refused("stop.cap", root="r", cap=4)

    def capped(*_: Any, **__: Any) -> Any:
        raise refused

    await world.tell()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(detecting, "order", capped)
        await watching.turn()
    (row,) = world.incidents()
    assert (row.measure, row.withheld, row.order) == ("record", "stop.cap", "")


async def test_requests_for_warrants_are_looked_at(world: World) -> None:
    watching = world.watching()
    now = world.core.now
    for boot, refused, at in (("one", "", 0), ("two", "warrant.clone", 10), ("one", "", 5_000)):
        watching.asked(world.copy, boot, refused, now + at)
    watching.asked("nobody", "one", "", now)
    await watching.turn()
    (row,) = world.incidents()
    assert (row.line, row.copy, row.measure) == ("RL1b", world.copy, "suspend")


async def test_a_leaf_that_cannot_be_read_stops_nothing(world: World) -> None:
    await world.core.ledger.commit(Unit(leaves=(b'{"k":"event"}', b'{"k":"open",}')))
    await world.tell()
    await world.watching().turn()
    assert len(world.incidents()) == 1


async def test_a_detector_that_errs_stops_nobody_and_the_others_go_on(world: World) -> None:
    class Broken:
        name = "broken"
        lines = ("RL3",)

        def see(self, sight: Any) -> Any:
            raise ValueError

    watching = world.watching()
    every = (Broken(), *watching.desk._detectors)
    watching.desk = Desk(world.core.book, RedlinesConfig(), every)  # type: ignore[arg-type]
    await world.act()
    await world.tell()
    await watching.turn()
    assert watching.desk.failed == {"broken": "ValueError"}
    assert [row.line for row in world.incidents()] == ["RL1d"]


async def test_it_runs_by_itself_and_survives_failures(world: World) -> None:
    watching = world.watching()
    await watching.enrol()
    world.ledger.errors = [Unavailable("log.full")]
    task = asyncio.create_task(watching.run())
    await world.tell()
    watching.wake()
    async with asyncio.timeout(10):
        while not world.told:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert len(world.incidents()) == 1


class Failing(Counted):
    """A reader of which some reads fail."""

    def __init__(self, reader: Any, *errors: Exception) -> None:
        super().__init__(reader)
        self.errors = list(errors)

    async def payload(self, its: str, group: str) -> Any:
        if self.errors:
            raise self.errors.pop(0)
        return await self.reader.payload(its, group)


async def test_an_event_that_could_not_be_read_is_looked_at_again(world: World) -> None:
    watching, _ = await _fed(world)
    watching._reader = Failing(world.core.reader, Unavailable("store.failed", detail="EIO"))  # type: ignore[assignment]
    await world.tell()
    with pytest.raises(Unavailable):
        await watching.turn(whole=False)
    await watching.turn()
    assert len(world.incidents()) == 1


async def test_an_event_that_is_damaged_for_good_is_passed_over(world: World, caplog: pytest.LogCaptureFixture) -> None:
    watching, _ = await _fed(world)
    damaged = Unavailable("store.damaged", detail="payload event of somebody")
    watching._reader = Failing(world.core.reader, damaged)  # type: ignore[assignment]
    passed = await world.tell()
    event = await world.tell()
    await watching.turn()
    assert "store.damaged" in caplog.text
    assert watching.passed == {passed: "store.damaged"}
    assert [row.evidence for row in world.incidents()] == [(event,)]


async def test_a_leaf_that_cannot_be_decoded_is_passed_over(world: World) -> None:
    """Of a kind that this version does not know whole: a service of a newer one wrote into the same log."""
    watching, _ = await _fed(world)
    await world.tell()
    unknown = b'{"k":"event","v":2}'
    watching.heard(await world.core.reader.size(), [unknown])
    await watching.turn()
    assert list(watching.passed) == [rid(unknown)]
    assert len(world.incidents()) == 1


async def test_a_leaf_that_meets_a_defect_is_passed_over(world: World, caplog: pytest.LogCaptureFixture) -> None:
    watching, _ = await _fed(world)
    watching._reader = Failing(world.core.reader, ValueError("a defect"))  # type: ignore[assignment]
    passed = await world.tell()
    event = await world.tell()
    await watching.turn()
    assert "is not looked at" in caplog.text
    assert watching.passed == {passed: "internal.error"}
    assert [row.evidence for row in world.incidents()] == [(event,)]


async def test_a_defect_does_not_end_the_watch(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    watching = world.watching()
    await watching.enrol()
    order, failed = watching._order, 0

    async def defective(*about: Any) -> Any:
        nonlocal failed
        failed += 1
        if failed < 3:
            raise ValueError("a defect")
        return await order(*about)

    monkeypatch.setattr(watching, "_order", defective)
    await world.tell()
    task = asyncio.create_task(watching.run())
    try:
        async with asyncio.timeout(10):
            while not watching.failure:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            assert watching.failure == "internal.error"
            while not world.told or watching.failure:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert len(world.incidents()) == 1, "what it owed it wrote"


async def test_between_few_leaves_others_have_their_turn(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An action that is alone waits for one look at the most, and not for all that the last ones left."""
    watching, _ = await _fed(world)
    for _ in range(4):
        await world.act()
    running, alone, looks = True, 0, 0
    look = watching._look

    async def counted(sight: Any) -> None:
        nonlocal looks
        looks += 1
        await look(sight)

    async def other() -> None:
        nonlocal alone
        while running:
            before = looks
            await asyncio.sleep(0)
            alone = max(alone, looks - before)

    monkeypatch.setattr(watching, "_look", counted)
    task = asyncio.create_task(other())
    assert await watching.turn(whole=False) == 4
    running = False
    await task
    assert (looks, alone) == (4, 1)
