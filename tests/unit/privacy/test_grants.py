# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from answerable.model.records import Admin
from answerable.model.terms import Basis, Purpose
from answerable.model.units import Space
from answerable.privacy import erasure, grants
from answerable.privacy.statements import Words
from tests.small_privacy import Small, a_rid, refused

DAY = grants.DAY_MS
WORDS = Words.of("basis", "Art. 15: she asked for a copy")


@pytest.fixture
def small() -> Small:
    return Small()


def asked(small: Small, *signers: Any, words: Words | None = None, **members: Any) -> Any:
    bare = grants.grant_statement(
        small.subject.record,
        small.reader_party.rid,
        Purpose.COMPLAINT,
        small.now + DAY,
        signers[0][1] if signers else "nobody",
        words=words,
    )
    return small.signed(replace(bare, **members), *signers)


def granted(small: Small) -> str:
    return small.commit(grants.grant(small.book, asked(small, small.owner_key), small.subject, small.now))


def person(small: Small, kid: str = "") -> Admin:
    found = small.book.admin(kid or small.reader[1])
    assert found is not None
    return found


def reading(small: Small, grant: str, groups: tuple[str, ...] = ("in", "out"), signer: Any = None) -> Any:
    leaf = grants.read_statement(grant, small.subject.record, groups)
    return small.signed(leaf, signer or small.reader)


def test_the_owner_grants_the_person_reads_the_owner_revokes(small: Small) -> None:
    rid = granted(small)
    row = grants.find(small.book, rid)
    assert (row.party, row.to, row.purpose, row.lawful) == (small.owner.rid, small.reader_party.rid, "complaint", False)
    plan = grants.read(small.book, reading(small, rid), person(small), small.now)
    read = small.commit(plan)
    assert plan.row.groups == ("in", "out")
    assert plan.row.person == small.reader_party.rid
    assert small.book.raw(Space.READS, read) is not None
    ending = small.signed(grants.revoke_statement(rid), small.owner_key)
    revoked = small.commit(grants.revoke(small.book, ending, small.now))
    assert grants.find(small.book, rid).revoked == revoked
    with refused("privacy.grant"):
        grants.read(small.book, reading(small, rid), person(small), small.now)
    with refused("privacy.grant"):
        grants.revoke(small.book, small.signed(grants.revoke_statement(rid), small.owner_key), small.now)


def test_nobody_but_the_owner_grants(small: Small) -> None:
    other = small.party("Another")
    registrar = small.key(small.owner, registrar=True)
    for signer in (small.key(other), registrar, small.copy_signer(), small.reader, small.officers[0]):
        with refused("privacy.signer"):
            grants.grant(small.book, asked(small, signer), small.subject, small.now)
    with refused("privacy.malformed"):
        grants.grant(small.book, asked(small), small.subject, small.now)


def test_where_a_law_asks_for_it_two_officers_grant_and_neither_reads(small: Small) -> None:
    two = small.officers[:2]
    leaf = asked(small, *two, words=WORDS)
    rid = small.commit(grants.grant(small.book, leaf, small.subject, small.now, words=WORDS))
    assert grants.find(small.book, rid).lawful
    with refused("privacy.officers"):
        grants.grant(small.book, asked(small, two[0], words=WORDS), small.subject, small.now, words=WORDS)
    with refused("privacy.signer"):
        grants.grant(small.book, asked(small, small.owner_key, words=WORDS), small.subject, small.now, words=WORDS)
    own = asked(small, *two, words=WORDS, to=person(small, two[1][1]).person)
    with refused("privacy.disjoint"):
        grants.grant(small.book, own, small.subject, small.now, words=WORDS)
    with refused("privacy.malformed"):
        grants.grant(small.book, leaf, small.subject, small.now)
    with refused("privacy.malformed"):
        grants.grant(small.book, asked(small, small.owner_key), small.subject, small.now, words=WORDS)
    with refused("privacy.malformed"):
        grants.grant(small.book, leaf, small.subject, small.now, words=Words.of("basis", "others"))


def test_one_officer_may_end_a_grant(small: Small) -> None:
    rid = granted(small)
    for signer in (small.reader, small.copy_signer(), small.key(small.party("Another"))):
        with refused("privacy.signer"):
            grants.revoke(small.book, small.signed(grants.revoke_statement(rid), signer), small.now)
    small.commit(grants.revoke(small.book, small.signed(grants.revoke_statement(rid), small.officers[2]), small.now))


def test_a_grant_is_for_a_person_a_purpose_and_a_time(small: Small) -> None:
    for members in (
        {"to": small.owner.rid},
        {"to": small.model.rid},
        {"to": small.copy_signer()[1]},
        {"purp": "curiosity"},
        {"exp": small.now},
        {"exp": small.now + (grants.MAX_DAYS + 1) * DAY},
        {"of": a_rid("another")},
        {"by": a_rid("another")},
        {"x": {"example.odd": 1}},
    ):
        with refused("privacy.malformed"):
            grants.grant(small.book, asked(small, small.owner_key, **members), small.subject, small.now)


def test_reading_is_for_whom_the_grant_names(small: Small) -> None:
    rid = granted(small)
    officer = small.officers[0]
    with refused("privacy.grant"):
        grants.read(small.book, reading(small, rid, signer=officer), person(small, officer[1]), small.now)
    for signer in (officer, small.copy_signer(), small.owner_key):
        with refused("privacy.signer"):
            grants.read(small.book, reading(small, rid, signer=signer), person(small), small.now)
    with refused("privacy.signature"):
        grants.read(small.book, replace(reading(small, rid), grps=["in"]), person(small), small.now)
    for groups in (("name",), (), ("in", "in"), ("out", "basis")):
        with refused("privacy.malformed"):
            grants.read(small.book, reading(small, rid, groups), person(small), small.now)
    with refused("privacy.grant"):
        elsewhere = small.signed(grants.read_statement(rid, a_rid("another"), ("in",)), small.reader)
        grants.read(small.book, elsewhere, person(small), small.now)
    with refused("privacy.grant"):
        grants.read(small.book, reading(small, rid), person(small), small.now + DAY)
    with refused("privacy.unknown"):
        grants.read(small.book, reading(small, a_rid("none")), person(small), small.now)


def test_a_reading_counts_once_and_loses_a_race_with_its_revocation(small: Small) -> None:
    rid = granted(small)
    leaf = reading(small, rid)
    small.commit(grants.read(small.book, leaf, person(small), small.now))
    with refused("privacy.replayed"):
        grants.read(small.book, leaf, person(small), small.now)
    plan = grants.read(small.book, reading(small, rid), person(small), small.now)
    small.commit(grants.revoke(small.book, small.signed(grants.revoke_statement(rid), small.owner_key), small.now))
    with refused("log.conflict"):
        small.commit(plan)


def test_what_is_erased_is_neither_granted_nor_read(small: Small) -> None:
    rid = granted(small)
    late = grants.grant(small.book, asked(small, small.owner_key), small.subject, small.now)
    reads = grants.read(small.book, reading(small, rid), person(small), small.now)
    two = small.officers[:2]
    gone = small.signed(erasure.statement(small.subject.record, Basis.OTHER, WORDS, two[0][1]), *two)
    small.commit(erasure.erase(small.book, gone, WORDS, small.subject, small.now))
    for plan in (late, reads):
        with refused("log.conflict"):
            small.commit(plan)
    with refused("privacy.erased"):
        grants.read(small.book, reading(small, rid), person(small), small.now)
    with refused("privacy.erased"):
        grants.grant(small.book, asked(small, small.owner_key), small.subject, small.now)
