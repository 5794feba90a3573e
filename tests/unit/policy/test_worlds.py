# SPDX-License-Identifier: Apache-2.0
"""The table of domains, through what it asks of a tool and what kernel and table then decide together."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.model.actions import Decision
from answerable.model.terms import AdminRole, Criticality, Effect, Ruling, World
from answerable.model.tools import Bound, Floor, MeterKind, ToolMeter
from answerable.policy import worlds
from answerable.policy.combine import decide, strictness
from answerable.policy.domains import EFFECTS
from tests.policies import ABOUT_CALL, CALL, tool

RANK = {World.INFORMATION: 0, World.PHYSICAL: 1, World.BIOLOGICAL: 2}
ENVELOPE = (Bound(at="/amount", most="10"),)
ALL_THERE = {"envelope": True, "guarded": True, "attested": True, "funded": True}


def call(domain: str, effect: Effect, tier: int = 1, **there: Any) -> Decision:
    """What is decided about a call of a tool that stands at its domain's floor. there: which of the needs are met."""
    shown = ALL_THERE | there
    said = tool(domain=domain, effect=effect, world=World.INFORMATION, criticality=Criticality.CREATIVE)
    asked = worlds.asked(said)
    assert asked is not None
    criticality = shown.pop("criticality", asked.criticality)
    facts = msgspec.structs.replace(
        CALL,
        effect=effect,
        tier=tier,
        world=asked.world,
        criticality=criticality,
        envelope=shown["envelope"],
        guarded=shown["guarded"],
        attested=shown["attested"] or not asked.attestation,
        funded=shown["funded"] or not asked.budget,
        needs_met=worlds.met(
            asked, tier=tier, criticality=criticality, envelope=shown["envelope"], guarded=shown["guarded"]
        ),
    )
    return decide(facts, ABOUT_CALL, (), asked)


NOTHING = dict.fromkeys(ALL_THERE, False)


@pytest.mark.parametrize("domain", ["general", "search", "creative", "communication"])
@pytest.mark.parametrize("effect", EFFECTS)
def test_creative_and_ordinary_information_tools_run_out_of_the_box(domain: str, effect: Effect) -> None:
    assert call(domain, effect, **NOTHING).ruling is Ruling.PERMIT


@pytest.mark.parametrize(
    ("domain", "effect", "people"),
    [
        ("payment", Effect.IRREVERSIBLE, ("approvals:1", "role:approver")),
        ("core_banking", Effect.WRITE, ("approvals:2", "role:approver", "role:officer")),
        ("medical_record", Effect.WRITE, ("approvals:1", "role:approver")),
        ("medical_device", Effect.WRITE, ("approvals:2", "role:approver")),
        ("grid", Effect.WRITE, ("approvals:2", "role:approver", "role:officer")),
    ],
)
def test_what_is_grave_waits_for_people_with_roles(domain: str, effect: Effect, people: tuple[str, ...]) -> None:
    decision = call(domain, effect)
    assert decision.ruling is Ruling.HOLD
    assert set(people) <= set(decision.obligations)


@pytest.mark.parametrize(
    ("domain", "effect", "lacking", "rule"),
    [
        ("payment", Effect.IRREVERSIBLE, "funded", "R024"),
        ("payment", Effect.IRREVERSIBLE, "envelope", "R025"),
        ("core_banking", Effect.WRITE, "attested", "R023"),
        ("core_banking", Effect.WRITE, "funded", "R024"),
        ("trading", Effect.WRITE, "attested", "R023"),
        ("medical_device", Effect.WRITE, "attested", "R023"),
        ("medical_device", Effect.WRITE, "guarded", "R022"),
        ("grid", Effect.WRITE, "attested", "R023"),
        ("grid", Effect.WRITE, "envelope", "R020"),
        ("grid", Effect.IRREVERSIBLE, "guarded", "R022"),
        ("robot_motion", Effect.WRITE, "envelope", "R020"),
        ("robot_motion", Effect.WRITE, "guarded", "R022"),
        ("body_device", Effect.WRITE, "envelope", "R020"),
        ("wet_lab", Effect.READ, "attested", "R023"),
        ("security_tools", Effect.WRITE, "envelope", "R025"),
    ],
)
def test_what_the_table_asks_and_is_not_there_refuses(domain: str, effect: Effect, lacking: str, rule: str) -> None:
    decision = call(domain, effect, **{lacking: False})
    assert (decision.ruling, decision.rule) == (Ruling.REFUSE, rule)


def test_a_robot_moves_and_looks_things_up_without_anybody() -> None:
    for effect in (Effect.READ, Effect.WRITE):
        assert call("robot_motion", effect, tier=3).ruling is Ruling.PERMIT


def test_a_wet_laboratory_needs_its_attestation_and_then_two_people_for_each_act() -> None:
    for effect in EFFECTS:
        assert call("wet_lab", effect, tier=4, attested=False).ruling is Ruling.REFUSE
        decision = call("wet_lab", effect, tier=4)
        assert decision.ruling is Ruling.HOLD
        assert "approvals:2" in decision.obligations


def test_biology_by_computation_is_sensitive_information_work() -> None:
    asked = worlds.floor("in_silico_biology", Effect.WRITE)
    assert asked is not None
    assert (asked.world, asked.criticality) == (World.INFORMATION, Criticality.SENSITIVE)
    assert call("in_silico_biology", Effect.WRITE, **NOTHING).ruling is Ruling.PERMIT


