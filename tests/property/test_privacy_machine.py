# SPDX-License-Identifier: Apache-2.0
"""Whoever signs what, in any order: what may not happen does not.

Officers, the owner of the records, another party, a registrar's key, a reader, an administrator and a running copy try
to hold, lift, erase, grant, revoke and read. A model of a few lines says what must have been true whenever one was let.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from answerable.crypto.b64 import b64u
from answerable.errors import Refused
from answerable.log.leaf import decode
from answerable.model.leaves import EraseLeaf, GrantLeaf, PreserveLeaf, ReadLeaf, RevokeLeaf
from answerable.model.terms import Basis, HoldScope, Purpose
from answerable.model.units import Space
from answerable.privacy import erasure, grants, holds
from answerable.privacy.statements import Subject, Words, signatures
from tests.small_privacy import Small, a_rid

WHO = ("officer 0", "officer 1", "officer 2", "owner", "other", "registrar", "reader", "boss", "copy")
OFFICERS = {"officer 0", "officer 1", "officer 2"}
# Often people who may, so that the machine gets anywhere; else anybody.
signing = st.one_of(
    st.lists(st.sampled_from(sorted(OFFICERS)), min_size=2, max_size=3),
    st.just(["owner"]),
    st.lists(st.sampled_from(WHO), min_size=1, max_size=3),
)
record = st.integers(0, 2)


@dataclass
class Given:
    to: str
    which: int
    until: int
    ended: bool = False


@dataclass
class Model:
    held: dict[str, tuple[HoldScope, str]] = field(default_factory=dict)
    erased: set[int] = field(default_factory=set)
    given: dict[str, Given] = field(default_factory=dict)


class Privacy(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.small = small = Small()
        other = small.party("Another")
        self.signers = {
            **{f"officer {n}": small.officers[n] for n in range(3)},
            "owner": small.owner_key,
            "other": small.key(other),
            "registrar": small.key(small.owner, registrar=True),
            "reader": small.reader,
            "boss": (small.officers[0][0], small.administrator()),
            "copy": small.copy_signer(),
        }
        self.subjects = [
            Subject(
                record=a_rid(f"open {n}"), party=small.owner.rid, systems=(small.model.rid,),
                leaves=((2 * n, a_rid(f"open {n}")), (2 * n + 1, a_rid(f"close {n}"))),
            )
            for n in range(3)
        ]  # fmt: skip
        self.model = Model()
        self.reason = Words.of("reason", "why")
        self.basis = Words.of("basis", "why")

    def attempt(self, plan: Any) -> str:
        """rid of what was written, "" where it was refused."""
        try:
            return self.small.commit(plan())
        except Refused:
            return ""

    def signed(self, leaf: Any, who: list[str]) -> Any:
        return self.small.signed(leaf, *(self.signers[name] for name in who))

    def holds_on(self, which: int) -> bool:
        subject = self.subjects[which]
        named = {(HoldScope.RECORD, subject.record), (HoldScope.PARTY, subject.party)}
        return not named.isdisjoint(self.model.held.values())

    @rule(who=signing, which=record, party=st.booleans())
    def hold(self, who: list[str], which: int, party: bool) -> None:
        subject = self.subjects[which]
        scope, of = (HoldScope.PARTY, subject.party) if party else (HoldScope.RECORD, subject.record)
        leaf = self.signed(holds.statement(scope, of, self.reason), who)
        now = self.small.now
        if rid := self.attempt(lambda: holds.hold(self.small.book, leaf, self.reason, now, subject=subject)):
            assert set(who) <= OFFICERS
            self.model.held[rid] = (scope, of)

    @rule(who=signing, data=st.data())
    def lift(self, who: list[str], data: st.DataObject) -> None:
        if not self.model.held:
            return
        rid = data.draw(st.sampled_from(sorted(self.model.held)))
        scope, of = self.model.held[rid]
        leaf = self.signed(holds.statement(scope, of, self.reason, prev=rid), who)
        if self.attempt(lambda: holds.lift(self.small.book, leaf, self.reason, self.small.now)):
            assert set(who) <= OFFICERS
            assert len(set(who)) >= 2
            del self.model.held[rid]

    @rule(who=signing, which=record)
    def erase(self, who: list[str], which: int) -> None:
        subject = self.subjects[which]
        leaf = erasure.statement(subject.record, Basis.OTHER, self.basis, self.signers[who[0]][1])
        leaf = self.signed(leaf, who)
        if self.attempt(lambda: erasure.erase(self.small.book, leaf, self.basis, subject, self.small.now)):
            assert set(who) <= OFFICERS
            assert len(set(who)) >= 2
            assert not self.holds_on(which)
            assert which not in self.model.erased
            self.model.erased.add(which)
            self.small.write(erasure.gone(subject.record))

    @rule(who=signing, which=record, lawful=st.booleans(), to=st.sampled_from(["reader", "officer 1"]))
    def grant(self, who: list[str], which: int, lawful: bool, to: str) -> None:
        subject, now = self.subjects[which], self.small.now
        person = self.small.book.admin(self.signers[to][1])
        assert person is not None
        words = self.basis if lawful else None
        leaf = grants.grant_statement(
            subject.record, person.person, Purpose.AUDIT, now + grants.DAY_MS, self.signers[who[0]][1], words=words
        )
        leaf = self.signed(leaf, who)
        if rid := self.attempt(lambda: grants.grant(self.small.book, leaf, subject, now, words=words)):
            assert which not in self.model.erased
            if lawful:
                assert set(who) <= OFFICERS - {to}
                assert len(set(who)) >= 2
            else:
                assert who == ["owner"]
            self.model.given[rid] = Given(to, which, now + grants.DAY_MS)

    @rule(who=signing, data=st.data())
    def revoke(self, who: list[str], data: st.DataObject) -> None:
        if not self.model.given:
            return
        rid = data.draw(st.sampled_from(sorted(self.model.given)))
        leaf = self.signed(grants.revoke_statement(rid), who)
        if self.attempt(lambda: grants.revoke(self.small.book, leaf, self.small.now)):
            assert who == ["owner"] or set(who) <= OFFICERS
            self.model.given[rid].ended = True

    @rule(who=st.sampled_from(WHO), as_=st.sampled_from(WHO), data=st.data(), which=record)
    def read(self, who: str, as_: str, data: st.DataObject, which: int) -> None:
        if not self.model.given:
            return
        rid = data.draw(st.sampled_from(sorted(self.model.given)))
        given = self.model.given[rid]
        person = self.small.book.admin(self.signers[as_][1])
        if person is None:
            return  # the door lets no other key in
        leaf = self.signed(grants.read_statement(rid, self.subjects[which].record, ("in",)), [who])
        if self.attempt(lambda: grants.read(self.small.book, leaf, person, self.small.now)):
            assert who == as_ == given.to
            assert which == given.which
            assert which not in self.model.erased
            assert not given.ended
            assert self.small.now < given.until

    @rule(hours=st.integers(1, 30))
    def wait(self, hours: int) -> None:
        self.small.now += hours * 3_600_000

    @invariant()
    def nothing_that_runs_signed_anything(self) -> None:
        keys = {admin.key for admin in self.small.book.admins()} | {key.key for key in self.small.book.party_keys()}
        assert b64u(self.signers["copy"][0].public) not in keys
        for data in self.small.leaves[-3:]:
            leaf = decode(data)
            if isinstance(leaf, EraseLeaf | GrantLeaf | PreserveLeaf | ReadLeaf | RevokeLeaf):
                assert all(sig.key != self.signers["copy"][1] for sig in signatures(leaf))

    @invariant()
    def the_rows_say_what_happened(self) -> None:
        erased = {key for key, _ in self.small.book.rows(Space.ERASURES)}
        assert erased == {self.subjects[which].record for which in self.model.erased}
        standing = {held.rid for held in holds.in_force(self.small.book.rows(Space.PRESERVED))}
        assert standing == set(self.model.held)
        assert msgspec.json.encode(sorted(standing))


Privacy.TestCase.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
test_privacy = Privacy.TestCase
