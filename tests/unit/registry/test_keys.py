# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec
import pytest

from answerable.crypto.b64 import b64u, unb64u
from answerable.crypto.ed25519 import Key, verify
from answerable.crypto.random import nonce
from answerable.errors import Refused
from answerable.log import leaf as leaves
from answerable.log.statement import to_sign
from answerable.model.leaves import KeyLeaf
from answerable.model.records import Party
from answerable.model.terms import AdminRole
from answerable.registry import keys
from answerable.registry.requests import EnrolKey, WithdrawKey
from tests.small_registry import ORIGIN, Registry, sign


def request(party: Party, key: Key) -> EnrolKey:
    asked = EnrolKey(party=party.rid, key=b64u(key.public), nonce=nonce(), signature="")
    return msgspec.structs.replace(asked, signature=sign(keys.enrol_statement(party, asked), key))


def code(registry: Registry, asked: EnrolKey, by: str = "") -> str:
    with pytest.raises(Refused) as caught:
        keys.enrol(registry.book, asked, registry.now, by=by)
    return caught.value.code


def test_a_party_key_is_enrolled_by_whoever_holds_it_and_withdrawn() -> None:
    registry = Registry()
    party = registry.party()
    key = Key.generate()
    rid = registry.commit(keys.enrol(registry.book, request(party, key), registry.now, by=""))
    row = keys.in_force(registry.book, rid, party.rid, keys.PARTY)
    assert (row.key, row.party, list(registry.book.party_keys())) == (b64u(key.public), party.rid, [row])
    registry.commit(keys.withdraw(registry.book, WithdrawKey(key=rid), registry.now + 1, by=""))
    leaf = leaves.decode(registry.leaves[-1])
    assert isinstance(leaf, KeyLeaf)
    assert (leaf.end, leaf.prev, leaf.pub) == (True, rid, b64u(key.public))
    with pytest.raises(Refused, match=r"party\.key_unknown"):
        keys.in_force(registry.book, rid, party.rid)
    with pytest.raises(Refused, match=r"party\.key_unknown"):
        keys.withdraw(registry.book, WithdrawKey(key=rid), registry.now, by="")


def test_a_key_has_one_owner_for_ever() -> None:
    registry = Registry()
    party, other = registry.party(vouched=True), registry.party()
    key, rid = registry.key(party)
    assert code(registry, request(other, key)) == "party.key_taken"
    registry.commit(keys.withdraw(registry.book, WithdrawKey(key=rid), registry.now, by=""))
    assert code(registry, request(party, key)) == "party.key_taken"
    running = Key.generate()
    registry.copy(registry.system(party), running)
    assert code(registry, request(party, running)) == "party.key_taken"


def test_enrolment_needs_the_key_itself_and_good_form() -> None:
    registry = Registry()
    party = registry.party()
    good = request(party, Key.generate())
    assert code(registry, msgspec.structs.replace(good, registrar=True)) == "party.signature"
    assert code(registry, msgspec.structs.replace(good, key="AAAA")) == "party.key"
    assert code(registry, msgspec.structs.replace(good, key="!")) == "party.key"
    assert code(registry, msgspec.structs.replace(good, signature="!")) == "party.signature"
    assert code(registry, msgspec.structs.replace(good, nonce="!")) == "party.nonce"
    assert code(registry, msgspec.structs.replace(good, party="nobody")) == "party.unknown"


def test_once_there_is_an_administrator_only_an_administrator_enrols() -> None:
    registry = Registry()
    party = registry.party()
    _, boss = registry.admin(registry.person(), AdminRole.ADMINISTRATOR)
    _, officer = registry.admin(registry.person(), AdminRole.OFFICER)
    good = request(party, Key.generate())
    assert code(registry, good) == "party.by"
    assert code(registry, good, officer) == "party.by"
    assert code(registry, good, "a" * 32) == "party.by"
    rid = registry.commit(keys.enrol(registry.book, good, registry.now, by=boss))
    leaf = leaves.decode(registry.leaves[-1])
    assert isinstance(leaf, KeyLeaf)
    assert (leaf.by, leaf.own, leaves.rid(registry.leaves[-1])) == (boss, party.rid, rid)


def test_a_label_key_is_pinned_to_its_party_once() -> None:
    registry = Registry()
    party, key = registry.party(), Key.generate()
    planned = keys.enrol_label(registry.book, party, key, registry.now)
    assert planned is not None
    rid = registry.commit(planned)
    leaf = leaves.decode(registry.leaves[-1])
    assert isinstance(leaf, KeyLeaf)
    assert (leaf.use, leaf.own, leaf.pub) == ("label", party.rid, b64u(key.public))
    assert isinstance(leaf.sigs, list)
    verify(key.public, to_sign(leaf, ORIGIN), unb64u(leaf.sigs[0].sig))
    assert [row.rid for row in keys.label_keys(registry.book)] == [rid]
    assert keys.enrol_label(registry.book, party, key, registry.now) is None
    with pytest.raises(Refused, match=r"party\.key_unknown"):
        keys.in_force(registry.book, rid, party.rid, keys.PARTY)  # it signs for its party in nothing else
    registry.commit(keys.withdraw(registry.book, WithdrawKey(key=rid), registry.now, by=""))
    assert keys.label_keys(registry.book) == ()
    with pytest.raises(Refused, match=r"party\.key_taken"):
        keys.enrol_label(registry.book, party, key, registry.now)
