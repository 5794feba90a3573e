# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused
from answerable.model.budgets import Amount, Budget, Reserved
from answerable.model.tools import MeterKind
from answerable.model.units import Drop, Effect, Put, Space
from answerable.tools.accounts import account
from answerable.tools.budgets import DROPS, HOUR_MS, STALE_MS, TIDY, Budgets, Held, is_for, words
from answerable.tools.windows import Window
from tests.unit.tools.a_family import Family

DAY = 24 * HOUR_MS
NOW = 1_763_782_764_000
TOKENS = Budget(kind=MeterKind.TOKENS, most=100)


class Ledger:
    """Rows of a store, and the budgets that follow them."""

    def __init__(self, *budgets: Budget) -> None:
        self.family = Family()
        self.rows: dict[str, bytes] = {}
        self.limits = budgets
        self.budgets = self.opened()
        self._rid = 0

    def opened(self) -> Budgets:
        budgets = Budgets(self.limits, lambda row: account(self.family.book, row.system, row.copy, row.party, row.tool))
        budgets.load(self.rows.items())
        return budgets

    def row(self, tokens: int, at: int = NOW, **changes: str) -> Reserved:
        amounts = (Amount(kind=MeterKind.TOKENS, amount=tokens), Amount(kind=MeterKind.CALLS, amount=1))
        own = {"system": self.family.founder.rid, "copy": self.family.root.rid, "party": self.family.firm.rid}
        return Reserved(rid="", at=at, amounts=amounts, **{**own, **changes})

    def write(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            assert effect.space is Space.BUDGETS
            if isinstance(effect, Put):
                self.rows[effect.key] = effect.value
            else:
                self.rows.pop(effect.key, None)
        self.budgets.follow(effects)

    def opening(self, tokens: int, at: int = NOW, **changes: str) -> Held:
        held = self.budgets.reserve(self.row(tokens, at, **changes), at)
        self._rid += 1
        self.write(self.budgets.bind(held, f"rid{self._rid}").effects)
        return held

    def settle(self, held: Held, tokens: int) -> None:
        self.write(self.budgets.settle(held, (Amount(kind=MeterKind.TOKENS, amount=tokens),)).effects)

    def stands(self, now: int = NOW) -> tuple[int, int, int]:
        (standing,) = self.budgets.standing(now)
        return standing.used, standing.reserved, standing.left


def test_a_reservation_counts_at_once_and_is_settled_by_what_was_used() -> None:
    ledger = Ledger(TOKENS)
    held = ledger.budgets.reserve(ledger.row(60), NOW)
    with pytest.raises(Refused) as refusal:  # nothing is written yet
        ledger.budgets.reserve(ledger.row(41), NOW)
    assert refusal.value.code == "budget.spent"
    assert refusal.value.params == {
        "budget": "100 tokens in 24 h", "wanted": 41, "left": 40, "frees": "2025-11-23T03:40:00Z",
    }  # fmt: skip
    ledger.write(ledger.budgets.bind(held, "rid").effects)
    assert ledger.stands() == (0, 60, 40)
    ledger.settle(held, 25)
    assert ledger.stands() == (25, 0, 75)
    assert ledger.opening(75)


def test_when_it_frees_stands_in_the_refusal() -> None:
    ledger = Ledger(TOKENS)
    ledger.settle(ledger.opening(60), 60)
    ledger.settle(ledger.opening(40, NOW + HOUR_MS), 40)
    with pytest.raises(Refused) as refusal:
        ledger.opening(50, NOW + 2 * HOUR_MS)
    assert refusal.value.params["frees"] == "2025-11-23T03:40:00Z"
    with pytest.raises(Refused) as refusal:
        ledger.opening(101, NOW + 2 * HOUR_MS)
    assert refusal.value.params["frees"] == "never"
    assert ledger.opening(50, NOW + Window.longest(DAY))


def test_more_than_was_reserved_counts_whole() -> None:
    ledger = Ledger(TOKENS)
    ledger.settle(ledger.opening(10), 150)
    assert ledger.stands() == (150, 0, 0)
    with pytest.raises(Refused):
        ledger.opening(1)


def test_what_was_not_written_is_freed_once() -> None:
    ledger = Ledger(TOKENS)
    held = ledger.budgets.reserve(ledger.row(60), NOW)
    ledger.budgets.bind(held, "rid")
    ledger.budgets.let_go(held)
    ledger.budgets.let_go(held)
    assert ledger.stands() == (0, 0, 100)
    never_bound = ledger.budgets.reserve(ledger.row(60), NOW)
    ledger.budgets.let_go(never_bound)
    ledger.budgets.let_go(never_bound)
    assert ledger.stands() == (0, 0, 100)


def test_what_was_written_is_not_freed_by_letting_go() -> None:
    ledger = Ledger(TOKENS)
    held = ledger.opening(60)
    ledger.budgets.let_go(held)
    assert ledger.stands() == (0, 60, 40)


def test_what_was_let_go_and_written_after_all_counts() -> None:
    ledger = Ledger(TOKENS)
    held = ledger.budgets.reserve(ledger.row(60), NOW)
    rider = ledger.budgets.bind(held, "rid")
    ledger.budgets.let_go(held)
    ledger.write(rider.effects)
    assert ledger.stands() == (0, 60, 40)


def test_a_crash_between_leaves_the_reservation_whole() -> None:
    ledger = Ledger(TOKENS)
    ledger.opening(60)
    settled = ledger.opening(30)
    ledger.settle(settled, 5)
    ledger.budgets = ledger.opened()
    assert ledger.stands() == (5, 60, 35)
    ledger.budgets = ledger.opened()
    assert ledger.stands() == (5, 60, 35)
    with pytest.raises(Refused):
        ledger.opening(36)
    assert ledger.stands(NOW + Window.longest(DAY)) == (0, 0, 100)


def test_a_reservation_whose_leaf_never_came_is_freed_when_it_is_needed() -> None:
    ledger = Ledger(Budget(kind=MeterKind.TOKENS, most=100))
    held = ledger.budgets.reserve(ledger.row(90), NOW)
    ledger.budgets.bind(held, "lost")
    with pytest.raises(Refused):
        ledger.opening(90, NOW + STALE_MS)
    assert ledger.opening(90, NOW + STALE_MS + 1)


def test_a_family_cannot_multiply_a_budget() -> None:
    ledger = Ledger(Budget(kind=MeterKind.TOKENS, most=100, system="*"))
    family = ledger.family
    child = {"system": family.child.rid, "copy": family.branch.rid}
    ledger.opening(40, **child)
    ledger.opening(30)
    with pytest.raises(Refused) as refusal:
        ledger.opening(31, system=family.grandchild.rid, copy=family.leaf.rid)
    assert family.founder.rid in str(refusal.value.params["budget"])
    ledger.opening(100, system=family.other.rid, copy=family.apart.rid)
    by = {standing.of: standing.reserved for standing in ledger.budgets.standing(NOW)}
    assert by == {
        f"system={family.founder.rid}": 70, f"system={family.child.rid}": 40, f"system={family.other.rid}": 100,
    }  # fmt: skip


def test_budgets_of_one_sum_are_each_held_to() -> None:
    day, hour = TOKENS, Budget(kind=MeterKind.TOKENS, most=10, hours=1)
    calls = Budget(kind=MeterKind.CALLS, most=3)
    ledger = Ledger(day, hour, calls)
    ledger.opening(10)
    with pytest.raises(Refused, match=r"budget\.spent"):
        ledger.opening(1)
    ledger.opening(1, NOW + 2 * HOUR_MS)
    ledger.opening(1, NOW + 2 * HOUR_MS)
    with pytest.raises(Refused) as refusal:
        ledger.opening(1, NOW + 2 * HOUR_MS)
    assert refusal.value.params["budget"] == words(calls, "")


def test_a_warrants_own_budget_is_counted_by_its_grant_over_a_restart() -> None:
    ledger = Ledger()
    for _ in range(2):
        held = ledger.budgets.reserve(ledger.row(40, grant="g1"), NOW, grant_tokens=100)
        ledger.write(ledger.budgets.bind(held, f"rid{len(ledger.rows)}").effects)
    ledger.budgets = ledger.opened()
    with pytest.raises(Refused) as refusal:
        ledger.budgets.reserve(ledger.row(21, grant="g1"), NOW, grant_tokens=100)
    assert refusal.value.params["left"] == 20
    ledger.budgets.reserve(ledger.row(100, grant="g2"), NOW, grant_tokens=100)


def test_old_rows_go_in_bounded_batches() -> None:
    ledger = Ledger(TOKENS)
    for _ in range(3 * DROPS):
        ledger.settle(ledger.opening(1), 1)
    later = NOW + 2 * DAY
    held = ledger.budgets.reserve(ledger.row(1, later), later)
    effects = ledger.budgets.bind(held, "later").effects
    assert sum(isinstance(effect, Drop) for effect in effects) == DROPS
    ledger.write(effects)
    ledger.opening(1, later)
    ledger.opening(1, later)
    assert len(ledger.rows) == 3
    assert ledger.stands(later) == (0, 3, 97)


def test_sums_of_who_is_gone_are_forgotten() -> None:
    ledger = Ledger(Budget(kind=MeterKind.TOKENS, most=100, system="*"))
    ledger.opening(1, system=ledger.family.other.rid)
    later = NOW + 2 * DAY
    for _ in range(TIDY):
        ledger.budgets.let_go(ledger.budgets.reserve(ledger.row(1, later), later))
    assert {standing.of for standing in ledger.budgets.standing(later)} == {f"system={ledger.family.founder.rid}"}


def test_whose_a_sum_is() -> None:
    assert is_for(Budget(kind=MeterKind.CALLS, most=1), "")
    assert not is_for(Budget(kind=MeterKind.CALLS, most=1), "system=x")
    assert is_for(Budget(kind=MeterKind.CALLS, most=1, system="*"), "system=x")
    assert not is_for(Budget(kind=MeterKind.CALLS, most=1, system="y"), "system=x")
    assert not is_for(Budget(kind=MeterKind.CALLS, most=1, system="*"), "system=x tool=a/b")
    assert words(Budget(kind=MeterKind.MONEY, most=5, currency="CNY", hours=2), "party=p") == (
        "5 money CNY in 2 h (party=p)"
    )
