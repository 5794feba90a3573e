# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from answerable.errors import Refused
from answerable.model.records import System
from answerable.model.terms import AdminRole, Audience, Criticality, Moment, Role, SystemKind, World
from answerable.registry import admins, duties, systems, tables
from answerable.registry.duties import State
from answerable.registry.requests import ComputeSpec, OpaqueSpec, PartySpec, WithdrawKey
from tests.small_registry import Registry, digest

TOLD: dict[str, Any] = {"licence": "Apache-2.0", "digests": (digest("w"),), "compute": ComputeSpec(petaflop=1)}
PUBLIC: dict[str, Any] = {**TOLD, "audience": Audience.PUBLIC, "capabilities": ("text",)}


def states(registry: Registry, system: System, moment: Moment = Moment.USE) -> dict[str, State]:
    return {duty.id: duty.state for duty in duties.assess(registry.book, system, moment)}


def test_an_ordinary_system_owes_what_the_path_does_by_itself() -> None:
    registry = Registry()
    found = states(registry, registry.system(registry.party()))
    assert found == {"party": State.MET, "recorded": State.MET, "labelled": State.MET}


def test_tier_one_needs_identifier_licence_and_digest() -> None:
    registry = Registry()
    firm, declared = registry.party(vouched=True), registry.party()
    for missing, duty in (({"licence": ""}, "licence"), ({"digests": ()}, "digest")):
        with pytest.raises(Refused, match=r"system\.duty") as caught:
            registry.system(firm, **{**PUBLIC, **missing})
        assert caught.value.params["duty"] == duty
        assert caught.value.params["tier"] == 1
    with pytest.raises(Refused) as caught:
        registry.system(declared, **PUBLIC)
    assert caught.value.params["duty"] == "identifier"
    system = registry.system(firm, **PUBLIC)
    assert system.tier == 1
    assert set(states(registry, system).values()) == {State.MET}


def test_one_declared_party_among_those_who_answer_is_enough_to_lapse() -> None:
    registry = Registry()
    firm, declared = registry.party(vouched=True), registry.party()
    parties = (
        PartySpec(party=firm.rid, role=Role.PROVIDER),
        PartySpec(party=declared.rid, role=Role.DEPLOYER),
    )
    with pytest.raises(Refused) as caught:
        registry.system(firm, **PUBLIC, parties=parties)
    assert caught.value.params["duty"] == "identifier"
    overseen = (parties[0], PartySpec(party=declared.rid, role=Role.AUTHORITY))
    assert registry.system(firm, **PUBLIC, parties=overseen).tier == 1


def test_an_opaque_system_has_substitute_duties_that_are_listed() -> None:
    registry = Registry()
    opaque = OpaqueSpec(provider="p", endpoint="https://api.example/v1", model="m", version="1")
    system = registry.system(registry.party(vouched=True), opaque=opaque, capabilities=("text",), licence="terms")
    assert system.tier == 2
    found = states(registry, system)
    assert found["digest"] is State.MET
    assert found["probe"] is State.UNCHECKED
    assert found["compute-statement"] is State.UNCHECKED
    assert found["evaluation"] is State.UNCHECKED
    assert "probe" not in states(registry, registry.system(registry.party(vouched=True), "other", **PUBLIC))


def test_what_cannot_be_checked_is_never_met_and_always_says_why() -> None:
    registry = Registry()
    for name in ("a", "b", "c"):
        registry.admin(registry.person(name), AdminRole.OFFICER)
    firm, insurer = registry.party(vouched=True), registry.party(vouched=True)
    parties = (PartySpec(party=firm.rid, role=Role.OPERATOR), PartySpec(party=insurer.rid, role=Role.INSURER))
    worlds = (World.PHYSICAL, World.BIOLOGICAL)
    system = registry.system(firm, **TOLD, parties=parties, worlds=worlds, capabilities=("redline",))
    assert system.tier == 4
    for moment in Moment:
        for duty in duties.assess(registry.book, system, moment):
            row = next(row for row in tables.duties().duty if row.id == duty.id)
            assert (duty.state is State.UNCHECKED) == (not row.check), duty.id
            assert bool(duty.why) == bool(duty.why_zh) == (duty.state is not State.MET)
    seen = {d.id for m in Moment for d in duties.assess(registry.book, system, m)}
    assert {row.id for row in tables.duties().duty} - seen == {"probe", "compute-statement"}


def test_media_that_the_gateway_cannot_label_are_not_called_labelled() -> None:
    registry = Registry()
    system = registry.system(registry.party(vouched=True), **{**PUBLIC, "capabilities": ("text", "image")})
    assert states(registry, system)["labelled"] is State.UNCHECKED
    assert duties.lapsed(registry.book, system) == ()


def test_two_people_from_tier_three_and_a_running_system_lapses_with_them() -> None:
    registry = Registry()
    firm = registry.party(vouched=True)
    registry.admin(registry.person(), AdminRole.ADMINISTRATOR)
    registry.admin(registry.person(), AdminRole.OFFICER)
    critical = {**TOLD, "criticality": Criticality.CRITICAL}
    with pytest.raises(Refused) as caught:
        registry.system(firm, **critical)
    assert caught.value.params["duty"] == "two-officers"
    _, second = registry.admin(registry.person(), AdminRole.OFFICER)
    system = registry.system(firm, **critical)
    watch = duties.Watch(registry.book, lambda: registry.book.changes)
    assert watch.met(system)
    registry.commit(admins.withdraw(registry.book, WithdrawKey(key=second), 1, by=registry.administrator()))
    assert watch.lapsed(system) == ("two-officers",)
    assert not watch.met(system)


def test_the_watch_remembers_until_the_registry_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry()
    system = registry.system(registry.party())
    asked = []
    whole = duties.lapsed
    monkeypatch.setattr(duties, "lapsed", lambda *a: asked.append(1) or whole(*a))
    watch = duties.Watch(registry.book, lambda: registry.book.changes)
    assert all(watch.met(system) for _ in range(5))
    assert len(asked) == 1
    registry.party()
    assert watch.met(system)
    assert len(asked) == 2


def test_a_robot_needs_an_insurer() -> None:
    registry = Registry()
    for name in ("a", "b"):
        registry.admin(registry.person(name), AdminRole.OFFICER)
    firm = registry.party(vouched=True)
    robot = {**TOLD, "kind": SystemKind.ROBOT, "worlds": (World.PHYSICAL,)}
    with pytest.raises(Refused) as caught:
        systems.register(registry.book, registry.request(firm, **robot), registry.now)
    assert caught.value.params["duty"] == "insurer"
    assert "insurer" in caught.value.remedy()
