# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import VerificationError
from answerable.log.leaf import rid
from answerable.model.leaves import Leaf, OpenLeaf, PartyLeaf, ShardLeaf, WarrantLeaf
from answerable.verify.links import Graph, Placed
from tests.small_log import T0, a_rid, nonce, world

WORLD = world()


def placed() -> list[Placed]:
    from answerable.log.leaf import decode

    names = [WORLD.rids["open"], *WORLD.members]
    indexes = [WORLD.log.index(name) for name in names]
    return [Placed(rid(WORLD.log.leaves[i]), decode(WORLD.log.leaves[i]), WORLD.log.proved(i)) for i in indexes]


def moved(entry: Placed, leaf: Leaf) -> Placed:
    return Placed(entry.rid, leaf, entry.proved)


def code(entries: list[Placed]) -> str:
    with pytest.raises(VerificationError) as caught:
        Graph(entries).check(WORLD.rids["open"])
    return caught.value.code


def test_a_whole_record_holds_together() -> None:
    graph = Graph(placed())
    graph.check(WORLD.rids["open"])
    assert len(list(graph)) == 10
    assert graph.need(WORLD.rids["deployer"], PartyLeaf, "party").id == "NTRCN-Deployer"
    assert graph.find(WORLD.rids["deployer"], WarrantLeaf) is None


def test_what_is_missing_is_named() -> None:
    with pytest.raises(VerificationError) as caught:
        Graph([]).need(WORLD.rids["deployer"], PartyLeaf, "party")
    assert caught.value.code == "receipt.incomplete"
    assert caught.value.params["member"] == "party"


def test_a_leaf_stands_once() -> None:
    entries = placed()
    assert code([*entries, entries[3]]) == "receipt.inconsistent"


def test_a_leaf_of_others_is_spare() -> None:
    shard = ShardLeaf(n=nonce("s"), origin="o", root="r", size=1, t=T0)
    assert code([*placed(), Placed(a_rid("shard"), shard, WORLD.log.proved(0))]) == "receipt.spare"


def test_a_link_leads_to_its_kind() -> None:
    entries = placed()
    opened = entries[0].leaf
    assert isinstance(opened, OpenLeaf)
    import msgspec

    # `party` points to a system, `war` to a party.
    for changed in ({"party": opened.sys}, {"war": opened.party}, {"via": opened.war}):
        entries[0] = moved(entries[0], msgspec.structs.replace(opened, **changed))
        assert code(entries) == "receipt.inconsistent"


def test_a_link_leads_backwards() -> None:
    entries = placed()
    party = next(i for i, entry in enumerate(entries) if entry.rid == WORLD.rids["deployer"])
    entries[party] = Placed(entries[party].rid, entries[party].leaf, WORLD.log.proved(14))
    assert code(entries) == "receipt.inconsistent"
