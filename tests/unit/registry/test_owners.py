# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from answerable.errors import Refused
from answerable.log.leaf import decode
from answerable.model.leaves import SystemLeaf
from answerable.model.records import Share
from answerable.model.terms import Role, SystemKind
from answerable.registry import systems
from answerable.registry.owners import MEMBER, moved, of_leaf
from answerable.registry.requests import OwnersSpec, PartySpec, RegisterSystem, ShareSpec
from answerable.sequencer.replay import Replay
from tests.small_registry import DOMAIN, Registry


def request(*parties: Any, need: int, **shares: int) -> RegisterSystem:
    named = {party.name: party.rid for party in parties}
    return RegisterSystem(
        name="shared",
        version="1",
        kind=SystemKind.MODEL,
        parties=tuple(PartySpec(party=party.rid, role=Role.PROVIDER) for party in parties),
        owners=OwnersSpec(
            shares=tuple(ShareSpec(party=named.get(name, name), count=n) for name, n in shares.items()), need=need
        ),
    )


def test_shares_stand_in_the_leaf_and_come_back_from_it() -> None:
    registry = Registry()
    one, two = registry.party("one"), registry.party("two")
    planned = systems.register(registry.book, request(one, two, need=6, one=5, two=3), registry.now)
    registry.commit(planned)
    row = registry.book.system(planned.rid)
    assert row is not None
    assert row.owners_need == 6
    assert {share.party: share.count for share in row.shares} == {one.rid: 5, two.rid: 3}
    leaf = decode(planned.unit.leaves[0])
    assert isinstance(leaf, SystemLeaf)
    assert leaf.x == {MEMBER: {"need": 6, "shares": {one.rid: 5, two.rid: 3}}}
    assert of_leaf(leaf) == (row.shares, 6)
    replay = Replay(DOMAIN, lambda rid, group: None, lambda rid: None)  # type: ignore[arg-type, return-value]
    for space in ("parties", "party_ids"):
        replay.book.apply(_effects(registry, space))
    replay.take(leaf, planned.rid)
    told = replay.book.system(planned.rid)
    assert told is not None
    assert (told.shares, told.owners_need) == (row.shares, 6)


def _effects(registry: Registry, space: str) -> list[Any]:
    from answerable.model.units import Put, Space

    return [Put(Space(space), key, value) for key, value in registry.rows[Space(space)].items()]


def test_who_owns_without_a_role_or_twice_or_too_little_is_refused() -> None:
    registry = Registry()
    one, two = registry.party("one"), registry.party("two")
    for wrong in (
        request(one, need=1, one=1, **{two.rid: 1}),
        request(one, need=2, one=1),
        request(one, need=1, one=1, **{one.rid: 1}),
    ):
        with pytest.raises(Refused, match=r"system\.field"):
            systems.register(registry.book, wrong, registry.now)


def test_a_sale_moves_shares() -> None:
    held = (Share(party="a", count=5), Share(party="b", count=3))
    assert moved(held, "a", "c") == (Share(party="b", count=3), Share(party="c", count=5))
    assert moved(held, "a", "b") == (Share(party="b", count=8),)
    assert moved(held, "x", "c") is held
