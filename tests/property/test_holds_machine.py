# SPDX-License-Identifier: Apache-2.0
"""No order of votes, expiries, restarts, replays, changed arguments, changed policies, withdrawn keys and plans that
were made before and written after lets a call run with fewer people than it needs, twice, or with other arguments than
those people agreed to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from answerable.errors import Refused
from answerable.log.leaf import encode, rid
from answerable.model.holds import Ballot, Hold, HoldState, Need
from answerable.model.leaves import ApprovalLeaf
from answerable.model.records import Admin
from answerable.model.terms import AdminRole
from answerable.model.units import Space
from answerable.tools import planted
from answerable.tools.holds import INDEX, SPENDS, Holds
from answerable.tools.votes import Changed
from tests.held import KEY, POLICY, Held

AMOUNTS = st.integers(0, 2)
NEEDS = [Need(1), Need(2), Need(2, (AdminRole.APPROVER, AdminRole.OFFICER)), Need(3)]
POLICIES = [POLICY, "cd" * 32]


def outcome(call: Callable[[], Any]) -> tuple[Any, str]:
    """What it gives, and the code with which it is refused, "" for none."""
    try:
        return call(), ""
    except Refused as error:
        return None, error.code


class Machine(RuleBasedStateMachine):
    """Everything is remembered here a second time, as plainly as can be: of each hold who agreed to which bytes."""

    holds = Bundle("holds")
    leaves = Bundle("leaves")
    units = Bundle("units")

    @initialize()
    def begin(self) -> None:
        self.held = Held()
        self.policy = POLICIES[0]
        people = [*self.held.people, self.held.fleet.officers[0], self.held.approver("both", *NEEDS[2].roles)]
        people.append(self.held.approver("anna again", of="anna"))
        self.held.enrol(self.held.answers)
        self.people = [*people, self.held.answers, self.held.fleet.operator]
        self.gone: set[str] = set()
        # hold -> (need, the bytes that would run, who agreed to them)
        self.told: dict[str, tuple[Need, bytes, dict[str, str]]] = {}
        self.ended: set[str] = set()
        self.ran: dict[str, bytes] = {}
        self.sown: set[str] = set()
        self.riders: list[tuple[Hold, bytes, Any, str]] = []

    # --- asking -----------------------------------------------------------------------------------------------------
    @rule(target=holds, amount=AMOUNTS, need=st.sampled_from(NEEDS))
    def ask(self, amount: int, need: Need) -> Any:
        asked = self.asked(amount)
        found, code = outcome(lambda: self.held.find(asked, need))
        assert code in ("", "hold.rejected")
        if code:
            return multiple()
        if found is not None:
            return found.hold.rid
        hold = self.held.pose(asked, need)
        self.told[hold.rid] = (need, self.held.shown(hold), {})
        return hold.rid

    @rule(target=holds, like=holds, amount=st.integers(90, 99))
    def plant(self, like: str, amount: int) -> Any:
        if like in self.sown:
            return multiple()
        hold = self.row(like)
        leaves = {rid(encode(each)): each for each in self.held.leaves}
        template = planted.Like(hold, leaves[hold.rid], leaves[hold.open], self.held.shown(hold))  # type: ignore[arg-type]
        sown = planted.plant(self.held.holds, template, {"amount": amount}, "no", self.now, policy=self.policy)
        self.held.write(sown.unit)
        self.sown.add(sown.rid)
        self.told[sown.rid] = (sown.row.need, self.held.shown(sown.row), {})
        return sown.rid

    # --- people -----------------------------------------------------------------------------------------------------
    @rule(target=leaves, hold=holds, who=st.lists(st.integers(0, 8), min_size=1, max_size=2), dec=st.sampled_from(
        [Ballot.APPROVE, Ballot.APPROVE, Ballot.APPROVE, Ballot.REJECT]))  # fmt: skip
    def sign(self, hold: str, who: list[int], dec: Ballot) -> Any:
        return self.held.vote(self.row(hold), dec, *(self.people[n] for n in who)), None

    @rule(target=leaves, hold=holds, who=st.integers(0, 8), amount=AMOUNTS)
    def change(self, hold: str, who: int, amount: int) -> Any:
        return self.held.change(self.row(hold), {"amount": amount, "to": "other"}, self.people[who])

    @rule(target=leaves, hold=holds, who=st.integers(0, 8), need=st.sampled_from(NEEDS))
    def escalate(self, hold: str, who: int, need: Need) -> Any:
        return self.held.vote(self.row(hold), Ballot.ESCALATE, self.people[who], need=need), None

    @rule(leaf=leaves)
    def hand_in(self, leaf: tuple[ApprovalLeaf, Changed | None]) -> None:
        """Now, or again, or after whatever came between."""
        self.write(leaf, self.plan(leaf))

    @rule(target=units, leaf=leaves)
    def plan_ahead(self, leaf: tuple[ApprovalLeaf, Changed | None]) -> Any:
        planned = self.plan(leaf)
        return multiple() if planned is None else (leaf, planned)

    @rule(planned=units)
    def write_late(self, planned: Any) -> None:
        self.write(*planned)

    @rule(leaf=leaves, hold=holds)
    def move(self, leaf: tuple[ApprovalLeaf, Changed | None], hold: str) -> None:
        """A vote for another hold, as it is."""
        row = self.row(hold)
        if leaf[0].hold == hold:
            return
        moved = msgspec.structs.replace(leaf[0], hold=hold, dig=row.dig, exp=row.exp, pol=row.pol)
        assert self.plan((moved, None)) is None

    @rule(who=st.integers(0, 6))
    def withdraw(self, who: int) -> None:
        person = self.people[who]
        self.held.withdraw(person)
        self.gone.add(person.rid)

    @rule(who=st.integers(0, 6))
    def enrol_again(self, who: int) -> None:
        """The same key once more: no row of the registry does this, and nobody is counted twice by it."""
        self.held.enrol(self.people[who])
        self.gone.discard(self.people[who].rid)

    # --- the world --------------------------------------------------------------------------------------------------
    @rule(policy=st.sampled_from(POLICIES))
    def change_policy(self, policy: str) -> None:
        self.policy = policy

    @rule(ms=st.sampled_from([1, 1_000, 3_600_000, 43_200_000, 86_399_999, 86_400_000]))
    def pass_time(self, ms: int) -> None:
        self.held.clock.pass_ms(ms)

    @rule()
    def restart(self) -> None:
        self.held.holds = Holds(self.held.book, KEY, read=self.held.read)

    # --- running ----------------------------------------------------------------------------------------------------
    @rule(amount=AMOUNTS, need=st.sampled_from(NEEDS), named=st.none() | holds)
    def run(self, amount: int, need: Need, named: str | None) -> None:
        planned = self.plan_run(amount, need, named)
        if planned is not None:
            self.write_run(*planned)

    @rule(amount=AMOUNTS, need=st.sampled_from(NEEDS))
    def plan_a_run(self, amount: int, need: Need) -> None:
        planned = self.plan_run(amount, need, None)
        if planned is not None:
            self.riders.append(planned)

    @rule()
    def write_planned_runs(self) -> None:
        """Two that looked at the same time, one after the other."""
        riders, self.riders = self.riders, []
        for each in riders:
            self.write_run(*each)

    def plan_run(self, amount: int, need: Need, named: str | None) -> tuple[Hold, bytes, Any, str] | None:
        found, code = outcome(lambda: self.held.find(self.asked(amount), need, named=named or ""))
        assert code == "" or code.startswith("hold.")
        if found is None or found.state is not HoldState.APPROVED:
            return None
        leaf = encode(self.held.opened("permit", x={SPENDS: found.hold.rid}))
        return found.hold, leaf, self.held.holds.spend(found.hold, rid(leaf), self.now), self.policy

    def write_run(self, hold: Hold, leaf: bytes, rider: Any, policy: str) -> None:
        _, code = outcome(lambda: self.held.join(leaf, rider))
        assert code in ("", "log.conflict")
        if code:
            return
        need, runs, agreed = self.told[hold.rid]
        standing = {person for person, key in agreed.items() if key not in self.gone}
        assert hold.rid not in self.ran, "it ran before"
        assert hold.rid not in self.sown, "it was planted"
        assert hold.rid not in self.ended, "it was rejected"
        assert len(standing) >= need.people, "too few people"
        assert self.held.owner.rid not in standing, "by who answers for the caller"
        assert hold.pol == policy, "under another policy"
        assert self.held.shown(hold) == runs, "other arguments than those that they agreed to"
        if AdminRole.OFFICER in need.roles:
            assert any(AdminRole.OFFICER in each.roles for each in self.people if each.person in standing)
        self.ran[hold.rid] = runs

    # --- what is remembered -----------------------------------------------------------------------------------------
    def plan(self, leaf: tuple[ApprovalLeaf, Changed | None]) -> Any:
        planned, code = outcome(lambda: self.held.plan(*leaf, policy=self.policy))
        assert code == "" or code.startswith("hold.")
        return planned

    def write(self, leaf: tuple[ApprovalLeaf, Changed | None], planned: Any) -> None:
        if planned is None:
            return
        _, code = outcome(lambda: self.held.write(planned.unit))
        assert code in ("", "log.conflict")
        if code:
            return
        said, changed = leaf
        need, runs, agreed = self.told[said.hold]
        signers: dict[str, Admin] = {each.rid: each for each in self.people}
        people = {signers[sig.key].person: sig.key for sig in said.sigs}
        if said.dec == Ballot.REJECT:
            self.ended.add(said.hold)
        elif said.dec == Ballot.ESCALATE:
            need = planned.row.need
        elif changed is not None:
            runs, agreed = changed.body, dict(people)
        else:
            assert not people.keys() & agreed.keys()
            agreed = agreed | people
        self.told[said.hold] = (need, runs, agreed)

    @invariant()
    def rows_are_what_leaves_tell(self) -> None:
        if not hasattr(self, "held") or len(self.held.leaves) % 5:
            return
        told = self.held.told()
        kept = {name: row for name, row in self.held.book.rows(Space.HELD) if not name.startswith(INDEX)}
        assert told.keys() == kept.keys()
        for name, row in kept.items():
            assert msgspec.json.decode(row) | {"tag": ""} == msgspec.json.decode(told[name]) | {"tag": ""}

    def asked(self, amount: int) -> Any:
        return msgspec.structs.replace(self.held.asked({"amount": amount}), policy=self.policy)

    def row(self, hold: str) -> Hold:
        found = self.held.holds.get(hold)
        assert found is not None
        return found

    @property
    def now(self) -> int:
        return self.held.clock.now


Machine.TestCase.settings = settings(
    max_examples=40, stateful_step_count=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestHolds = Machine.TestCase
