# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec
import pytest

from answerable.errors import Refused
from answerable.log import leaf as leaves
from answerable.model.leaves import AnnounceLeaf
from answerable.model.records import Copy, System
from answerable.model.terms import Audience, Criticality, Relation, Role, SystemKind, World
from answerable.registry import making
from answerable.registry.making import AnnounceMade, MakeSystem, bounded, people_for, table
from answerable.registry.requests import ComputeSpec, EdgeSpec, EndCopy
from tests.small_registry import digest
from tests.unit.tools.a_family import Family

ASKED = MakeSystem(name="new", version="1", kind=SystemKind.AGENT)


class Making(Family):
    def register(self, by: Copy, **changes: Any) -> System:
        request = msgspec.structs.replace(ASKED, **changes)
        planned = making.register(self.book, request, by, self.bearer(by).warrant, self.registry.now)
        found = self.book.system(self.registry.commit(planned))
        assert found is not None
        return found

    def refuses(self, by: Copy, **changes: Any) -> Refused:
        before = len(self.registry.leaves)
        with pytest.raises(Refused) as refusal:
            self.register(by, **changes)
        assert len(self.registry.leaves) == before
        return refusal.value


@pytest.fixture
def world() -> Making:
    return Making()


def test_the_new_one_answers_to_the_same_somebody_and_may_do_less(world: Making) -> None:
    new = world.register(world.root)
    assert {entry.party for entry in new.parties} == {world.founder.party(Role.DEPLOYER)}
    assert {entry.role for entry in new.parties} == {Role.PROVIDER, Role.DEPLOYER}
    assert [(edge.parent, edge.relation) for edge in new.edges] == [(world.founder.rid, Relation.MADE)]
    assert new.tools == ()  # what was not asked for it has not
    assert [each.rid for each in making.makers(world.book, new)] == [world.founder.rid]
    assert new.num in world.book.reach((world.founder.num,))
    told = world.register(world.root, name="told", tools=("bank/*",), uses=("other",), relation=Relation.DISTILLED)
    assert told.tools == ("bank/*",)
    assert {(edge.parent, edge.relation) for edge in told.edges} == {
        (world.founder.rid, Relation.DISTILLED), (world.other.rid, Relation.USES),
    }  # fmt: skip


def test_a_stop_of_the_maker_is_a_stop_of_all_that_it_made(world: Making) -> None:
    assert {each.rid for each in making.family(world.book, world.founder)} == {world.child.rid, world.grandchild.rid}
    world.registry.stop(world.founder)
    for copy in (world.root, world.branch, world.leaf):
        with pytest.raises(Refused, match=r"system\.born_dead|stop\.system"):
            world.register(copy)
    started = world.registry.starting(world.grandchild)
    with pytest.raises(Refused, match=r"stop\.system"):
        making.start(world.book, started, world.branch, world.registry.now)


@pytest.mark.parametrize(
    ("changes", "right"),
    [
        ({"audience": Audience.PUBLIC}, "tier"),
        ({"worlds": (World.INFORMATION, World.PHYSICAL)}, "tier"),
        ({"max_criticality": Criticality.SENSITIVE}, "tier"),
        ({"criticality": Criticality.CRITICAL}, "tier"),
        ({"capabilities": ("systems.start",)}, "tier"),
        ({"kind": SystemKind.MODEL, "capabilities": ("text",)}, "tier"),
    ],
)
def test_nothing_beyond_its_makers_tier(world: Making, changes: dict[str, Any], right: str) -> None:
    refusal = world.refuses(world.root, **changes)
    assert (refusal.code, refusal.params["right"]) == ("system.beyond", right)


def test_each_right_is_held_to_by_itself(world: Making) -> None:
    maker = msgspec.structs.replace(world.founder, tier=4, scope=("bank/*",), audience=Audience.INTERNAL)
    warrant = msgspec.structs.replace(
        world.bearer(world.root).warrant, tools=("bank/pay",), worlds=(World.INFORMATION,)
    )  # fmt: skip
    child = msgspec.structs.replace(world.founder, tier=4, scope=("bank/pay",))
    bounded(child, maker, warrant)
    for changes, right in (
        ({"scope": ("bank/*",)}, "tools"),  # beyond the warrant that it acts under
        ({"scope": ("map/way",)}, "tools"),
        ({"scope": None}, "tools"),
        ({"worlds": (World.PHYSICAL,)}, "worlds"),
        ({"may": Criticality.SENSITIVE}, "max_criticality"),
        ({"audience": Audience.PUBLIC}, "audience"),
        ({"capabilities": ("systems.train",)}, "capabilities"),
        ({"capabilities": ("wet_lab",)}, "capabilities"),
        ({"tier": 5}, "tier"),
    ):
        with pytest.raises(Refused) as refusal:
            bounded(msgspec.structs.replace(child, **changes), maker, warrant)
        assert refusal.value.params["right"] == right


