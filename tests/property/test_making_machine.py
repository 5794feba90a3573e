# SPDX-License-Identifier: Apache-2.0
"""Agents that make agents, as a state machine: whatever a loop of them calls, in any order.

Every descendant has no right that its founder lacks; it answers to the same somebody; an order about a maker reaches
all that it made; and what a family uses together never exceeds its founder's budget. A model beside it remembers who
made whom, and nothing else.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from answerable.errors import Refused
from answerable.model.budgets import Budget
from answerable.model.records import Copy, System
from answerable.model.scopes import within
from answerable.model.terms import Audience, Criticality, Outcome, Relation, Role, SystemKind, World
from answerable.model.tools import MeterKind
from answerable.registry import making
from answerable.registry.making import MakeSystem
from answerable.registry.requests import EdgeSpec, EndCopy
from answerable.tools.spending import Spending
from tests.fleet import ManualClock
from tests.unit.tools.a_family import Family, generation

MOST = 6  # fewer than the calls of a run: it is reached, and then refused
SCOPES = ((), ("bank/pay",), ("bank/*",), ("map/way", "bank/pay"), ("*",))
WIDTH = (Audience.MACHINE, Audience.INTERNAL, Audience.PUBLIC)
POWERS = {"systems.start", "systems.train", "wet_lab"}


class Bare(Family):
    """A founder with a scope, one copy of it, and somebody who stands apart."""

    def __init__(self) -> None:
        super().__init__()
        self.narrow = self.agent(self.firm, "narrow", tools=("bank/*", "map/way"))


class MakingMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.shipped = making.table
        bounds = msgspec.structs.replace(making.table().bounds, depth=2, children=3, family=6, copies=5)
        small = msgspec.structs.replace(making.table(), bounds=bounds)
        making.table = lambda: small  # type: ignore[assignment]  # reached in few steps; put back when it is over
        self.family = Bare()
        self.book = self.family.book
        self.founder = self.family.narrow
        self.copies: list[Copy] = [self.family.start(self.founder)]
        self.maker: dict[str, str] = {}  # rid -> rid of the system that made it
        self.used = 0
        self.clock = ManualClock(now=self.family.registry.now)
        self.spending = Spending(
            self.book, self.clock, budgets=[Budget(kind=MeterKind.CALLS, most=MOST, system=self.founder.id)]
        )  # fmt: skip
        self.stopped = False
        self.number = 0

    def systems(self) -> list[System]:
        return [system for rid in (self.founder.rid, *self.maker) if (system := self.book.system(rid)) is not None]

    def acts(self, copy: Copy) -> bool:
        """Whether admission lets it act at all: nothing that an order reaches does."""
        return not self.stopped and self.book.copy(copy.rid) is not None and not copy.ended

    def teardown(self) -> None:
        making.table = self.shipped

    # -- what agents call ---------------------------------------------------------------------------------------------

    @rule(data=st.data())
    def register(self, data: st.DataObject) -> None:
        by = data.draw(st.sampled_from(self.copies))
        if not self.acts(by):
            return
        known = [*self.systems(), self.family.other, self.family.founder]
        self.number += 1
        request = MakeSystem(
            name=data.draw(st.sampled_from(["narrow", "other", f"agent {self.number}"])),
            version=str(self.number),
            kind=data.draw(st.sampled_from(list(SystemKind))),
            relation=data.draw(st.sampled_from(list(Relation))),
            parents=tuple(
                EdgeSpec(parent=parent.rid, relation=relation)
                for parent, relation in data.draw(
                    st.lists(st.tuples(st.sampled_from(known), st.sampled_from(list(Relation))), max_size=2)
                )
            ),
            audience=data.draw(st.sampled_from(list(Audience))),
            worlds=tuple(data.draw(st.sets(st.sampled_from(list(World)), min_size=1))),
            criticality=data.draw(st.sampled_from(list(Criticality))),
            max_criticality=data.draw(st.none() | st.sampled_from(list(Criticality))),
            tools=data.draw(st.sampled_from(SCOPES)),
            capabilities=tuple(data.draw(st.sets(st.sampled_from(sorted(POWERS | {"tools.write", "text"}))))),
        )
        if data.draw(st.booleans()):  # often something modest, so that families grow
            request = msgspec.structs.replace(
                request, kind=SystemKind.AGENT, relation=Relation.MADE, parents=(), audience=Audience.INTERNAL,
                worlds=(World.INFORMATION,), criticality=Criticality.ORDINARY, max_criticality=None, capabilities=(),
            )  # fmt: skip
        self.made(by, request)

    @rule(data=st.data())
    def grow(self, data: st.DataObject) -> None:
        """The newest makes another, which runs: so families become deep, and all of them act."""
        by = data.draw(st.sampled_from((self.copies[-1], self.copies[0])))
        if not self.acts(by):
            return
        self.number += 1
        kind, tools = SystemKind.AGENT, data.draw(st.sampled_from(((), ("bank/pay",))))
        rid = self.made(by, MakeSystem(name=f"agent {self.number}", version="1", kind=kind, tools=tools))
        if rid:
            child = self.book.system(rid)
            assert child is not None
            self.started(by, child)

    def made(self, by: Copy, request: MakeSystem) -> str:
        try:
            planned = making.register(
                self.book, request, by, self.family.bearer(by).warrant, self.family.registry.now
            )  # fmt: skip
            rid = self.family.registry.commit(planned)
        except Refused:
            return ""
        self.maker[rid] = by.system
        return rid

    @rule(data=st.data())
    def start(self, data: st.DataObject) -> None:
        by = data.draw(st.sampled_from(self.copies))
        system = data.draw(st.sampled_from([*self.systems(), self.family.other]))
        if self.acts(by):
            self.started(by, system)

    def started(self, by: Copy, system: System) -> None:
        try:
            planned = making.start(self.book, self.family.registry.starting(system), by, self.family.registry.now)
            started = self.book.copy(self.family.registry.commit(planned))
        except Refused:
            return
        assert started is not None
        assert by.system in self.above(system.rid), "it started what its family has not made"
        self.copies.append(started)

    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        by, other = data.draw(st.sampled_from(self.copies)), data.draw(st.sampled_from(self.copies))
        try:
            planned = making.end(self.book, EndCopy(copy=other.rid), by, self.family.registry.now)
            self.family.registry.commit(planned)
        except Refused:
            return
        assert by.system in self.above(other.system)
        self.copies = [copy for copy in self.copies if copy.rid != other.rid] or [self.family.start(self.founder)]

    @rule(data=st.data(), ends=st.lists(st.sampled_from((Outcome.DONE, Outcome.UNKNOWN, None)), min_size=1, max_size=4))
    def act(self, data: st.DataObject, ends: list[Outcome | None]) -> None:
        """Any of them generates; each call counts for one, whatever becomes of it."""
        for end in ends:
            copy = data.draw(st.sampled_from(self.copies))
            if self.used == MOST:
                with pytest.raises(Refused, match=r"budget\.spent"):
                    self.spending.reserve(generation(), self.family.bearer(copy), None)
                return
            taken = self.spending.reserve(generation(), self.family.bearer(copy), None)
            assert taken is not None, "a descendant drew on no budget"
            self.used += 1
            self.number += 1
            self.spending.budgets.follow(taken.open(f"rid{self.number}").effects)
            if end is not None:
                self.spending.budgets.follow(taken.close(end, None, sent=True).rider.effects)
                if end is Outcome.DONE:
                    self.used -= 1  # nothing was asked of an upstream, so nothing was used

    @rule(data=st.data())
    def stop(self, data: st.DataObject) -> None:
        """Once: an order about any maker reaches all below it."""
        if self.stopped:
            return
        root = data.draw(st.sampled_from(self.systems()))
        reached = self.book.reach((root.num,))
        for system in self.systems():
            below = system.rid == root.rid or root.rid in self.above(system.rid)
            assert not below or system.num in reached
        if data.draw(st.integers(0, 9)) == 0:
            self.family.registry.stop(self.founder)
            self.stopped = True

    # -- what must hold -----------------------------------------------------------------------------------------------

    @invariant()
    def nobody_has_more_than_the_founder(self) -> None:
        founder = self.founder
        for rid in self.maker:
            system = self.book.system(rid)
            assert system is not None
            assert system.tier <= founder.tier
            assert set(system.worlds) <= set(founder.worlds)
            assert system.max_criticality.rank <= founder.max_criticality.rank
            assert system.criticality.rank >= founder.criticality.rank
            assert within(system.tools, founder.tools)
            assert WIDTH.index(system.audience) <= WIDTH.index(founder.audience)
            assert POWERS & set(system.capabilities) <= set(founder.capabilities)
            assert {entry.party for entry in system.parties} == {founder.party(Role.DEPLOYER)}
            assert founder.num in system.ancestors

    @invariant()
    def a_family_stays_within_its_bounds(self) -> None:
        bounds = making.table().bounds
        assert len(self.maker) <= bounds.family
        assert all(len(self.above(rid)) <= bounds.depth for rid in self.maker)

    @invariant()
    def names_lead_to_whom_they_led(self) -> None:
        assert self.book.system("narrow") == self.founder
        assert self.book.system("other") == self.family.other

    def above(self, rid: str) -> list[str]:
        found = []
        while (rid := self.maker.get(rid, "")) != "":
            found.append(rid)
        return found


TestMakingMachine: Any = MakingMachine.TestCase
TestMakingMachine.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
