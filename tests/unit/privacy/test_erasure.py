# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace as changed
from typing import Any

import pytest
from msgspec.structs import replace

from answerable.log.leaf import decode
from answerable.model.leaves import EraseLeaf
from answerable.model.terms import Basis, HoldScope
from answerable.model.units import Space
from answerable.privacy import erasure, holds
from answerable.privacy.statements import Words, extensions
from tests.small_privacy import Small, a_rid, refused

WORDS = Words.of("basis", "she asked for it on 3 May")


@pytest.fixture
def small() -> Small:
    return Small()


def leaf(small: Small, *signers: Any, **members: Any) -> EraseLeaf:
    bare = erasure.statement(small.subject.record, Basis.GDPR_17, WORDS, signers[0][1] if signers else "nobody")
    signed: EraseLeaf = small.signed(replace(bare, **members), *signers)
    return signed


def test_two_officers_erase_and_the_mark_stands_until_the_bytes_are_gone(small: Small) -> None:
    plan = erasure.erase(small.book, leaf(small, *small.officers[:2]), WORDS, small.subject, small.now)
    rid = small.commit(plan)
    row = erasure.find(small.book, small.subject.record)
    assert row is not None
    assert (row.rid, row.basis, row.at) == (rid, "gdpr-17", small.now)
    assert row.officers == (small.officers[0][1], small.officers[1][1])
    marked = small.book.raw(Space.ERASING, small.subject.record)
    assert marked is not None
    assert erasure.pending(marked) == list(small.subject.leaves)
    small.write(erasure.gone(small.subject.record))
    assert small.book.raw(Space.ERASING, small.subject.record) is None
    recorded = decode(small.leaves[-1])
    assert isinstance(recorded, EraseLeaf)
    assert recorded.t == small.now
    assert WORDS.text.encode() not in small.leaves[-1]
    WORDS.matches(extensions(recorded)["answerable.basis"])
    with refused("privacy.erased"):
        erasure.erase(small.book, leaf(small, *small.officers[1:]), WORDS, small.subject, small.now)


def test_one_officer_does_not_erase_alone(small: Small) -> None:
    first = small.officers[0]
    for signers in ((first,), (first, first)):
        with refused("privacy.officers"):
            erasure.erase(small.book, leaf(small, *signers), WORDS, small.subject, small.now)


def test_no_system_copy_party_or_other_person_erases(small: Small) -> None:
    for signer in (small.copy_signer(), small.owner_key, small.reader):
        with refused("privacy.signer"):
            erasure.erase(small.book, leaf(small, signer, small.officers[0]), WORDS, small.subject, small.now)


def test_a_hold_blocks_it_and_a_race_with_one_too(small: Small) -> None:
    plan = erasure.erase(small.book, leaf(small, *small.officers[:2]), WORDS, small.subject, small.now)
    reason = Words.of("reason", "a claim")
    for scope, of in ((HoldScope.PARTY, small.owner.rid), (HoldScope.SYSTEM, small.model.rid)):
        kept = small.signed(holds.statement(scope, of, reason), small.officers[2])
        rid = small.commit(holds.hold(small.book, kept, reason, small.now))
        with refused("log.conflict"):  # planned before the hold was written
            small.commit(plan)
        with refused("privacy.held"):
            erasure.erase(small.book, leaf(small, *small.officers[:2]), WORDS, small.subject, small.now)
        lifting = small.signed(holds.statement(scope, of, reason, prev=rid), *small.officers[:2])
        small.commit(holds.lift(small.book, lifting, reason, small.now))
    small.commit(erasure.erase(small.book, leaf(small, *small.officers[:2]), WORDS, small.subject, small.now))


def test_what_has_not_ended_is_not_erased(small: Small) -> None:
    with refused("privacy.in_flight"):
        running = changed(small.subject, ended=False)
        erasure.erase(small.book, leaf(small, *small.officers[:2]), WORDS, running, small.now)


def test_a_statement_is_what_it_says(small: Small) -> None:
    two = small.officers[:2]
    for each, words in (
        (leaf(small, *two), Words.of("basis", "other words")),
        (leaf(small, *two, bas="whim"), WORDS),
        (leaf(small, *two, of=a_rid("another")), WORDS),
        (leaf(small, *two, by=two[1][1]), WORDS),
        (leaf(small, *two, x={"answerable.basis": WORDS.commitment, "example.odd": 1}), WORDS),
        (leaf(small, *two, x={}), WORDS),
    ):
        with refused("privacy.malformed"):
            erasure.erase(small.book, each, words, small.subject, small.now)
    good = leaf(small, *two)
    with refused("privacy.signature"):
        erasure.erase(small.book, replace(good, bas="other"), WORDS, small.subject, small.now)
