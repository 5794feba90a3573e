# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused
from answerable.model.budgets import Rate
from answerable.tools.accounts import Account, account
from answerable.tools.rates import TIDY, Rates
from tests.unit.tools.a_family import Family


def take(rates: Rates, who: Account, now: int, tool_rate: int = 0) -> None:
    limits = rates.limits(who, tool_rate)
    rates.check(limits, now)
    rates.count(limits, now)


def test_so_many_calls_in_so_many_seconds() -> None:
    family = Family()
    founder = account(family.book, family.founder.rid, family.root.rid, family.firm.rid, "bank/pay")
    child = account(family.book, family.child.rid, family.branch.rid, family.firm.rid, "bank/pay")
    other = account(family.book, family.other.rid, family.apart.rid, family.firm.rid, "bank/pay")
    rates = Rates([Rate(system="*", calls=3, seconds=10)])
    take(rates, founder, 0)
    take(rates, child, 4_000)
    take(rates, child, 5_000)
    with pytest.raises(Refused) as refusal:  # the founder's rate is its family's
        take(rates, founder, 6_000)
    assert refusal.value.code == "rate.exceeded"
    assert refusal.value.http == 429
    assert refusal.value.params["retry_s"] == 5
    take(rates, other, 6_000)
    take(rates, founder, 6_000 + 5_000)
    with pytest.raises(Refused):
        take(rates, founder, 11_000)


def test_a_refused_call_counts_for_nothing() -> None:
    family = Family()
    who = account(family.book, family.founder.rid, family.root.rid, family.firm.rid, "")
    rates = Rates([Rate(calls=1, seconds=1), Rate(calls=2, seconds=3600)])
    take(rates, who, 0)
    for _ in range(5):
        with pytest.raises(Refused):
            take(rates, who, 10)
    take(rates, who, 2_000)
    with pytest.raises(Refused) as refusal:
        take(rates, who, 4_000)
    assert refusal.value.params["rate"] == "2 in 3600 s (all)"


def test_a_tools_own_rate_is_everybodys_together() -> None:
    family = Family()
    founder = account(family.book, family.founder.rid, family.root.rid, family.firm.rid, "bank/pay")
    other = account(family.book, family.other.rid, family.apart.rid, family.firm.rid, "bank/pay")
    rates = Rates([])
    take(rates, founder, 0, 2)
    take(rates, other, 0, 2)
    with pytest.raises(Refused) as refusal:
        take(rates, other, 100, 2)
    assert 59 <= int(str(refusal.value.params["retry_s"])) <= 61
    reading = account(family.book, family.other.rid, family.apart.rid, family.firm.rid, "bank/balance")
    take(rates, reading, 100, 2)


def test_sums_of_who_is_gone_are_forgotten() -> None:
    family = Family()
    rates = Rates([Rate(tool="*", calls=10**6, seconds=1)])
    for at in range(2 * TIDY):
        who = account(family.book, family.founder.rid, family.root.rid, family.firm.rid, f"bank/{at}")
        take(rates, who, at * 10_000)
    assert len(rates._sums) <= TIDY