def test_a_device_on_a_body_is_physical_and_never_waits() -> None:
    """Whatever is asked for and whatever anybody adds: a motion runs or is refused."""
    for effect, tier, criticality in itertools.product(EFFECTS, range(5), Criticality):
        decision = call("body_device", effect, tier=tier, criticality=criticality)
        assert decision.ruling is not Ruling.HOLD
        assert (decision.ruling is Ruling.PERMIT) == (tier < 4 and criticality is not Criticality.CRITICAL)
    assert call("body_device", Effect.WRITE, tier=3, guarded=False).ruling is Ruling.REFUSE


def test_an_unknown_domain_asks_for_nothing_because_nothing_of_it_runs() -> None:
    assert worlds.floor("alchemy", Effect.READ) is None
    assert worlds.asked(tool(domain="alchemy")) is None
    assert worlds.asked(tool(effect=Effect.NONE)) is None
    assert worlds.row("alchemy") is None


def test_the_row_of_the_registry_raises_and_never_lowers() -> None:
    low = worlds.asked(tool(domain="grid", effect=Effect.WRITE, criticality=Criticality.CREATIVE))
    assert low == worlds.floor("grid", Effect.WRITE)
    raised = worlds.asked(
        tool(
            world=World.PHYSICAL, criticality=Criticality.SENSITIVE, approvals=3, roles=(AdminRole.OFFICER,),
            envelope=ENVELOPE, attestation="urn:mine", max_tier=2, meters=(ToolMeter(kind="calls"),),  # type: ignore[arg-type]
        )
    )  # fmt: skip
    assert raised == Floor(
        domain="general", world=World.PHYSICAL, criticality=Criticality.SENSITIVE, approvals=3,
        roles=(AdminRole.OFFICER,), envelope=True, guard=True, budget=True, attestation="urn:mine", max_tier=2,
    )  # fmt: skip


def test_what_a_domain_asks_to_be_counted_is_counted() -> None:
    money, calls = ToolMeter(kind=MeterKind.MONEY, most=1, currency="EUR"), ToolMeter(kind=MeterKind.CALLS)
    for domain in ("payment", "core_banking", "trading"):
        for meters, there in (((), False), ((calls,), False), ((money,), True), ((calls, money), True)):
            said = tool(domain=domain, effect=Effect.WRITE, meters=meters, envelope=ENVELOPE)
            asked = worlds.asked(said)
            assert asked is not None
            assert asked.metered(meters) is there, (domain, meters)
            assert worlds.possible(asked, said, tier=1) is there
    reads = worlds.asked(tool(domain="payment", effect=Effect.READ))
    assert reads is not None
    assert reads.metered(())
    own = worlds.asked(tool(meters=(calls,)))
    assert own is not None
    assert own.metered((calls,)), "where no domain asks, any meter will do"


def test_a_world_asks_of_its_own() -> None:
    """Whoever puts a tool of any domain into another world."""
    moved = worlds.asked(tool(world=World.PHYSICAL))
    assert moved is not None
    assert moved.envelope
    assert moved.guard
    living = worlds.asked(tool(world=World.BIOLOGICAL))
    assert living is not None
    assert (living.attestation, living.approvals) == (worlds.WET_LAB, 2)


tools = st.builds(
    tool,
    domain=st.sampled_from(worlds.domains()),
    effect=st.sampled_from(EFFECTS),
    world=st.sampled_from(World),
    criticality=st.sampled_from(Criticality),
    approvals=st.integers(0, 5),
    roles=st.lists(st.sampled_from(AdminRole), max_size=2, unique=True).map(tuple),
    envelope=st.sampled_from([None, ENVELOPE]),
    attestation=st.sampled_from(["", "urn:mine"]),
    max_tier=st.integers(0, 4),
)


@given(tools)
def test_what_is_asked_is_at_least_the_floor_and_the_row(said: Any) -> None:
    least, asked = worlds.floor(said.domain, said.effect), worlds.asked(said)
    assert least is not None
    assert asked is not None
    for below in (least, said):
        assert RANK[asked.world] >= RANK[below.world]
        assert asked.criticality.rank >= below.criticality.rank
        assert asked.approvals >= below.approvals
        assert set(asked.roles) >= set(below.roles)
        assert asked.max_tier <= below.max_tier
        assert asked.envelope or not below.envelope
        assert asked.attestation or not below.attestation
    assert asked.held == least.held
    assert asked.guard or (asked.world is not World.PHYSICAL and not least.guard)


@pytest.mark.parametrize("domain", worlds.domains())
def test_needs_are_met_only_with_all_of_them(domain: str) -> None:
    """Of each effect, walked whole."""
    for effect in EFFECTS:
        asked = worlds.asked(tool(domain=domain, effect=effect, world=World.INFORMATION))
        assert asked is not None
        for tier, criticality, envelope, guarded in itertools.product(
            range(5), Criticality, (False, True), (False, True)
        ):
            lacking = [
                asked.envelope and not envelope,
                asked.guard and not guarded,
                tier > asked.max_tier,
                criticality.rank > asked.max_criticality.rank,
            ]
            met = worlds.met(asked, tier=tier, criticality=criticality, envelope=envelope, guarded=guarded)
            assert met == (not any(lacking))


@pytest.mark.parametrize("domain", worlds.domains())
def test_what_leaves_more_behind_is_never_easier(domain: str) -> None:
    for less, more in itertools.pairwise(EFFECTS):
        for tier in range(5):
            before, after = call(domain, less, tier), call(domain, more, tier)
            assert strictness(after.ruling) >= strictness(before.ruling)


def test_the_digest_is_of_what_decides() -> None:
    assert len(worlds.DIGEST) == 64
    assert worlds._digest() == worlds.DIGEST
