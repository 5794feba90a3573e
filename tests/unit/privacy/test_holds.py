# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from answerable.model.terms import HoldScope
from answerable.model.units import HOLDS, Space
from answerable.privacy import holds
from answerable.privacy.statements import Words
from tests.small_privacy import Small, a_rid, refused

REASON = Words.of("reason", "a claim was filed")


@pytest.fixture
def small() -> Small:
    return Small()


def held(small: Small, scope: HoldScope = HoldScope.PARTY, of: str = "", **named: Any) -> str:
    leaf = small.signed(holds.statement(scope, of or small.owner.rid, REASON), small.officers[0])
    return small.commit(holds.hold(small.book, leaf, REASON, small.now, **named))


def standing(small: Small) -> tuple[Any, ...]:
    return holds.in_force(small.book.rows(Space.PRESERVED))


def test_one_officer_holds_and_two_lift(small: Small) -> None:
    rid = held(small)
    row = holds.find(small.book, rid)
    assert (row.scope, row.of, row.reason) == ("party", small.owner.rid, REASON.text)
    assert standing(small) == (row,)
    assert holds.over(standing(small), a_rid("any"), small.owner.rid, ()) == rid
    lifting = holds.statement(HoldScope.PARTY, small.owner.rid, REASON, prev=rid)
    with refused("privacy.officers"):
        holds.lift(small.book, small.signed(lifting, small.officers[0]), REASON, small.now)
    leaf = small.signed(lifting, *small.officers[:2])
    lifted = small.commit(holds.lift(small.book, leaf, REASON, small.now))
    assert standing(small) == ()
    assert holds.find(small.book, rid).lifted == lifted
    again = small.signed(holds.statement(HoldScope.PARTY, small.owner.rid, REASON, prev=rid), *small.officers[:2])
    with refused("privacy.lifted"):
        holds.lift(small.book, again, REASON, small.now)


def test_a_hold_reaches_its_record_party_or_system(small: Small) -> None:
    record = held(small, HoldScope.RECORD, small.subject.record, subject=small.subject)
    found = standing(small)
    assert holds.over(found, small.subject.record, "p", ()) == record
    assert holds.over(found, a_rid("another"), "p", ()) == ""
    system = held(small, HoldScope.SYSTEM, small.model.rid)
    found = standing(small)
    assert holds.over(found, "r", "p", ("other", small.model.rid)) == system
    assert holds.over(found, "r", small.model.rid, ()) == ""  # a system is no party


def test_what_does_not_exist_is_not_held(small: Small) -> None:
    for scope, of in (
        (HoldScope.RECORD, small.subject.record),  # nobody found that action
        (HoldScope.PARTY, small.owner.id),  # by its id: what is signed names a record
        (HoldScope.PARTY, small.model.rid),
        (HoldScope.SYSTEM, small.model.name),
        (HoldScope.SYSTEM, small.owner.rid),
    ):
        with refused("privacy.unknown"):
            held(small, scope, of)


def test_a_statement_is_what_it_says(small: Small) -> None:
    rid = held(small)
    good = small.signed(holds.statement(HoldScope.PARTY, small.owner.rid, REASON), small.officers[0])
    other = Words.of("reason", "another reason")
    for leaf, words in (
        (good, other),
        (replace(good, st="lift"), REASON),
        (replace(good, scope="world"), REASON),
        (replace(good, prev=rid), REASON),
        (replace(good, c=replace(good.c, evidence="e")), REASON),
        (replace(good, x={"example.odd": 1}), REASON),
    ):
        with refused("privacy.malformed"):
            holds.hold(small.book, leaf, words, small.now)
    elsewhere = small.party("Another")
    wrong = small.signed(holds.statement(HoldScope.PARTY, elsewhere.rid, REASON, prev=rid), *small.officers[:2])
    with refused("privacy.malformed"):
        holds.lift(small.book, wrong, REASON, small.now)
    with refused("privacy.unknown"):
        nowhere = holds.statement(HoldScope.PARTY, small.owner.rid, REASON, prev=a_rid("none"))
        holds.lift(small.book, small.signed(nowhere, *small.officers[:2]), REASON, small.now)


def test_no_system_and_no_copy_holds(small: Small) -> None:
    for signer in (small.copy_signer(), small.owner_key, small.reader):
        leaf = small.signed(holds.statement(HoldScope.PARTY, small.owner.rid, REASON), signer)
        with refused("privacy.signer"):
            holds.hold(small.book, leaf, REASON, small.now)


def test_each_change_is_counted_and_races_show(small: Small) -> None:
    plans = [
        holds.hold(
            small.book,
            small.signed(holds.statement(HoldScope.PARTY, small.owner.rid, REASON), small.officers[n]),
            REASON,
            small.now,
        )
        for n in range(2)
    ]
    small.commit(plans[0])
    with refused("log.conflict"):
        small.commit(plans[1])
    assert small.book.raw(Space.COUNTERS, HOLDS) == b"1"
