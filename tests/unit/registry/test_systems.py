# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re

import pytest

from answerable.errors import Refused
from answerable.log import leaf as leaves
from answerable.model.leaves import AnnounceLeaf, SystemLeaf
from answerable.model.terms import Audience, Locality, Relation, Role, SystemKind
from answerable.registry import systems
from answerable.registry.requests import AnnounceSystem, ComputeSpec, EdgeSpec, PartySpec
from tests.small_registry import Registry, digest


def test_a_system_registers_with_number_id_tier_and_leaf() -> None:
    registry = Registry()
    firm, insurer = registry.party(vouched=True), registry.party()
    base = registry.system(firm, "base")
    system = registry.system(
        firm, "小模型", version="1.2", edges=[(base, Relation.FINETUNE)], audience=Audience.PUBLIC, users=12,
        capabilities=("text",), digests=(digest("b"), digest("a")), licence="Apache-2.0", locality=Locality.LOCAL,
        compute=ComputeSpec(parameters=10**8, tokens=10**12), upstream="local",
        parties=(PartySpec(party=firm.id, role=Role.PROVIDER), PartySpec(party=insurer.rid, role=Role.INSURER)),
    )  # fmt: skip
    assert re.fullmatch(r"spiffe://registry\.example/system/[a-z2-7]{26}", system.id)
    assert (system.num, system.tier, system.ancestors) == (base.num + 1, 1, (base.num,))
    data = registry.leaves[-1]
    leaf = leaves.decode(data)
    assert isinstance(leaf, SystemLeaf)
    assert leaves.rid(data) == system.rid
    assert (leaf.num, leaf.tier, leaf.id, leaf.dig) == (system.num, 1, system.id, sorted((digest("a"), digest("b"))))
    assert [(e.p, e.rel) for e in leaf.edges] == [(base.rid, "finetune")]
    assert [(p.rid, p.role) for p in leaf.parties] == [(firm.rid, "provider"), (insurer.rid, "insurer")]
    assert "小模型" not in data.decode()
    assert system.party(Role.INSURER) == insurer.rid


def test_nobody_who_answers_is_no_system() -> None:
    registry = Registry()
    firm = registry.party()
    system = registry.system(firm)
    for parties in (
        (),
        (PartySpec(party=firm.rid, role=Role.INSURER),),
        (PartySpec(party=firm.rid, role=Role.AUTHORITY),),
    ):
        with pytest.raises(Refused, match=r"system\.no_party"):
            registry.system(firm, "x", parties=parties)
    with pytest.raises(Refused, match=r"party\.is_system"):
        registry.system(firm, "x", parties=(PartySpec(party=system.id, role=Role.PROVIDER),))
    with pytest.raises(Refused, match=r"party\.unknown"):
        registry.system(firm, "x", parties=(PartySpec(party="NTRCN-91440300708461136T", role=Role.PROVIDER),))
    with pytest.raises(Refused, match="twice"):
        registry.system(firm, "x", parties=(PartySpec(party=firm.rid, role=Role.PROVIDER),) * 2)


def test_an_unknown_parent_is_refused_and_nothing_is_written() -> None:
    registry = Registry()
    firm = registry.party()
    request = registry.request(firm)
    before = len(registry.leaves)
    with pytest.raises(Refused, match=r"system\.parent"):
        systems.register(
            registry.book,
            systems.msgspec.structs.replace(request, edges=(EdgeSpec(parent="x", relation=Relation.COPY),)),
            1,
        )
    assert len(registry.leaves) == before


@pytest.mark.parametrize("relation", [relation for relation in Relation if relation.weights and relation != "merge"])
def test_a_derivative_of_a_stopped_system_is_recorded_refused_and_dead_for_ever(relation: Relation) -> None:
    registry = Registry()
    firm = registry.party()
    base = registry.system(firm, "base")
    middle = registry.system(firm, "middle", edges=[(base, Relation.FINETUNE)])
    order = registry.stop(base)
    before = len(registry.leaves)
    with pytest.raises(Refused, match=r"system\.born_dead") as caught:
        registry.system(firm, "late", edges=[(middle, relation)])
    assert (caught.value.params["order"], caught.value.exit) == (order, 1)
    leaf = leaves.decode(registry.leaves[-1])
    assert isinstance(leaf, SystemLeaf)
    assert (len(registry.leaves), leaf.dead) == (before + 1, order)
    dead = registry.book.system(leaf.id)
    assert dead is not None
    assert dead.dead == order
    assert registry.book.system("late") is None, "a dead system takes no name"
    with pytest.raises(Refused, match=r"stop\.system"):
        registry.copy(dead)
    with pytest.raises(Refused, match=r"system\.born_dead"):
        registry.system(firm, "later", edges=[(dead, Relation.COPY)])


def test_the_weights_of_a_stopped_system_under_another_name_are_born_dead() -> None:
    registry = Registry()
    firm = registry.party()
    order = registry.stop(registry.system(firm, digests=(digest("w"),)))
    with pytest.raises(Refused, match=r"system\.born_dead") as caught:
        registry.system(registry.party(), "innocent", digests=(digest("w"),))
    assert caught.value.params["order"] == order
    user = registry.system(
        firm, "app", kind=SystemKind.APPLICATION, edges=[(registry.system(firm, "x"), Relation.USES)]
    )
    assert not user.dead


