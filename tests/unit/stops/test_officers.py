# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec
import pytest

from answerable.errors import Refused, Unavailable
from answerable.log import statement
from answerable.model.leaves import ReleaseLeaf, Sig
from answerable.model.terms import AdminRole, PartyKind
from answerable.model.units import Drop, Space
from answerable.stops.officers import MAX_SIGNATURES, in_office, people, signers
from answerable.stops.orders import release_statement
from tests.fleet import ORIGIN, Fleet, a_rid, key


def leaf() -> ReleaseLeaf:
    return release_statement(a_rid("order"))


def code(fleet: Fleet, sigs: list[Sig], of: ReleaseLeaf) -> str:
    with pytest.raises(Refused) as refusal:
        signers(fleet.book, of, sigs)
    return refusal.value.code


def test_each_person_counts_once_however_many_keys() -> None:
    fleet, one = Fleet(), leaf()
    ann, bo = fleet.officers[:2]
    second = fleet.person("ann-2", of="ann")
    signed = fleet.sign(one, ann, second, bo, ann)
    found = signers(fleet.book, one, signed.sigs)  # type: ignore[attr-defined]
    assert [officer.rid for officer in found] == [ann.rid, bo.rid]
    assert people(fleet.book, (ann.rid, second.rid, bo.rid, "nobody")) == {ann.person, bo.person}


def test_a_signature_that_does_not_hold_refuses_all() -> None:
    fleet, one = Fleet(), leaf()
    ann, bo = fleet.officers[:2]
    good = statement.sign(one, ORIGIN, key("ann"), ann.rid)
    assert code(fleet, [good, Sig(key=bo.rid, sig=good.sig)], one) == "stop.signature"
    assert code(fleet, [statement.sign(one, "other.invalid/log", key("ann"), ann.rid)], one) == "stop.signature"
    assert code(fleet, [good], leaf()) == "stop.signature"
    assert code(fleet, [Sig(key=ann.rid, sig="?")], one) == "stop.signature"


def test_only_officers_in_office_who_are_people() -> None:
    fleet, one = Fleet(), leaf()
    ann = fleet.officers[0]
    for wrong in (fleet.operator, fleet.person("ad", (AdminRole.ADMINISTRATOR, AdminRole.APPROVER))):
        assert in_office(fleet.book, wrong.rid) is None
        assert code(fleet, [statement.sign(one, ORIGIN, key(wrong.name), wrong.rid)], one) == "stop.not_officer"
    # A copy's key, a system's id and a stranger's are no officer's, whatever they sign.
    for stranger in (fleet.copies["base"].rid, fleet.base.id, a_rid("x")):
        assert code(fleet, [statement.sign(one, ORIGIN, key("copy base 1"), stranger)], one) == "stop.not_officer"
    firm = msgspec.structs.replace(ann, rid=a_rid("key firm"), person=fleet.firm.rid)
    fleet.put(Space.ADMINS, firm.rid, msgspec.json.encode(firm))
    assert fleet.firm.kind is PartyKind.ORG
    assert in_office(fleet.book, firm.rid) is None
    fleet.put(Space.ADMINS, ann.rid, msgspec.json.encode(msgspec.structs.replace(ann, ended=1)))
    assert in_office(fleet.book, ann.rid) is None


def test_bounds() -> None:
    fleet, one = Fleet(), leaf()
    sig = statement.sign(one, ORIGIN, key("ann"), fleet.officers[0].rid)
    assert code(fleet, [sig] * (MAX_SIGNATURES + 1), one) == "stop.malformed"
    fleet.book.apply((Drop(Space.MISC, "origin"),))
    with pytest.raises(Unavailable) as error:
        signers(fleet.book, one, [sig])
    assert error.value.code == "stop.no_origin"
