# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from answerable.errors import Refused
from answerable.model.actions import Spent
from answerable.model.budgets import RESERVED, USED, Budget
from answerable.model.leaves import CloseLeaf, Commitments, OpenLeaf
from answerable.model.terms import Measure, Outcome
from answerable.model.tools import MeterKind, ToolMeter
from answerable.model.units import Effect, Put
from answerable.registry.book import Book
from answerable.sequencer import replay_budgets
from answerable.tools.spending import Spending
from tests.fleet import ManualClock
from tests.unit.tools.a_family import Family, call, tool

RID = "r" * 32


def opening(family: Family, x: Any) -> OpenLeaf:
    return OpenLeaf(
        act="tool_call", c=Commitments(in_="x"), dec="permit", n="n", par=[], party=family.firm.rid, pol="p", rule="R",
        sys=family.founder.rid, t=1, tier=0, war="w", wld="information", x=x,
    )  # fmt: skip


def closing(x: Any) -> CloseLeaf:
    return CloseLeaf(n="n", open=RID, st="done", t=2, x=x)


def test_rows_that_leaves_tell_are_those_that_were_written() -> None:
    family = Family()
    spending = Spending(
        family.book, ManualClock(), budgets=[Budget(kind=MeterKind.MONEY, currency="EUR", most=10**9)]
    )  # fmt: skip
    pay = tool("pay", ToolMeter(kind=MeterKind.MONEY, amount="/amount", currency="EUR"))
    caller = family.bearer(family.root, budget_tokens=5)
    taken = spending.reserve(call("bank", "pay", amount="12.5"), caller, pay)
    assert taken is not None
    written: tuple[Effect, ...] = taken.open(RID).effects
    told = replay_budgets.reserved(opening(family, dict(taken.told)), RID)
    assert tuple(told) == written
    book = Book("d")
    book.apply(told)
    settled = taken.close(Outcome.DONE, Spent(1, 2, 3, 4, Measure.MEASURED), sent=True)
    assert tuple(replay_budgets.used(book, closing(dict(settled.told)))) == settled.rider.effects
    assert isinstance(settled.rider.effects[0], Put)


def test_leaves_that_tell_of_none() -> None:
    family = Family()
    assert replay_budgets.reserved(opening(family, UNSET), RID) == []
    assert replay_budgets.reserved(opening(family, {"other": 1}), RID) == []
    assert replay_budgets.used(Book("d"), closing(UNSET)) == []
    assert replay_budgets.used(Book("d"), closing({"other": 1})) == []


@pytest.mark.parametrize(
    "told",
    [
        1,
        {},
        {"cpy": "c", "at": 1},
        {"cpy": "c", "at": 1, "most": 5},
        {"cpy": "c", "at": 1, "most": [["tokens"]]},
        {"cpy": "c", "at": 1, "most": [["smiles", 1]]},
        {"cpy": "c", "at": "x", "most": []},
    ],
)
def test_what_is_of_another_form_is_not_followed(told: object) -> None:
    with pytest.raises(ValueError, match=r"another form|not a valid|invalid literal"):
        replay_budgets.reserved(opening(Family(), {RESERVED: told}), RID)


def test_what_settles_nothing_is_not_followed() -> None:
    with pytest.raises(ValueError, match="not reserved"):
        replay_budgets.used(Book("d"), closing({USED: [["calls", 1]]}))


def test_the_price_of_a_call_that_is_beyond_the_budget() -> None:
    family = Family()
    spending = Spending(family.book, ManualClock(), budgets=[Budget(kind=MeterKind.MONEY, currency="EUR", most=10)])
    pay = tool("pay", ToolMeter(kind=MeterKind.MONEY, amount="/amount", currency="EUR"))
    with pytest.raises(Refused, match=r"budget\.spent"):
        spending.reserve(call("bank", "pay", amount="12.5"), family.bearer(family.root), pay)


def test_a_row_is_not_let_go_of_while_any_window_may_count_it() -> None:
    family = Family()
    spending = Spending(family.book, ManualClock(), budgets=[Budget(kind=MeterKind.CALLS, most=9, hours=1)])
    taken = spending.reserve(call("bank", "pay", amount="1"), family.bearer(family.root), tool("pay"))
    assert taken is not None
    taken.open(RID)
    row, at = msgspec.json.encode(taken._held.row), taken._held.row.at  # type: ignore[attr-defined]
    day = 24 * 3_600_000
    for now, gone in (
        (at, False),
        (at + day, False),
        (at + day + day // 288, False),
        (at + day + day // 288 + 1, True),
    ):
        assert replay_budgets.lapsed(row, now) is gone
        assert bool(spending.budgets.outlived(now, 1)) <= gone, "what is let go of has lapsed"
