# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec
import pytest

from answerable.errors import Refused
from answerable.log import leaf as leaves
from answerable.model.leaves import TransferLeaf
from answerable.model.terms import Audience, Role
from answerable.model.units import Space
from answerable.registry import keys, transfers
from answerable.registry.requests import PartySpec, TransferSystem, WithdrawKey
from tests.small_registry import Registry, digest, sign


def code(registry: Registry, request: TransferSystem) -> str:
    with pytest.raises(Refused) as caught:
        transfers.transfer(registry.book, request, registry.now)
    return caught.value.code


def test_both_sign_and_the_role_passes() -> None:
    registry = Registry()
    old, new, third = registry.party("Old"), registry.party("New"), registry.party("Third")
    parties = (PartySpec(party=old.rid, role=Role.PROVIDER), PartySpec(party=third.rid, role=Role.DEPLOYER))
    system = registry.system(old, parties=parties)
    rid = registry.commit(transfers.transfer(registry.book, registry.selling(system, old, new), registry.now))
    sold = registry.book.system(system.rid)
    assert sold is not None
    assert (sold.party(Role.PROVIDER), sold.party(Role.DEPLOYER)) == (new.rid, third.rid)
    assert msgspec.structs.replace(sold, parties=system.parties) == system, "nothing else changed"
    assert registry.book.raw(Space.TRANSFERS, system.rid) == rid.encode()
    leaf = leaves.decode(registry.leaves[-1])
    assert isinstance(leaf, TransferLeaf)
    assert (leaf.old, leaf.new, leaf.sys, len(leaf.sigs)) == (old.rid, new.rid, system.rid, 2)
    assert registry.book.system("model") == sold


def test_one_signature_is_none() -> None:
    registry = Registry()
    old, new, third = registry.party("Old"), registry.party("New"), registry.party("Third")
    system = registry.system(old)
    good = registry.selling(system, old, new)
    assert code(registry, msgspec.structs.replace(good, old_signature=good.new_signature)) == "party.signature"
    assert code(registry, msgspec.structs.replace(good, new_signature=good.old_signature)) == "party.signature"
    assert code(registry, msgspec.structs.replace(good, new_key=good.old_key)) == "party.key_unknown"
    assert code(registry, msgspec.structs.replace(good, new=third.rid)) == "party.signature", "signed for another buyer"
    assert code(registry, msgspec.structs.replace(good, role=Role.DEPLOYER)) == "system.transfer"
    assert code(registry, msgspec.structs.replace(good, new=old.rid)) == "system.transfer"
    assert code(registry, msgspec.structs.replace(good, new=system.rid)) == "party.is_system"
    registry.commit(keys.withdraw(registry.book, WithdrawKey(key=good.new_key), registry.now, by=""))
    assert code(registry, good) == "party.key_unknown"


def test_a_registrars_key_sells_nothing() -> None:
    registry = Registry()
    old, new = registry.party("Old"), registry.party("New")
    good = registry.selling(registry.system(old), old, new)
    key, rid = registry.key(new, registrar=True)
    leaf = transfers.transfer_statement(registry.system(old, "x"), old, new, good)
    assert (
        code(registry, msgspec.structs.replace(good, new_key=rid, new_signature=sign(leaf, key))) == "party.key_unknown"
    )


def test_a_sale_counts_once_and_not_after_another() -> None:
    registry = Registry()
    old, new = registry.party("Old"), registry.party("New")
    system = registry.system(old)
    first, second = registry.selling(system, old, new), registry.selling(system, old, new)
    beside = transfers.transfer(registry.book, second, registry.now)
    registry.commit(transfers.transfer(registry.book, first, registry.now))
    with pytest.raises(Refused, match=r"log\.conflict"):
        registry.commit(beside)
    assert code(registry, second) == "system.transfer"
    back = registry.book.system(system.rid)
    assert back is not None
    registry.commit(transfers.transfer(registry.book, registry.selling(back, new, old), registry.now))
    assert code(registry, first) == "party.replayed"


def test_the_buyer_must_meet_the_duties_and_what_is_stopped_is_not_sold() -> None:
    registry = Registry()
    old, new = registry.party("Old", vouched=True), registry.party("New")
    system = registry.system(old, audience=Audience.PUBLIC, digests=(digest("w"),), licence="MIT")
    sale = registry.selling(system, old, new)
    assert code(registry, sale) == "system.duty"
    registry.vouch(new)
    assert transfers.transfer(registry.book, sale, registry.now)
    order = registry.stop(system, scope="party", root=new.rid, num=0, digests=())
    with pytest.raises(Refused) as caught:
        transfers.transfer(registry.book, sale, registry.now)
    assert (caught.value.code, caught.value.params["order"]) == ("stop.system", order), "the buyer is stopped"
    registry.stop(system)
    assert code(registry, sale) == "stop.system"