def test_names_of_others_are_not_taken(world: Making) -> None:
    for name in ("other", "founder", "child"):
        if name == "child":  # it made that one itself: another version of it
            world.register(world.root, name=name, version="2")
        else:
            assert world.refuses(world.root, name=name).code == "system.name"
    assert world.refuses(world.branch, name="child").code == "system.name"


@pytest.mark.parametrize(
    ("held", "sent"),
    [("料理", "\uf9be\uf9e4"), ("caf\u00e9", "cafe\u0301"), ("가나", "\u1100\u1161\u1102\u1161")],
)
def test_a_name_in_other_bytes_is_the_same_name(world: Making, held: str, sent: str) -> None:
    model = world.agent(world.firm, held)
    assert sent != held
    assert world.refuses(world.root, name=sent).code == "system.name"
    assert world.book.system(held) == model
    own = world.register(world.root, name=sent + "2")
    assert world.register(world.root, name=sent + "2", version="2").name == own.name == held + "2"


def test_what_it_makes_is_no_less_grave(world: Making) -> None:
    refusal = world.refuses(world.root, criticality=Criticality.CREATIVE)
    assert (refusal.code, refusal.params["right"]) == ("system.beyond", "criticality")
    assert (refusal.params["asked"], refusal.params["allowed"]) == (Criticality.CREATIVE, Criticality.ORDINARY)
    maker = msgspec.structs.replace(world.founder, criticality=Criticality.CRITICAL, may=Criticality.CRITICAL)
    warrant = world.bearer(world.root, max_criticality=Criticality.CRITICAL).warrant
    for asked in (Criticality.ORDINARY, Criticality.SENSITIVE):
        with pytest.raises(Refused) as caught:
            bounded(msgspec.structs.replace(world.founder, criticality=asked), maker, warrant)
        assert caught.value.params["right"] == "criticality"
    bounded(msgspec.structs.replace(world.founder, criticality=Criticality.CRITICAL), maker, warrant)


def test_a_family_is_bounded(world: Making, monkeypatch: pytest.MonkeyPatch) -> None:
    bounds = table().bounds
    great = world.register(world.leaf, name="great")
    assert world.refuses(world.start(great), name="too deep").params == {"bound": "depth", "most": bounds.depth}
    tight = msgspec.structs.replace(table(), bounds=msgspec.structs.replace(bounds, children=2, family=4, copies=3))
    monkeypatch.setattr(making, "table", lambda: tight)
    world.register(world.root, name="second")
    assert world.refuses(world.root, name="third").params == {"bound": "children", "most": 2}
    assert world.refuses(world.branch, name="fifth").params == {"bound": "family", "most": 4}
    with pytest.raises(Refused) as refusal:
        making.start(world.book, world.registry.starting(world.child), world.root, world.registry.now)
    assert refusal.value.params == {"bound": "copies", "most": 3}


def test_copies_of_what_it_made_and_of_nothing_else(world: Making) -> None:
    for copy, system in ((world.root, world.grandchild), (world.branch, world.grandchild), (world.root, world.child)):
        planned = making.start(world.book, world.registry.starting(system), copy, world.registry.now)
        started = world.registry.commit(planned)
        ended = making.end(world.book, EndCopy(copy=started), copy, world.registry.now)
        world.registry.commit(ended)
    for copy, system in (
        (world.root, world.founder),  # of itself
        (world.root, world.other),
        (world.branch, world.founder),  # of who made it
        (world.leaf, world.child),
    ):
        with pytest.raises(Refused, match=r"system\.not_made"):
            making.start(world.book, world.registry.starting(system), copy, world.registry.now)
        running = next(iter(world.book.copies_of(system.rid)))
        with pytest.raises(Refused, match=r"system\.not_made"):
            making.end(world.book, EndCopy(copy=running.rid), copy, world.registry.now)


