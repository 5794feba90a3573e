# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec
import pytest

from answerable.errors import Refused
from answerable.model.terms import Relation, Scope, World
from answerable.stops.closure import dependents, reached
from tests.fleet import Fleet, sha
from tests.small_registry import Registry


def names(systems: object) -> list[str]:
    return [system.name for system in systems]  # type: ignore[attr-defined]


def test_a_lineage_is_every_derivative_of_any_depth_and_dependents_apart() -> None:
    fleet = Fleet()
    hit = reached(fleet.book, "base", Scope.LINEAGE)
    assert names(hit.systems) == ["base", "quant", "tuned"]
    assert names(hit.dependents) == ["app"]
    assert {copy.rid for copy in hit.copies} == {fleet.copies[n].rid for n in ("base", "quant", "tuned")}
    assert (hit.root, hit.num, hit.twins) == (fleet.base.rid, fleet.base.num, ())
    assert hit.digests == tuple(sorted(map(sha, ("base", "quant", "tuned"))))


def test_a_system_alone_leaves_its_derivatives() -> None:
    fleet = Fleet()
    hit = reached(fleet.book, fleet.quant.id, Scope.SYSTEM)
    assert names(hit.systems) == ["quant"]
    assert hit.digests == (sha("quant"),)


def test_the_same_weights_under_another_name_and_what_came_from_them() -> None:
    fleet = Fleet()
    twin = fleet.system("alias", party=fleet.firm, digests=(sha("quant"), sha("more")))
    child = fleet.system("child", parents=((twin, Relation.ADAPTER),), digests=(sha("child"),))
    second = fleet.system("second", digests=(sha("child"),))
    hit = reached(fleet.book, "base", Scope.LINEAGE)
    assert names(hit.systems) == ["base", "quant", "tuned", "alias", "child", "second"]
    assert hit.twins == (twin.num, child.num, second.num)
    assert sha("more") in hit.digests
    one = reached(fleet.book, "quant", Scope.SYSTEM)
    assert names(one.systems) == ["quant", "alias"]
    assert one.twins == (twin.num,)


def test_a_descendant_that_its_row_exempts_is_named_by_its_number() -> None:
    fleet = Fleet()
    exempt = fleet.system("exempt", parents=((fleet.base, Relation.FINETUNE),))

    fleet.replace(msgspec.structs.replace(exempt, ancestors=()))
    assert exempt.num in reached(fleet.book, "base", Scope.LINEAGE).twins


def test_a_diamond_is_reached_once() -> None:
    fleet = Fleet()
    fleet.system("merge", parents=((fleet.quant, Relation.MERGE), (fleet.tuned, Relation.MERGE)))
    assert names(reached(fleet.book, "base", Scope.LINEAGE).systems) == ["base", "quant", "tuned", "merge"]


def test_copies_that_ended_are_not_counted() -> None:
    fleet = Fleet()
    fleet.copy(fleet.base, 2)
    fleet.end(fleet.copies["base"])
    assert len(reached(fleet.book, "base", Scope.SYSTEM).copies) == 1


def test_other_scopes() -> None:
    fleet = Fleet()
    robot = fleet.system("robot", party=fleet.firm, worlds=(World.PHYSICAL,))
    copy = reached(fleet.book, fleet.copies["app"].id, Scope.COPY)
    assert (copy.root, copy.copies, copy.digests) == (fleet.copies["app"].rid, (fleet.copies["app"],), ())
    party = reached(fleet.book, fleet.firm.id, Scope.PARTY)
    assert (party.root, names(party.systems), party.digests) == (fleet.firm.rid, ["other", "robot"], ())
    assert reached(fleet.book, "physical", Scope.WORLD).systems == (robot,)
    assert len(reached(fleet.book, "", Scope.ALL).systems) == 6


def test_dependents_of_dependents() -> None:
    fleet = Fleet()
    fleet.system("agent", parents=((fleet.app, Relation.USES),))
    assert names(dependents(fleet.book, (fleet.quant,))) == ["app", "agent"]


@pytest.mark.parametrize("scope", list(Scope))
def test_an_unknown_root_is_not_found(scope: Scope) -> None:
    with pytest.raises(Refused) as refusal:
        reached(Fleet().book, "nobody", scope)
    assert (refusal.value.code, refusal.value.exit) == ("stop.root_unknown", 3)


def test_a_name_that_several_bear_stops_none_of_them() -> None:
    registry = Registry()
    firm = registry.party()
    first, second = registry.system(firm, "base"), registry.system(firm, "base")
    for scope in (Scope.LINEAGE, Scope.SYSTEM):
        with pytest.raises(Refused, match=r"stop\.ambiguous") as refusal:
            reached(registry.book, "base", scope)
        assert str(refusal.value.params["ids"]).split(", ") == [first.id, second.id]
        assert reached(registry.book, first.id, scope).root == first.rid
