# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec
import pytest

from answerable.crypto.b64 import b64u
from answerable.errors import Refused
from answerable.log.roster import key_id
from answerable.model.leaves import OfficerRef, RootsRef
from answerable.model.terms import AdminRole
from answerable.model.units import Put, Space
from answerable.sequencer import replay_stops
from answerable.stops import rosters
from answerable.stops.officers import authority_of, current, in_office
from tests.fleet import Fleet, key


def code(call: Any) -> str:
    with pytest.raises(Refused) as refusal:
        call()
    return refusal.value.code


def next_one(fleet: Fleet, *officers: Any, **more: Any) -> Any:
    return rosters.draft(
        current(fleet.book),
        tuple(OfficerRef(key=each.rid, own=each.person, pub=each.key) for each in officers),
        more.pop("roots", RootsRef(keys=[b64u(key(f"root {n}").public) for n in "abc"], need=2)),
        **more,
    )


def test_administrators_cannot_make_officers_where_root_keys_did() -> None:
    fleet = Fleet()
    ann, bo, cy = fleet.officers[:3]
    assert in_office(fleet.book, cy.rid) is not None
    fleet.roster(ann, bo)
    assert [in_office(fleet.book, each.rid) is not None for each in (ann, bo, cy)] == [True, True, False]
    late = fleet.person("late")  # enrolled by an administrator, and by nobody's root key
    assert in_office(fleet.book, late.rid) is None
    # Whoever is withdrawn is out, whatever the roster says.
    fleet.put(Space.ADMINS, ann.rid, msgspec.json.encode(msgspec.structs.replace(ann, ended=1)))
    assert in_office(fleet.book, ann.rid) is None


def test_the_next_roster_is_signed_by_the_roots_of_the_one_before() -> None:
    fleet = Fleet()
    ann, bo, cy = fleet.officers[:3]
    first = fleet.roster(ann, bo)
    assert (first.seq, current(fleet.book)) == (1, first)
    fresh = RootsRef(keys=[b64u(key(f"new root {n}").public) for n in "ab"], need=1)
    draft = next_one(fleet, bo, cy, roots=fresh)
    now = fleet.clock.now

    def refused(leaf: Any) -> str:
        return code(lambda: rosters.place(fleet.book, leaf, now))

    assert refused(fleet.sign_with(draft, "new root a")) == "officer.quorum"
    assert refused(fleet.sign_with(draft, "root a", "new root a")) == "officer.quorum"
    assert refused(fleet.sign_with(draft, "root a", "root b")) == "officer.quorum"
    assert refused(fleet.sign_with(draft, "root a", "root a", "new root a")) == "officer.quorum"
    assert refused(fleet.sign_with(draft, "root a", "root b", "new root a", "nobody")) == "officer.signature"
    good: Any = fleet.sign_with(draft, "root a", "root b", "new root a")
    assert refused(msgspec.structs.replace(good, seq=3)) == "officer.sequence"
    assert refused(msgspec.structs.replace(good, off=good.off[:1])) == "officer.malformed"
    tampered = msgspec.structs.replace(good, off=[*good.off, OfficerRef(key=ann.rid, own=ann.person, pub=ann.key)])
    assert refused(tampered) == "officer.signature"
    planned = rosters.place(fleet.book, good, now)
    fleet.ledger.write(planned.unit)
    assert in_office(fleet.book, ann.rid) is None
    assert in_office(fleet.book, cy.rid) is not None
    assert refused(good) == "officer.sequence"  # a roster holds once
    assert {type(effect) for effect in replay_stops.roster(fleet.book, planned.row)} == {Put}  # type: ignore[arg-type]


def test_a_roster_names_people_who_are_enrolled() -> None:
    fleet = Fleet()
    ann, bo = fleet.officers[:2]
    now = fleet.clock.now
    machine = msgspec.structs.replace(bo, rid="a" * 32)
    operator = fleet.operator
    other = msgspec.structs.replace(bo, key=fleet.officers[2].key)
    for wrong in (machine, operator, other, msgspec.structs.replace(bo, person=fleet.maker.rid)):
        leaf: Any = fleet.sign_with(next_one(fleet, ann, wrong), "root a", "root b")
        assert code(lambda leaf=leaf: rosters.place(fleet.book, leaf, now)) == "officer.unknown"
    listed = {each.key for each in rosters.enrolled(fleet.book)}
    assert listed == {each.rid for each in fleet.officers}
    assert operator.rid not in listed
    assert AdminRole.OFFICER not in operator.roles


def test_an_authority_leaves_with_its_own_consent_only() -> None:
    fleet = Fleet()
    ann, bo = fleet.officers[:2]
    fleet.roster(ann, bo, authorities=("Surveillance",))
    now = fleet.clock.now
    assert authority_of(fleet.book, key_id(key("Surveillance 1").public)) == "Surveillance"
    without = next_one(fleet, ann, bo)
    alone: Any = fleet.sign_with(without, "root a", "root b", "root c")
    assert code(lambda: rosters.place(fleet.book, alone, now)) == "officer.consent"
    agreed: Any = fleet.sign_with(without, "root a", "root b", "Surveillance 2")
    fleet.ledger.write(rosters.place(fleet.book, agreed, now).unit)
    assert current(fleet.book).auth == []  # type: ignore[union-attr]
    # Whose key it was stays known: its orders stand.
    assert authority_of(fleet.book, key_id(key("Surveillance 1").public)) == "Surveillance"