def test_how_many_people_approve(world: Making) -> None:
    def people(system: System, *, starts: bool = False, maker: System = world.founder) -> int:
        return people_for(world.book, system, maker, starts=starts)

    new = world.register(world.root)
    assert people(new) == 0
    assert people(new, starts=True) == 1
    able = msgspec.structs.replace(world.founder, capabilities=("systems.start", "systems.train"), tier=3)
    assert people(new, starts=True, maker=able) == 0
    for tier, number in ((1, 1), (2, 1), (3, 2)):
        assert people(msgspec.structs.replace(new, tier=tier)) == number
    with pytest.raises(Refused, match=r"system\.beyond"):
        people(msgspec.structs.replace(new, tier=4))
    tuned = world.register(
        world.root, name="tuned", parents=(EdgeSpec(parent=world.other.rid, relation=Relation.FINETUNE),)
    )  # fmt: skip
    assert people(tuned) == 1
    assert people(tuned, maker=able) == 0


def test_its_own_weights_are_for_two_people(world: Making) -> None:
    copied = world.register(world.root, name="copied", relation=Relation.COPY)
    assert people_for(world.book, copied, world.founder, starts=False) == 2
    again = world.register(
        world.root, name="again", parents=(EdgeSpec(parent=copied.rid, relation=Relation.QUANTIZED),)
    )  # fmt: skip
    assert people_for(world.book, again, world.founder, starts=False) == 2
    grown = world.register(
        world.branch, name="grown", parents=(EdgeSpec(parent=world.founder.rid, relation=Relation.FINETUNE),)
    )  # fmt: skip
    assert people_for(world.book, grown, world.child, starts=False) == 2
    model = world.registry.system(
        world.firm, "a model", digests=(digest("w"),), compute=ComputeSpec(petaflop=1), kind=SystemKind.AGENT
    )
    copy = world.start(model)
    twin = world.register(copy, name="twin", digests=(digest("w"),))
    assert people_for(world.book, twin, model, starts=False) == 2


def test_a_model_that_does_not_say_whose_weights_it_has_is_for_two_people(world: Making) -> None:
    untold = world.register(world.root, name="untold", kind=SystemKind.MODEL, compute=ComputeSpec(petaflop=1))
    assert people_for(world.book, untold, world.founder, starts=False) == 2
    told = msgspec.structs.replace(untold, digests=(digest("w"),))
    assert people_for(world.book, told, world.founder, starts=False) == 0
    agent = msgspec.structs.replace(untold, kind=SystemKind.AGENT)
    assert people_for(world.book, agent, world.founder, starts=False) == 0, "it runs on what it uses"


def test_what_will_be_built_is_announced_as_its_own(world: Making) -> None:
    request = AnnounceMade(name="plan", kind=SystemKind.AGENT)
    planned = making.announce(world.book, request, world.root, world.registry.now)
    announced = world.registry.commit(planned)
    leaf = leaves.decode(world.registry.leaves[-1])
    assert isinstance(leaf, AnnounceLeaf)
    assert [(edge.p, edge.rel) for edge in leaf.edges] == [(world.founder.rid, "made")]
    assert leaf.by == world.founder.party(Role.DEPLOYER)
    built = world.register(world.root, name="plan", announced=announced)
    assert built.announced == announced
    assert world.refuses(world.root, name="b", relation=Relation.USES).code == "system.relation"


def test_a_plan_stands_on_a_maker_that_is_still_there(world: Making) -> None:
    planned = making.register(world.book, ASKED, world.root, world.bearer(world.root).warrant, world.registry.now)
    from answerable.registry import copies

    world.registry.commit(copies.end(world.book, EndCopy(copy=world.root.rid), world.registry.now))
    with pytest.raises(Refused, match=r"log\.conflict"):
        world.registry.commit(planned)


def test_the_table_says_why(world: Making) -> None:
    rows = table()
    assert [row.tier for row in rows.tier] == [0, 1, 2, 3]
    for row in (*rows.tier, rows.own, rows.train, rows.start, rows.bounds):
        assert row.reason
        assert row.reason_zh
        assert row.source
