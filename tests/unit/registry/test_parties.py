# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec
import pytest

from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.errors import Refused, Unavailable
from answerable.log import leaf as leaves
from answerable.model.leaves import PartyLeaf
from answerable.model.terms import PartyKind, Standing
from answerable.model.units import Space
from answerable.registry import keys, parties
from answerable.registry.book import Book
from answerable.registry.ids import unassigned_lei, unassigned_uscc
from answerable.registry.requests import ProveParty, RegisterParty, WithdrawKey
from tests.small_certificates import Authority
from tests.small_registry import ORIGIN, Registry, sign


def refused(code: str) -> pytest.RaisesExc[Refused]:
    return pytest.RaisesExc(Refused, check=lambda error: error.code == code)


def test_a_party_registers_as_declared_and_its_name_stays_out_of_the_log() -> None:
    registry = Registry()
    party = registry.party("深圳某公司")
    assert (party.standing, party.kind, party.name) == (Standing.DECLARED, PartyKind.ORG, "深圳某公司")
    leaf = leaves.decode(registry.leaves[0])
    assert isinstance(leaf, PartyLeaf)
    assert leaves.rid(registry.leaves[0]) == party.rid
    assert "深圳" not in registry.leaves[0].decode()
    assert registry.book.party(party.id) == party


def test_a_bad_identifier_a_bad_name_and_a_second_registration_are_refused() -> None:
    registry = Registry()
    with refused("party.id"):
        parties.register(registry.book, RegisterParty(id="NTRCN-91440300708461137T", name="x"), 1)
    for name in ("", " x", "a\nb", "a\u202eb", "x" * 201):
        with refused("party.name"):
            parties.register(registry.book, RegisterParty(id=unassigned_lei(1), name=name), 1)
    party = registry.party()
    with refused("party.taken"):
        parties.register(registry.book, RegisterParty(id=party.id, name="Another"), 1)


def test_two_registrations_of_one_identifier_prepared_side_by_side_do_not_both_get_written() -> None:
    registry = Registry()
    request = RegisterParty(id=unassigned_uscc(9), name="A firm")
    first, second = (parties.register(registry.book, request, 1) for _ in range(2))
    registry.commit(first)
    with refused("log.conflict"):
        registry.commit(second)


def test_a_system_is_never_a_party() -> None:
    registry = Registry()
    system = registry.system(registry.party(vouched=True))
    copy = registry.copy(system)
    for ref in (system.rid, system.id, system.name, copy, "spiffe://elsewhere.example/system/x"):
        with refused("party.is_system"):
            parties.challenge(registry.book, ref, 1)
    with refused("party.is_system"):
        parties.register(registry.book, RegisterParty(id=system.id, name="I"), 1)


def test_a_registrar_vouches_and_the_standing_leaf_names_the_first() -> None:
    registry = Registry()
    party = registry.party()
    rid = registry.vouch(party)
    now = registry.book.party(party.id)
    assert now is not None
    assert (now.rid, now.standing, now.stands) == (party.rid, Standing.VOUCHED, rid)
    leaf = leaves.decode(registry.leaves[-1])
    assert isinstance(leaf, PartyLeaf)
    assert (leaf.prev, leaf.std, leaf.vch) == (party.rid, "vouched", registry.registrar()[0].rid)
    with refused("party.standing"):
        parties.vouch(registry.book, registry.vouching(now), registry.now)


def test_a_vouch_needs_a_registrars_key_its_signature_and_a_fresh_nonce() -> None:
    registry = Registry()
    party, other = registry.party("One"), registry.party("Two")
    good = registry.vouching(party)
    with refused("party.signature"):
        parties.vouch(registry.book, msgspec.structs.replace(good, party=other.rid), registry.now)
    forged = msgspec.structs.replace(good, signature=b64u(bytes(64)))
    with refused("party.signature"):
        parties.vouch(registry.book, forged, registry.now)
    _, plain = registry.key(other)
    with refused("party.not_registrar"):
        parties.vouch(registry.book, msgspec.structs.replace(good, key=plain), registry.now)
    with refused("party.key_unknown"):
        parties.vouch(registry.book, msgspec.structs.replace(good, key="a" * 32), registry.now)
    with refused("party.nonce"):
        parties.vouch(registry.book, msgspec.structs.replace(good, nonce="AAAA"), registry.now)
    registry.commit(parties.vouch(registry.book, good, registry.now))
    with refused("party.replayed"):
        parties.vouch(registry.book, msgspec.structs.replace(good, party=other.rid), registry.now)


