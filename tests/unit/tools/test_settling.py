# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from answerable.crypto.random import salt
from answerable.errors import Refused
from answerable.log.leaf import decode
from answerable.model.calls import CallState, Verdict
from answerable.model.leaves import Commitments, SettleLeaf
from answerable.model.records import Admin
from answerable.model.terms import AdminRole, PartyKind
from answerable.model.units import Space
from answerable.registry.book import Book
from answerable.tools.calls import Calls, Run
from answerable.tools.calls import decode as row_of
from answerable.tools.settling import Why, find, settle, statement
from tests.fleet import Fleet

RECORD = "r" * 32


class World:
    def __init__(self) -> None:
        self.fleet = Fleet()
        self.book: Book = self.fleet.book
        self.calls = Calls(self.book, bytes(32), self._nothing)
        self.why = Why(salt(), b"the bank has it")
        self.signer = self.fleet.operator
        self.caller = self.fleet.app.rid
        asyncio.run(self._lost())

    async def _nothing(self, record: str) -> bytes | None:
        return None

    async def _lost(self) -> None:
        now = self.fleet.clock.now
        run = await self.calls.enter("k", "s" * 32, lambda: now)
        assert isinstance(run, Run)
        rider = self.calls.begin(run, RECORD, now, now + 1_000)
        self.book.apply(rider.effects)
        self.book.apply(self.calls.finish(run, CallState.UNKNOWN).effects)
        self.calls.leave(run)

    def said(self, verdict: Verdict = Verdict.DONE, by: Admin | None = None, **changed: Any) -> SettleLeaf:
        leaf = msgspec.structs.replace(statement(RECORD, verdict, self.why), **changed)
        return self.fleet.sign(leaf, by or self.signer)  # type: ignore[return-value]

    def settle(self, leaf: SettleLeaf, *, running: bool = False) -> str:
        planned = settle(
            self.book, leaf, self.why, self.fleet.clock.now, running=running, caller=self.caller
        )  # fmt: skip
        self.fleet.ledger.write(planned.unit)
        assert planned.unit.payloads[0].body == b"the bank has it"
        assert decode(planned.unit.leaves[0]).t == self.fleet.clock.now  # type: ignore[attr-defined]
        return planned.rid

    def code(self, leaf: SettleLeaf, **more: Any) -> str:
        with pytest.raises(Refused) as caught:
            self.settle(leaf, **more)
        return caught.value.code


def test_what_ran_is_not_run_again() -> None:
    world = World()
    assert find(world.book, RECORD) is not None
    settled = world.settle(world.said())
    ((_, raw),) = world.book.rows(Space.CALLS)
    assert (row_of(raw).state, row_of(raw).settled) == (CallState.DONE, settled)
    with pytest.raises(Refused) as caught:
        asyncio.run(world.calls.enter("k", "s" * 32, lambda: world.fleet.clock.now))
    assert caught.value.code == "call.done"


def test_what_did_not_run_may_run() -> None:
    world = World()
    world.settle(world.said(Verdict.UNDONE))
    assert world.book.count(Space.CALLS) == 0


def test_one_person_in_office_says_so() -> None:
    world = World()
    fleet = world.fleet
    viewer = fleet.person("vi", (AdminRole.VIEWER,))
    assert world.code(world.said(by=viewer)) == "call.signer"
    gone = msgspec.structs.replace(world.signer, ended=1)
    fleet.put(Space.ADMINS, gone.rid, msgspec.json.encode(gone))
    assert world.code(world.said()) == "call.signer"
    leaf = statement(RECORD, Verdict.DONE, world.why)
    assert world.code(leaf) == "call.malformed"
    assert world.code(fleet.sign(leaf, *fleet.officers[:2])) == "call.malformed"  # type: ignore[arg-type]
    forged = world.said(by=fleet.officers[0])
    assert world.code(msgspec.structs.replace(forged, st="undone")) == "call.signature"
    for person in (fleet.officers[0], fleet.person("ap", (AdminRole.APPROVER,))):
        made = World()
        made.fleet.put(Space.ADMINS, person.rid, msgspec.json.encode(person))
        party = fleet.book.party(person.person)
        assert party is not None
        assert party.kind is PartyKind.PERSON
        made.fleet.put(Space.PARTIES, party.rid, msgspec.json.encode(party))
        made.settle(made.said(by=person))


def test_a_system_settles_nothing() -> None:
    world = World()
    fleet = world.fleet
    org = msgspec.structs.replace(world.signer, rid="z" * 32, person=fleet.maker.rid)
    fleet.put(Space.ADMINS, org.rid, msgspec.json.encode(org))
    leaf = world.said()
    sig = msgspec.structs.replace(leaf.sigs[0], key=org.rid)
    assert world.code(msgspec.structs.replace(leaf, sigs=[sig])) == "call.signer"


def test_who_answers_for_the_caller_does_not_say_that_it_never_ran() -> None:
    world = World()
    fleet = world.fleet
    owner = fleet.book.party(world.signer.person)
    assert owner is not None
    world.caller = fleet.system("theirs", parties=(fleet.maker, owner)).rid
    assert world.code(world.said(Verdict.UNDONE)) == "call.own"
    assert world.book.count(Space.CALLS) == 1
    world.settle(world.said(Verdict.UNDONE, by=fleet.officers[0]))
    assert world.book.count(Space.CALLS) == 0
    asyncio.run(world._lost())
    world.settle(world.said(Verdict.DONE))  # what blocks its own call gains nothing


def test_where_nobody_else_is_in_office_the_only_one_settles() -> None:
    world = World()
    fleet = world.fleet
    owner = fleet.book.party(world.signer.person)
    assert owner is not None
    world.caller = fleet.system("theirs", parties=(owner,)).rid
    second = fleet.person("op", (AdminRole.OFFICER,), of="op", nth=2)  # another key of the same person
    for each in fleet.officers:
        fleet.put(Space.ADMINS, each.rid, msgspec.json.encode(msgspec.structs.replace(each, ended=1)))
    fleet.person("vi", (AdminRole.VIEWER,))
    assert second.person == world.signer.person
    world.settle(world.said(Verdict.UNDONE))


def test_a_call_of_nobody_known_is_not_undone() -> None:
    world = World()
    for world.caller in ("", "z" * 32):
        assert world.code(world.said(Verdict.UNDONE)) == "call.absent"
    world.settle(world.said(Verdict.DONE))


def test_what_is_not_in_its_form_is_refused() -> None:
    world = World()
    assert world.code(world.said(st="perhaps")) == "call.malformed"
    assert world.code(world.said(x={"other": 1})) == "call.malformed"
    assert world.code(world.said(c=Commitments())) == "call.malformed"
    assert world.code(world.said(c=Why(salt(), b"other words").commitments)) == "call.malformed"
    assert world.code(world.said(n="short")) == "call.malformed"
    world.why = Why(salt(), b"x" * 2_001)
    assert world.code(world.said()) == "call.malformed"


def test_it_counts_once_and_of_what_waits_alone() -> None:
    world = World()
    leaf = world.said(Verdict.UNDONE)
    assert world.code(leaf, running=True) == "call.running"
    world.settle(leaf)
    assert world.code(leaf) == "call.absent"
    asyncio.run(world._lost())
    assert world.code(leaf) == "call.said"
    assert "bank" not in repr(world.why)
