# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.model.leaves import ApprovalLeaf
from answerable.model.sights import Sight
from answerable.redlines.approvals import Approvals


def sight(rid: str, *, dec: str = "approve", exp: int = 1_000) -> Sight:
    leaf = ApprovalLeaf(dec=dec, dig="0" * 64, exp=exp, hold="h" * 32, n="n" * 22, pol="p", sigs=[], t=0)
    return Sight(rid, 0, leaf=leaf)


def test_an_approval_covers_until_it_ends() -> None:
    approvals = Approvals()
    approvals.see(sight("a"))
    assert approvals.cover("a", 999)
    assert not approvals.cover("a", 1_000)
    assert not approvals.cover("b", 0)
    assert not approvals.cover("", 0)


def test_another_decision_covers_nothing() -> None:
    approvals = Approvals()
    for dec in ("modify", "reject", "escalate"):
        approvals.see(sight(dec, dec=dec))
        assert not approvals.cover(dec, 0)
    approvals.see(Sight("a", 0))
    assert not approvals.cover("a", 0)


def test_the_oldest_is_forgotten_and_covers_nothing() -> None:
    approvals = Approvals(most=2)
    for rid in "abc":
        approvals.see(sight(rid))
    assert [rid for rid in "abc" if approvals.cover(rid, 0)] == ["b", "c"]
