# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec
import pytest

from answerable.errors import Refused
from answerable.model.terms import AdminRole, Criticality, Effect, World
from answerable.model.tools import Bound, MeterKind, ToolClass, ToolMeter
from answerable.policy import worlds
from answerable.tools import classes, pins
from tests.small_tools import LOOK_UP, PAY, PAYS, WEATHER, body


def refused(said: ToolClass, listed: dict[str, Any] = WEATHER) -> str:
    with pytest.raises(Refused) as found:
        classes.check(said, pins.definition(listed), worlds.floor)
    assert found.value.reason("en")
    return found.value.code


def change(said: ToolClass, **members: Any) -> ToolClass:
    return msgspec.structs.replace(said, **members)


def test_what_may_be_said() -> None:
    classes.check(LOOK_UP, pins.definition(WEATHER), worlds.floor)
    classes.check(PAY, pins.definition(PAYS), worlds.floor)
    classes.check(change(LOOK_UP, world=World.PHYSICAL, approvals=3), pins.definition(WEATHER), worlds.floor)


@pytest.mark.parametrize(
    "lower",
    [
        {"criticality": Criticality.ORDINARY},
        {"approvals": 0},
        {"roles": ()},
        {"roles": (AdminRole.VIEWER,)},
        {"envelope": None},
        {"meters": ()},
        {"meters": (ToolMeter(kind=MeterKind.CALLS),)},
        {"meters": (ToolMeter(kind=MeterKind.TOKENS, most=5), ToolMeter(kind=MeterKind.ENERGY, most=5))},
    ],
)
def test_the_registry_never_goes_below_its_domains_floor(lower: dict[str, Any]) -> None:
    assert refused(change(PAY, **lower), PAYS) == "tool.floor"


@pytest.mark.parametrize("domain", ["payment", "core_banking", "trading"])
def test_where_money_moves_money_is_counted(domain: str) -> None:
    floor = worlds.floor(domain, Effect.WRITE)
    assert floor is not None
    assert floor.meter is MeterKind.MONEY
    said = change(
        PAY, domain=domain, criticality=floor.criticality, approvals=floor.approvals, roles=floor.roles,
        attestation=floor.attestation,
    )  # fmt: skip
    classes.check(said, pins.definition(PAYS), worlds.floor)
    both = (ToolMeter(kind=MeterKind.CALLS), *PAY.meters)
    classes.check(change(said, meters=both), pins.definition(PAYS), worlds.floor)
    with pytest.raises(Refused) as found:
        classes.check(change(said, meters=both[:1]), pins.definition(PAYS), worlds.floor)
    assert (found.value.code, found.value.params["least"]) == ("tool.floor", "at least one of money")


def test_a_domains_world_and_attestation_are_floors_too() -> None:
    """What acts on the world is not called information."""
    breaker = body("trip", properties={"feeder": {"type": "string"}})
    floor = worlds.floor("grid", Effect.WRITE)
    assert floor is not None
    said = ToolClass(
        world=floor.world, criticality=floor.criticality, domain="grid", effect=Effect.WRITE, approvals=floor.approvals,
        roles=floor.roles, envelope=(Bound(at="/feeder", longest=8),), attestation=floor.attestation,
    )  # fmt: skip
    classes.check(said, pins.definition(breaker), worlds.floor)
    assert refused(change(said, world=World.INFORMATION), breaker) == "tool.floor"
    assert refused(change(said, attestation=""), breaker) == "tool.floor"
    assert refused(change(said, attestation="urn:other"), breaker) == "tool.floor"


@pytest.mark.parametrize("hints", [{"destructiveHint": True}, {"readOnlyHint": False}])
def test_what_the_server_admits_raises(hints: dict[str, Any]) -> None:
    assert refused(LOOK_UP, {**WEATHER, "annotations": hints}) == "tool.hint"
    write = change(LOOK_UP, domain="general", effect=Effect.WRITE)
    classes.check(write, pins.definition({**WEATHER, "annotations": hints}), worlds.floor)


@pytest.mark.parametrize("domain", ["payment", "grid", "wet_lab", "medical_record"])
def test_a_server_that_lies_that_it_only_reads_gains_nothing(domain: str) -> None:
    """The same class is refused, and the same is taken, with the hints of a lamb as without any."""
    lies = {"readOnlyHint": True, "destructiveHint": False, "idempotentHint": True, "openWorldHint": False}
    for effect in (Effect.WRITE, Effect.IRREVERSIBLE):
        low = change(LOOK_UP, domain=domain, effect=effect)
        assert refused(low, {**WEATHER, "annotations": lies}) == refused(low) == "tool.floor"
    assert classes.admitted(pins.definition({**WEATHER, "annotations": lies})) is Effect.READ


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"effect": Effect.NONE}, "tool.class"),
        ({"domain": "moon"}, "tool.domain"),
        ({"undo": "weather"}, "tool.class"),
        ({"dry_run": "weather"}, "tool.class"),
        ({"dry_run": "/preview"}, "tool.pointer"),
        ({"envelope": (Bound(at="/town"),)}, "tool.pointer"),
        ({"envelope": (Bound(at="city"),)}, "tool.pointer"),
        ({"envelope": (Bound(at="/city", least="x"),)}, "tool.bound"),
        ({"meters": (ToolMeter(kind=MeterKind.MONEY, most=5),)}, "tool.class"),
        ({"meters": (ToolMeter(kind=MeterKind.MONEY, most=5, currency="euro"),)}, "tool.class"),
        ({"meters": (ToolMeter(kind=MeterKind.TOKENS),)}, "tool.class"),
        ({"meters": (ToolMeter(kind=MeterKind.MONEY, amount="/price", currency="EUR"),)}, "tool.pointer"),
        ({"meters": (ToolMeter(kind=MeterKind.CALLS),) * 5}, "tool.class"),
        ({"attestation": "证书"}, "tool.class"),
    ],
)
def test_what_contradicts_itself_or_the_tool(members: dict[str, Any], code: str) -> None:
    assert refused(change(LOOK_UP, **members)) == code


def test_pointers_into_arrays_and_open_schemas() -> None:
    points = {"points": {"type": "array", "items": {"type": "object", "properties": {"x": {"type": "number"}}}}}
    listed = body("move", properties=points)
    inside = change(LOOK_UP, envelope=(Bound(at="/points/*/x", most="1"),))
    classes.check(inside, pins.definition(listed), worlds.floor)
    assert refused(change(LOOK_UP, envelope=(Bound(at="/points/*/y"),)), listed) == "tool.pointer"
    bare = {"name": "open", "inputSchema": {"type": "object"}}
    classes.check(change(LOOK_UP, envelope=(Bound(at="/anything/at/all"),)), pins.definition(bare), worlds.floor)


def test_a_domain_whose_calls_never_wait_takes_no_approvals() -> None:
    floor = worlds.floor("body_device", Effect.WRITE)
    assert floor is not None
    assert not floor.held
    grip = body("grip", properties={"force": {"type": "number"}})
    said = ToolClass(
        world=floor.world, criticality=floor.criticality, domain="body_device", effect=Effect.WRITE,
        envelope=(Bound(at="/force", least="0", most="10"),), attestation=floor.attestation, max_tier=floor.max_tier,
    )  # fmt: skip
    classes.check(said, pins.definition(grip), worlds.floor)
    assert floor.max_tier == 3
    assert refused(change(said, max_tier=4), grip) == "tool.class"
    assert refused(change(said, approvals=1), grip) == "tool.class"
    assert refused(change(said, criticality=Criticality.CRITICAL), grip) == "tool.class"
