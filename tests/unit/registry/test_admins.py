# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec
import pytest

from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.errors import Refused
from answerable.log import leaf as leaves
from answerable.model.leaves import KeyLeaf
from answerable.model.terms import AdminRole
from answerable.registry import admins
from answerable.registry.requests import EnrolAdmin, WithdrawKey
from tests.small_registry import Registry, sign


def code(registry: Registry, asked: EnrolAdmin, by: str = "") -> str:
    with pytest.raises(Refused) as caught:
        admins.enrol(registry.book, asked, registry.now, by=by)
    return caught.value.code


def asking(registry: Registry, ref: str, key: Key, *roles: AdminRole) -> EnrolAdmin:
    request = EnrolAdmin(person=ref, key=b64u(key.public), roles=roles, nonce=nonce(), signature="")
    party = registry.book.party(ref)
    if party is None:
        return request
    return msgspec.structs.replace(request, signature=sign(admins.enrol_statement(party, request), key))


def test_a_person_is_enrolled_with_roles_and_withdrawn() -> None:
    registry = Registry()
    _, boss = registry.admin(registry.person("Ann"), AdminRole.ADMINISTRATOR)
    person = registry.person("Bo Bergström")
    _, rid = registry.admin(person, AdminRole.OFFICER, AdminRole.VIEWER)
    row = registry.book.admin(rid)
    assert row is not None
    assert (row.person, row.name, set(row.roles)) == (person.rid, "Bo Bergström", {AdminRole.OFFICER, AdminRole.VIEWER})
    leaf = leaves.decode(registry.leaves[-1])
    assert isinstance(leaf, KeyLeaf)
    assert (leaf.use, leaf.own, leaf.by) == ("admin", person.rid, boss)
    assert "Bo Bergström" not in registry.leaves[-1].decode()
    assert admins.officers(registry.book) == 1
    registry.commit(admins.withdraw(registry.book, WithdrawKey(key=rid), registry.now + 1, by=boss))
    assert admins.officers(registry.book) == 0
    with pytest.raises(Refused, match=r"party\.key_unknown"):
        admins.withdraw(registry.book, WithdrawKey(key=rid), registry.now, by=boss)


def test_nothing_but_a_natural_person_is_ever_an_approver_or_officer() -> None:
    """Whatever its credentials: by name, id, rid, by its copies, or by the key that a copy holds."""
    registry = Registry()
    firm = registry.party(vouched=True)
    system = registry.system(firm)
    key = Key.generate()
    copy = registry.copy(system, key)
    running = registry.book.copy(copy)
    assert running is not None
    for role in AdminRole:
        for ref in (system.rid, system.id, system.name, copy, running.id):
            assert code(registry, asking(registry, ref, Key.generate(), role)) == "party.is_system"
        assert code(registry, asking(registry, firm.rid, Key.generate(), role)) == "party.not_person"
        assert code(registry, asking(registry, registry.person().rid, key, role)) == "party.key_taken"
    assert not list(registry.book.admins())


def test_a_person_counts_once() -> None:
    registry = Registry()
    registry.admin(registry.person(), AdminRole.ADMINISTRATOR)
    person = registry.person()
    registry.admin(person, AdminRole.OFFICER)
    by = registry.administrator()
    assert code(registry, asking(registry, person.rid, Key.generate(), AdminRole.OFFICER), by) == "party.enrolled"
    assert admins.officers(registry.book) == 1


def test_of_two_enrolments_of_one_person_at_once_one_is_written() -> None:
    """Else one person would hold two keys, and with them roles that must not meet."""
    registry = Registry()
    _, boss = registry.admin(registry.person(), AdminRole.ADMINISTRATOR)
    person = registry.person()
    plans = [
        admins.enrol(registry.book, asking(registry, person.rid, Key.generate(), role), registry.now, by=boss)
        for role in (AdminRole.OPERATOR, AdminRole.APPROVER)
    ]
    rid = registry.commit(plans[0])
    with pytest.raises(Refused, match=r"log\.conflict"):
        registry.commit(plans[1])
    registry.commit(admins.withdraw(registry.book, WithdrawKey(key=rid), registry.now, by=boss))
    registry.admin(person, AdminRole.APPROVER)
    assert [set(a.roles) for a in admins.in_force(registry.book) if a.person == person.rid] == [{AdminRole.APPROVER}]


def test_who_was_withdrawn_meanwhile_enrols_nobody() -> None:
    registry = Registry()
    _, first = registry.admin(registry.person(), AdminRole.ADMINISTRATOR)
    _, second = registry.admin(registry.person(), AdminRole.ADMINISTRATOR)
    asked = asking(registry, registry.person().rid, Key.generate(), AdminRole.OFFICER)
    plan = admins.enrol(registry.book, asked, registry.now, by=second)
    registry.commit(admins.withdraw(registry.book, WithdrawKey(key=second), registry.now, by=first))
    with pytest.raises(Refused, match=r"log\.conflict"):
        registry.commit(plan)


def test_who_operates_does_not_approve() -> None:
    registry = Registry()
    person = registry.person()
    for other in (AdminRole.OPERATOR, AdminRole.ADMINISTRATOR):
        both = asking(registry, person.rid, Key.generate(), other, AdminRole.APPROVER)
        assert code(registry, both) == "party.roles"
    assert code(registry, asking(registry, person.rid, Key.generate())) == "party.roles"


def test_the_last_administrator_stays_even_when_two_withdraw_each_other_at_once() -> None:
    registry = Registry()
    _, first = registry.admin(registry.person(), AdminRole.ADMINISTRATOR)
    with pytest.raises(Refused, match=r"party\.last_administrator"):
        admins.withdraw(registry.book, WithdrawKey(key=first), registry.now, by=first)
    _, second = registry.admin(registry.person(), AdminRole.ADMINISTRATOR)
    one = admins.withdraw(registry.book, WithdrawKey(key=first), registry.now, by=second)
    two = admins.withdraw(registry.book, WithdrawKey(key=second), registry.now, by=first)
    registry.commit(one)
    with pytest.raises(Refused, match=r"log\.conflict"):
        registry.commit(two)
    assert registry.administrator() == second


def test_a_stolen_signature_enrols_nobody() -> None:
    registry = Registry()
    person = registry.person()
    good = asking(registry, person.rid, Key.generate(), AdminRole.VIEWER)
    raised = msgspec.structs.replace(good, roles=(AdminRole.ADMINISTRATOR,))
    assert code(registry, raised) == "party.signature"
