# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

from msgspec import UNSET

from answerable.model.leaves import ApprovalLeaf, HoldLeaf, KeyLeaf, Leaf, PlantedLeaf, Sig
from answerable.model.sights import Sight
from answerable.redlines.approvals import Approvals

DIG, OTHER = "0" * 64, "1" * 64


class Log:
    def __init__(self, most: int = 8) -> None:
        self.approvals = Approvals(most=most)

    def see(self, rid: str, leaf: Leaf | None) -> None:
        self.approvals.see(Sight(rid, 0, leaf=leaf))

    def hold(self, rid: str = "hold", *, need: int = 2, exp: int = 1_000) -> None:
        self.see(rid, HoldLeaf(dig=DIG, exp=exp, n="n", need=need, open="o", pol="p", roles=["approver"], t=0))

    def vote(
        self, rid: str, *keys: str, dec: str = "approve", dig: str = DIG, hold: str = "hold", x: Any = UNSET
    ) -> None:
        sigs = [Sig(key=key, sig="s") for key in keys]
        self.see(rid, ApprovalLeaf(dec=dec, dig=dig, exp=1_000, hold=hold, n="n", pol="p", sigs=sigs, t=0, x=x))

    def covers(self, *rids: str, at: int = 0) -> list[str]:
        return [rid for rid in rids if self.approvals.cover(rid, at)]


def test_what_enough_people_agreed_to_covers_until_it_ends() -> None:
    log = Log()
    log.hold()
    log.vote("a", "anna")
    assert log.covers("a", "hold") == [], "one of two people"
    log.vote("b", "ben")
    assert log.covers("a", "b", "hold", "c", "") == ["a", "b", "hold"]
    assert log.covers("a", "b", "hold", at=999) == ["a", "b", "hold"]
    assert log.covers("a", "b", "hold", at=1_000) == []


def test_one_person_who_signs_twice_is_one() -> None:
    log = Log()
    log.hold()
    log.vote("a", "anna")
    log.vote("b", "anna")
    assert log.covers("a", "b", "hold") == []


def test_an_approval_of_what_nobody_held_covers_nothing() -> None:
    log = Log()
    log.vote("a", "anna", "ben")
    assert log.covers("a", "hold") == []


def test_what_is_rejected_or_was_planted_covers_nothing() -> None:
    for leaf in ("reject", "planted"):
        log = Log()
        log.hold()
        log.vote("a", "anna", "ben")
        assert log.covers("a") == ["a"]
        if leaf == "reject":
            log.vote("c", "cleo", dec="reject")
        else:
            log.see("p", PlantedLeaf(hold="hold", kind="{}", n="n", salt="s", t=0))
        assert log.covers("a", "c", "hold") == []


def test_other_arguments_and_more_people_begin_anew() -> None:
    log = Log()
    log.hold()
    log.vote("a", "anna", "ben")
    log.vote("m", "cleo", dec="modify", dig=OTHER)
    assert log.covers("a", "m", "hold") == []
    log.vote("b", "dora", dig=OTHER)
    assert log.covers("b", "hold") == ["b", "hold"]
    log.vote("e", "anna", dec="escalate", dig=OTHER, x={"answerable.needs": {"people": 3, "roles": ["approver"]}})
    assert log.covers("b", "hold") == []
    log.vote("f", "anna", dec="escalate", dig=OTHER)
    log.vote("g", "ed", dig=OTHER)
    assert log.covers("g", "hold") == [], "an escalation that does not say to how many"


def test_the_vote_of_who_leaves_ends() -> None:
    log = Log()
    log.hold()
    log.vote("a", "anna", "ben")
    gone = KeyLeaf(c=UNSET, end=True, n="n", own="o", prev="ben", pub="k", roles=UNSET, sigs=[], t=0, use="admin")
    log.see("k", gone)
    assert log.covers("a", "hold") == []


def test_the_oldest_is_forgotten_and_covers_nothing() -> None:
    log = Log(most=2)
    for rid in "xyz":
        log.hold(rid, need=1)
        log.vote(rid * 2, "anna", hold=rid)
    assert log.covers("x", "y", "z", "xx", "yy", "zz") == ["y", "z", "yy", "zz"]
    log.see("n", None)
