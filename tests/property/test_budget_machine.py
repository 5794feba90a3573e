# SPDX-License-Identifier: Apache-2.0
"""Budgets as a state machine: reserve, write, fail, settle, let go, crash and wait, in any order and interleaving.

Beside it stands a model that is simple enough to be believed: a list of what was reserved, of what became a row, and of
what was used. Nothing is ever reserved beyond the budget, nothing is freed twice, nothing is lost.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from answerable.errors import Refused
from answerable.model.budgets import Amount, Budget, Reserved
from answerable.model.tools import MeterKind
from answerable.model.units import Drop, Effect, Put
from answerable.tools.accounts import Account, Level
from answerable.tools.budgets import HOUR_MS, STALE_MS, Budgets, Held
from answerable.tools.windows import Window

MOST = 100
HOURS = 30
BUDGETS = (
    Budget(kind=MeterKind.TOKENS, most=MOST, hours=HOURS),
    Budget(kind=MeterKind.TOKENS, most=MOST // 2, hours=HOURS, system="*"),
)
WIDTH = HOURS * HOUR_MS
SYSTEMS = ("founder", "child")


def who(row: Reserved) -> Account:
    """The child was made by the founder."""
    chain = ("founder",) if row.system == "founder" else ("child", "founder")
    return Account(tuple(Level(each, (each,), each, (each,)) for each in chain), "party", ("party",))


@dataclass
class Call:
    """As the model sees it. counts: what of it counts; written: it is a row; dead: the process that ran it is gone."""

    held: Held
    system: str
    at: int
    counts: int
    rid: str = ""
    written: bool = False
    settled: bool = False
    ended: bool = False
    opening: tuple[Effect, ...] = ()


class BudgetMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.now = 1_763_782_764_000
        self.rows: dict[str, bytes] = {}
        self.calls: list[Call] = []
        self.number = 0
        self.budgets = Budgets(BUDGETS, who)

    # -- what callers do ----------------------------------------------------------------------------------------------

    @rule(system=st.sampled_from(SYSTEMS), amount=st.integers(0, MOST + 10))
    def reserve(self, system: str, amount: int) -> None:
        row = Reserved(
            rid="", system=system, copy=system, party="party", at=self.now,
            amounts=(Amount(kind=MeterKind.TOKENS, amount=amount),),
        )  # fmt: skip
        try:
            held = self.budgets.reserve(row, self.now)
        except Refused:
            # It was refused for a reason: with it, one of the sums would be over.
            longest = Window.longest(WIDTH)
            assert any(self.total(each, longest) + amount > most for each, most in self.kept(system))
            return
        self.calls.append(Call(held, system, self.now, amount))
        for each, most in self.kept(system):
            assert amount == 0 or self.total(each, WIDTH) <= most

    @precondition(lambda self: any(not call.rid and not call.ended for call in self.calls))
    @rule(data=st.data(), fails=st.booleans())
    def open(self, data: st.DataObject, fails: bool) -> None:
        """The open leaf is handed to the ledger; fails: it is refused there, and nothing is written."""
        call = data.draw(st.sampled_from([each for each in self.calls if not each.rid and not each.ended]))
        self.number += 1
        call.rid = f"rid{self.number}"
        call.opening = self.budgets.bind(call.held, call.rid).effects
        if fails:
            self.budgets.let_go(call.held)
            call.counts, call.ended = 0, True

    @precondition(lambda self: any(call.rid and not call.written and not call.ended for call in self.calls))
    @rule(data=st.data())
    def written(self, data: st.DataObject) -> None:
        call = data.draw(st.sampled_from([c for c in self.calls if c.rid and not c.written and not c.ended]))
        call.written = True
        self.write(call.opening)

    @precondition(lambda self: any(call.written and not call.ended for call in self.calls))
    @rule(data=st.data(), used=st.integers(0, MOST))
    def settle(self, data: st.DataObject, used: int) -> None:
        call = data.draw(st.sampled_from([c for c in self.calls if c.written and not c.ended]))
        call.ended = call.settled = True
        call.counts = min(used, call.counts)
        amounts = (Amount(kind=MeterKind.TOKENS, amount=call.counts),)
        self.write(self.budgets.settle(call.held, amounts).effects)

    @precondition(lambda self: bool(self.calls))
    @rule(data=st.data())
    def let_go(self, data: st.DataObject) -> None:
        """At any time, and as often as anybody likes."""
        call = data.draw(st.sampled_from(self.calls))
        self.budgets.let_go(call.held)
        if not call.written and not call.ended:
            call.counts, call.ended = 0, True

    @rule(data=st.data())
    def crash(self, data: st.DataObject) -> None:
        """Units on their way are written or are not; what is a row counts on, and nobody settles it any more."""
        for call in self.calls:
            if call.rid and not call.written and not call.ended and data.draw(st.booleans()):
                call.written = True
                self.write(call.opening)
            if not call.written:
                call.counts = 0
            call.ended = True
        self.budgets = Budgets(BUDGETS, who)
        self.budgets.load(list(self.rows.items()))
        self.calls = [call for call in self.calls if call.written]

    @rule(ms=st.sampled_from((1, HOUR_MS, STALE_MS + 1, WIDTH // 2, WIDTH, 2 * WIDTH)))
    def wait(self, ms: int) -> None:
        """What is on its way for longer than any action lives was never written."""
        self.now += ms
        for call in self.calls:
            if call.at < self.now - STALE_MS and not call.written and not call.ended:
                self.budgets.let_go(call.held)
                call.counts, call.ended = 0, True

    # -- what must hold -----------------------------------------------------------------------------------------------

    @invariant()
    def sums_are_those_of_the_model(self) -> None:
        for standing in self.budgets.standing(self.now):
            of = standing.of.removeprefix("system=") or None
            counted = standing.used + standing.reserved
            assert self.total(of, WIDTH) <= counted <= self.total(of, Window.longest(WIDTH))
            assert standing.used >= 0
            assert standing.reserved >= 0
            assert standing.left == max(0, standing.budget.most - counted)

    @invariant()
    def rows_are_those_that_still_count(self) -> None:
        assert self.rows.keys() >= {c.rid for c in self.calls if c.written and c.at + WIDTH > self.now}

    def kept(self, system: str) -> list[tuple[str | None, int]]:
        """The sums that a call of `system` draws on."""
        own = ["founder"] if system == "founder" else ["child", "founder"]
        return [(None, MOST), *((each, MOST // 2) for each in own)]

    def total(self, of: str | None, width: int) -> int:
        """What counts of the last `width` ms; of: of which system and its family, None: of all."""
        return sum(
            call.counts
            for call in self.calls
            if call.at + width > self.now and (of in (None, call.system) or (of, call.system) == ("founder", "child"))
        )

    def write(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            if isinstance(effect, Put):
                self.rows[effect.key] = effect.value
            elif isinstance(effect, Drop):
                self.rows.pop(effect.key, None)
        self.budgets.follow(effects)


TestBudgetMachine = BudgetMachine.TestCase
TestBudgetMachine.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
