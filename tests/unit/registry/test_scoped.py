# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from answerable.errors import Refused, Unavailable
from answerable.log import leaf as leaves
from answerable.model.leaves import SystemLeaf
from answerable.model.terms import Criticality, Effect, Locality, Relation, SystemKind
from answerable.model.tools import ToolState
from answerable.model.units import Put, Space, Unit
from answerable.registry import scoped, systems, tiers
from answerable.registry.planned import encode_row
from answerable.sequencer.replay import Replay
from tests.small_registry import DOMAIN, Registry, digest
from tests.unit.tools.a_family import tool


def told(registry: Registry) -> SystemLeaf:
    leaf = leaves.decode(registry.leaves[-1])
    assert isinstance(leaf, SystemLeaf)
    return leaf


def test_what_a_system_may_call_stands_in_its_leaf_and_is_told_again() -> None:
    registry = Registry()
    firm = registry.party(vouched=True)
    plain = registry.system(firm, "plain", kind=SystemKind.AGENT)
    assert (plain.tools, plain.max_criticality, plain.tier) == (("*",), Criticality.ORDINARY, 0)
    assert told(registry).x is UNSET
    assert scoped.of_leaf(told(registry)) == (None, None, None)
    none = registry.system(firm, "none", kind=SystemKind.AGENT, tools=())
    assert none.tools == ()
    assert told(registry).x == {"answerable.scope": {"tools": []}}
    assert scoped.of_leaf(told(registry)) == ((), None, None)
    some = registry.system(firm, "some", kind=SystemKind.AGENT, tools=("map/way", "bank/*"))
    assert some.tools == ("bank/*", "map/way")
    assert scoped.of_leaf(told(registry)) == (("bank/*", "map/way"), None, None)
    creative = registry.system(
        firm, "creative", kind=SystemKind.AGENT, criticality=Criticality.CREATIVE, max_criticality=Criticality.ORDINARY
    )
    assert (creative.criticality, creative.max_criticality, creative.tier) == (
        Criticality.CREATIVE, Criticality.ORDINARY, 0,
    )  # fmt: skip
    assert told(registry).x == {"answerable.scope": {"may": "ordinary"}}


def test_what_its_tool_calls_may_be_counts_for_its_tier() -> None:
    registry = Registry()
    plain = registry.system(registry.party(), "plain", kind=SystemKind.AGENT)
    for may, tier in ((Criticality.ORDINARY, 0), (Criticality.SENSITIVE, 2), (Criticality.CRITICAL, 3)):
        row = msgspec.structs.replace(plain, may=may)
        assert tiers.of(registry.book, row).tier == tier


def test_the_tools_that_a_scope_names_count_for_its_tier() -> None:
    registry = Registry()
    firm = registry.party(vouched=True)
    before = registry.system(firm, "before", kind=SystemKind.AGENT, tools=("bank/*",))
    write, gone = tool("pay"), msgspec.structs.replace(tool("wipe"), effect=Effect.IRREVERSIBLE)
    withdrawn = msgspec.structs.replace(gone, name="old", state=ToolState.WITHDRAWN)
    for each in (write, gone, withdrawn):
        registry.write(Unit(effects=(Put(Space.TOOLS, each.key, encode_row(each)),)))

    def follows(*scope: str) -> set[str]:
        return set(scoped.follows(registry.book, scope))

    assert scoped.follows(registry.book, None) == frozenset()  # nothing follows from what nobody declared
    assert follows() == set()
    assert follows("map/*") == set()
    assert follows("bank/pay") == {"tools.write"}
    assert follows("bank/wipe") == {"tools.irreversible"}
    assert follows("bank/*") == follows("*") == {"tools.write", "tools.irreversible"}
    assert follows("bank/old") == set()
    payer = registry.system(
        firm, "payer", kind=SystemKind.AGENT, tools=("bank/pay",), licence="MIT", digests=(digest("payer"),)
    )
    assert (payer.tier, payer.capabilities) == (1, ("tools.write",))
    assert told(registry).cap == ["tools.write"]
    assert tiers.of(registry.book, before).tier == 0  # what is classified later changes nobody's tier


@pytest.mark.parametrize(
    "changes",
    [
        {"tools": ("bank",)},
        {"tools": ("bank/p*",)},
        {"tools": ("bank/pay", "bank/pay")},
        {"tools": tuple(f"bank/{number:0>120}" for number in range(20))},
        {"max_criticality": Criticality.CREATIVE},
    ],
)
def test_a_scope_of_another_form_is_refused(changes: dict[str, Any]) -> None:
    registry = Registry()
    with pytest.raises(Refused, match=r"system\.field"):
        registry.system(registry.party(), "x", kind=SystemKind.AGENT, **changes)


@pytest.mark.parametrize(
    "x",
    [
        {"answerable.scope": 1},
        {"answerable.scope": {"may": "extreme"}},
        {"answerable.scope": {"tools": 5}},
        {"answerable.maker": {"id": "x"}},
    ],
)
def test_a_leaf_of_another_form_is_not_followed(x: dict[str, Any]) -> None:
    registry = Registry()
    registry.system(registry.party(), "x")
    with pytest.raises(ValueError, match=r".+"):
        scoped.of_leaf(msgspec.structs.replace(told(registry), x=x))


def test_rows_of_tools_that_cannot_be_read_are_damage() -> None:
    registry = Registry()
    registry.write(Unit(effects=(Put(Space.TOOLS, "bank/pay", b"{}"),)))
    with pytest.raises(Unavailable, match=r"system\.damaged"):
        list(scoped.tools(registry.book))


def test_rows_of_what_was_made_are_told_again_from_their_leaves() -> None:
    registry = Registry()
    firm = registry.party()
    maker = registry.system(firm, "maker", kind=SystemKind.AGENT, tools=("bank/*",))
    copy = registry.copy(maker)
    request = registry.request(firm, "made", kind=SystemKind.AGENT, edges=[(maker, Relation.MADE)])
    request = msgspec.structs.replace(request, tools=("bank/pay",), max_criticality=Criticality.ORDINARY)
    rid = registry.commit(systems.register(registry.book, request, registry.now, maker=copy))
    names = {maker.rid: "maker", rid: "made"}
    kept = {leaves.rid(data): leaves.decode(data) for data in registry.leaves}
    replay = Replay(DOMAIN, lambda its, _group: names.get(its), lambda its: kept[its])
    for its, leaf in kept.items():
        replay.take(leaf, its)
    for its in names:
        told_again, row = replay.book.system(its), registry.book.system(its)
        assert row is not None
        assert told_again == msgspec.structs.replace(row, upstream="", locality=Locality.EXTERNAL)
