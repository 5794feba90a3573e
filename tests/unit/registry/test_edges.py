# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused
from answerable.model.records import System
from answerable.model.terms import Relation, SystemKind
from answerable.registry import edges
from answerable.registry.requests import EdgeSpec
from tests.small_registry import Registry


@pytest.fixture
def pair() -> tuple[Registry, System, System]:
    registry = Registry()
    firm = registry.party()
    return registry, registry.system(firm, "one"), registry.system(firm, "two")


def code(registry: Registry, kind: SystemKind, *specs: EdgeSpec, own: str = "") -> str:
    with pytest.raises(Refused) as caught:
        edges.resolve(registry.book, kind, specs, own=own)
    return caught.value.code


def test_parents_are_found_by_any_reference_and_sorted(pair: tuple[Registry, System, System]) -> None:
    registry, one, two = pair
    specs = [EdgeSpec(parent=one.name, relation=Relation.MERGE), EdgeSpec(parent=two.id, relation=Relation.MERGE)]
    found = edges.resolve(registry.book, SystemKind.MODEL, specs, own="")
    assert [edge.parent for edge in found] == sorted([one.rid, two.rid])


def test_what_makes_no_sense_is_refused(pair: tuple[Registry, System, System]) -> None:
    registry, one, two = pair

    def to(parent: System, relation: Relation) -> EdgeSpec:
        return EdgeSpec(parent=parent.rid, relation=relation)

    model = SystemKind.MODEL
    assert code(registry, model, EdgeSpec(parent="nothing", relation=Relation.COPY)) == "system.parent"
    assert code(registry, model, to(one, Relation.USES)) == "system.relation"
    assert code(registry, model, to(one, Relation.MERGE)) == "system.relation"
    assert code(registry, model, to(one, Relation.COPY), to(one, Relation.FINETUNE)) == "system.relation"
    assert code(registry, model, to(one, Relation.QUANTIZED), to(two, Relation.FINETUNE)) == "system.relation"
    for kind in set(SystemKind) - {model}:
        assert edges.resolve(registry.book, kind, [to(one, Relation.USES)], own="")


def test_an_edge_to_itself_is_a_cycle(pair: tuple[Registry, System, System]) -> None:
    registry, _, _ = pair
    own = "spiffe://registry.example/system/abcdefghijklmnopqrstuvwxyz"
    assert code(registry, SystemKind.MODEL, EdgeSpec(parent=own, relation=Relation.COPY), own=own) == "system.cycle"


def test_a_parent_by_a_name_that_several_bear_is_refused(pair: tuple[Registry, System, System]) -> None:
    registry, one, _ = pair
    second = registry.system(registry.book.party(one.parties[0].party), "one")  # type: ignore[arg-type]
    assert code(registry, SystemKind.MODEL, EdgeSpec(parent="one", relation=Relation.FINETUNE)) == "system.ambiguous"
    (edge,) = edges.resolve(
        registry.book, SystemKind.MODEL, [EdgeSpec(parent=second.id, relation=Relation.FINETUNE)], own=""
    )
    assert edge.parent == second.rid
    assert registry.book.called("one") == registry.reload().called("one") == (one, second)


def test_who_made_it_stands_beside_what_it_came_from(pair: tuple[Registry, System, System]) -> None:
    registry, base, other = pair
    agent = registry.system(registry.party("Agents"), "agent", kind=SystemKind.AGENT)
    for relation in (Relation.QUANTIZED, Relation.COPY, Relation.FINETUNE):
        found = edges.resolve(
            registry.book,
            SystemKind.MODEL,
            (EdgeSpec(parent=base.rid, relation=relation), EdgeSpec(parent=agent.rid, relation=Relation.MADE)),
            own="",
        )
        assert {edge.relation for edge in found} == {relation, Relation.MADE}
    assert Relation.MADE.weights
    assert other.rid != base.rid