def test_a_stop_that_comes_between_wins() -> None:
    registry = Registry()
    firm = registry.party()
    base = registry.system(firm)
    planned = systems.register(registry.book, registry.request(firm, "late", edges=[(base, Relation.COPY)]), 1)
    registry.stop(base)
    with pytest.raises(Refused, match=r"log\.conflict"):
        registry.commit(planned)
    with pytest.raises(Refused, match=r"system\.born_dead"):
        registry.system(firm, "late", edges=[(base, Relation.COPY)])


def test_numbers_are_never_given_twice() -> None:
    registry = Registry()
    firm = registry.party()
    first, second = (systems.register(registry.book, registry.request(firm, name), 1) for name in ("a", "b"))
    registry.commit(first)
    with pytest.raises(Refused, match=r"log\.conflict"):
        registry.commit(second)


def test_an_announcement_comes_before_and_binds() -> None:
    registry = Registry()
    firm, other = registry.party(), registry.party()
    base = registry.system(firm, "base")
    edge = EdgeSpec(parent="base", relation=Relation.FINETUNE)
    asked = AnnounceSystem(name="plan", kind=SystemKind.MODEL, party=firm.rid, edges=(edge,))
    rid = registry.commit(systems.announce(registry.book, asked, registry.now))
    leaf = leaves.decode(registry.leaves[-1])
    assert isinstance(leaf, AnnounceLeaf)
    row = systems.announcement(registry.book, rid)
    assert row is not None
    assert (leaf.by, row.party, row.edges[0].parent, row.name) == (firm.rid, firm.rid, base.rid, "plan")
    built = registry.system(firm, "built", announced=rid, edges=[(base, Relation.FINETUNE)])
    assert built.announced == rid
    for field, changes in (
        ("edges", {"edges": [(base, Relation.ADAPTER)]}),
        ("kind", {"kind": SystemKind.AGENT, "edges": [(base, Relation.FINETUNE)]}),
        ("everything", {"announced": "a" * 32, "edges": [(base, Relation.FINETUNE)]}),
    ):
        with pytest.raises(Refused) as caught:
            registry.system(firm, "other", **{"announced": rid, **changes})
        assert (caught.value.code, caught.value.params["field"]) == ("system.announcement", field)
    with pytest.raises(Refused, match="party"):
        registry.system(other, "other", announced=rid, edges=[(base, Relation.FINETUNE)])


def test_building_on_what_is_stopped_or_above_one_s_standing_is_refused() -> None:
    registry = Registry()
    firm, declared = registry.party(vouched=True), registry.party()
    frontier = registry.system(
        firm, "frontier", compute=ComputeSpec(petaflop=10**10), digests=(digest("f"),), licence="MIT"
    )
    asked = AnnounceSystem(
        name="p", kind=SystemKind.MODEL, party=declared.rid,
        edges=(EdgeSpec(parent=frontier.rid, relation=Relation.DISTILLED),),
    )  # fmt: skip
    with pytest.raises(Refused, match=r"system\.duty") as caught:
        systems.announce(registry.book, asked, registry.now)
    assert (caught.value.params["duty"], caught.value.params["moment"]) == ("identifier", "build")
    registry.stop(frontier)
    allowed = systems.msgspec.structs.replace(asked, party=firm.rid)
    with pytest.raises(Refused, match=r"stop\.system"):
        systems.announce(registry.book, allowed, registry.now)


def test_edges_never_change_and_each_registration_is_another_system() -> None:
    registry = Registry()
    firm = registry.party()
    first, second = registry.system(firm), registry.system(firm, version="2")
    assert first.id != second.id
    assert registry.book.system("model") == second
    assert not any(hasattr(systems, verb) for verb in ("update", "change", "edit", "delete", "remove"))


def test_what_descends_from_the_born_dead_is_dead_even_after_the_suspension_ended() -> None:
    registry = Registry()
    firm = registry.party()
    base = registry.system(firm, "base")
    order = registry.stop(base, kind="suspend", until=registry.now + 10)
    with pytest.raises(Refused, match=r"system\.born_dead"):
        registry.system(firm, "late", edges=[(base, Relation.COPY)])
    leaf = leaves.decode(registry.leaves[-1])
    assert isinstance(leaf, SystemLeaf)
    dead = registry.book.system(leaf.id)
    assert dead is not None
    registry.now += 10
    assert not registry.system(firm, "in time", edges=[(base, Relation.COPY)]).dead
    with pytest.raises(Refused, match=r"system\.born_dead") as caught:
        registry.system(firm, "child", edges=[(dead, Relation.FINETUNE)])
    assert caught.value.params["order"] == order
    asked = AnnounceSystem(
        name="p", kind=SystemKind.MODEL, party=firm.rid, edges=(EdgeSpec(parent=dead.rid, relation=Relation.COPY),)
    )
    with pytest.raises(Refused, match=r"stop\.system"):
        systems.announce(registry.book, asked, registry.now)