def test_a_registrar_cannot_vouch_for_itself_nor_with_a_withdrawn_key() -> None:
    registry = Registry()
    registrar, rid, _ = registry.registrar()
    good = registry.vouching(registrar)
    with refused("party.self_vouch"):
        parties.vouch(registry.book, good, registry.now)
    other = registry.vouching(registry.party())
    registry.commit(keys.withdraw(registry.book, WithdrawKey(key=rid), registry.now, by=""))
    with refused("party.key_unknown"):
        parties.vouch(registry.book, other, registry.now)


def proof(registry: Registry, party: str, ca: Authority, names: str | None = None, **changes: object) -> ProveParty:
    found = registry.book.party(party)
    assert found is not None
    drawn = registry.commit(parties.challenge(registry.book, party, registry.now))
    certificate, key = ca.issue(names or found.id, registry.now)
    text = parties.challenge_text(ORIGIN, found, drawn)
    request = ProveParty(
        party=party, challenge=drawn, certificates=(b64u(certificate),), signature=b64u(key.sign(text))
    )
    return msgspec.structs.replace(request, **changes)


def test_a_certificate_that_names_the_identifier_proves_it_once() -> None:
    registry = Registry()
    ca = Authority(registry.now)
    party = registry.party()
    request = proof(registry, party.rid, ca)
    planned = parties.prove(registry.book, request, registry.now, anchors=[ca.root])
    registry.commit(planned)
    now = registry.book.party(party.rid)
    assert now is not None
    assert (now.standing, now.stands) == (Standing.PROVEN, planned.rid)
    leaf = leaves.decode(registry.leaves[-1])
    assert isinstance(leaf, PartyLeaf)
    assert isinstance(leaf.crt, str)
    assert len(leaf.crt) == 64
    assert registry.book.raw(Space.CHALLENGES, request.challenge) is None
    with refused("party.standing"):
        parties.prove(registry.book, request, registry.now, anchors=[ca.root])


def test_a_proof_fails_closed() -> None:
    registry = Registry()
    ca, stranger = Authority(registry.now), Authority(registry.now)
    party, other = registry.party(), registry.party()
    with refused("party.certificate"):
        parties.prove(registry.book, proof(registry, party.rid, ca), registry.now, anchors=[])
    with refused("party.certificate"):
        parties.prove(registry.book, proof(registry, party.rid, ca), registry.now, anchors=[stranger.root])
    with refused("party.certificate"):
        parties.prove(registry.book, proof(registry, party.rid, ca, other.id), registry.now, anchors=[ca.root])
    with refused("party.certificate"):
        wrong = proof(registry, party.rid, ca, signature=b64u(bytes(64)))
        parties.prove(registry.book, wrong, registry.now, anchors=[ca.root])
    good = proof(registry, party.rid, ca)
    with refused("party.challenge"):
        late = registry.now + parties.CHALLENGE_MINUTES * 60_000
        parties.prove(registry.book, good, late, anchors=[ca.root])
    with refused("party.challenge"):
        theirs = msgspec.structs.replace(good, party=other.rid)
        parties.prove(registry.book, theirs, registry.now, anchors=[ca.root])
    with refused("party.challenge"):
        unknown = msgspec.structs.replace(good, challenge="AAAAAAAAAAAAAAAAAAAAAA")
        parties.prove(registry.book, unknown, registry.now, anchors=[ca.root])


def test_without_a_log_origin_nothing_signed_is_taken() -> None:
    registry = Registry()
    party = registry.party()
    good = registry.vouching(party)
    key = Key.generate()
    bare = Book("registry.example")
    for space, rows in registry.rows.items():
        if space not in (Space.MISC, Space.OPENS):
            for row_key, value in rows.items():
                bare._put(space, row_key, value)
    with pytest.raises(Unavailable) as caught:
        parties.vouch(bare, good, registry.now)
    assert caught.value.code == "system.no_origin"
    assert sign(parties.vouch_statement(party, party, drawn=good.nonce, salt=good.salt), key)
