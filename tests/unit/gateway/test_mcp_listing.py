# SPDX-License-Identifier: Apache-2.0
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from answerable.errors import Refused
from answerable.gateway import mcp_listing
from answerable.gateway.mcp_listing import PAGE, page
from answerable.model.terms import Criticality, Effect, World
from answerable.model.tools import Bound, MeterKind, ToolMeter
from answerable.policy import worlds
from tests.unit.gateway.posted import AGENT, definition, deps, tool


def caller(**warrant: Any) -> Any:
    changed = msgspec.structs.replace(AGENT.warrant, **{"tools": ("*",), **warrant})
    return SimpleNamespace(system=AGENT.system, copy=AGENT.copy, party=AGENT.party, warrant=changed)


async def names(here: Any, who: Any = None, cursor: Any = None) -> list[str]:
    found, _ = await page("desk", who or caller(), cursor, here)
    return [each["name"] for each in found]


async def test_what_the_warrant_does_not_reach_is_not_shown() -> None:
    here = deps(
        *((tool(name), definition(name)) for name in ("read", "write")),
        (tool("blast", criticality=Criticality.CRITICAL), definition("blast")),
        (tool("low", max_tier=0), definition("low")),
    )
    assert await names(here) == ["low", "read", "write"]
    assert await names(here, caller(tools=("desk/read",))) == ["read"]
    assert await names(here, caller(tools=())) == [], "an empty list permits no tool"
    high = caller()
    high.system = msgspec.structs.replace(AGENT.system, tier=1)
    assert "low" not in await names(here, high)


async def test_what_is_above_the_tier_of_who_made_the_caller_is_not_shown() -> None:
    """As the path judges: `what_a_system_made_is_judged_at_the_tier_of_its_makers`."""
    known = ((tool("any"), definition("any")), (tool("low", max_tier=2), definition("low")))
    assert await names(deps(*known)) == ["any", "low"]
    assert await names(deps(*known, tier_of=lambda system: 3)) == ["any"]


ROOM = (Bound(at="/x", most="1"),)
MONEY = (ToolMeter(kind=MeterKind.MONEY, most=1, currency="EUR"),)


async def test_a_world_beyond_the_warrant_is_not_shown() -> None:
    arm = tool("arm", domain="robot_motion", effect=Effect.WRITE, world=World.PHYSICAL, envelope=ROOM)
    here = deps((tool("read"), definition("read")), (arm, definition("arm")))
    grave = {"max_criticality": Criticality.CRITICAL}
    assert await names(here, caller(**grave, worlds=(World.INFORMATION,))) == ["read"]
    assert await names(here, caller(**grave, worlds=(World.INFORMATION, World.PHYSICAL))) == ["arm", "read"]


@pytest.mark.parametrize(
    "raised",
    [
        {"domain": "moon"},  # its row is gone
        {"effect": Effect.NONE},
        {"domain": "body_device", "effect": Effect.WRITE, "world": World.PHYSICAL, "envelope": ROOM, "tier": 4},
        {"domain": "medical_record", "effect": Effect.IRREVERSIBLE, "most": Criticality.ORDINARY},
        {"domain": "robot_motion", "effect": Effect.WRITE},  # without an envelope
        {"domain": "payment", "effect": Effect.WRITE, "envelope": ROOM},  # its money is not counted
        {"domain": "payment", "effect": Effect.WRITE, "envelope": ROOM, "meters": (ToolMeter(kind=MeterKind.CALLS),)},
        {"domain": "body_device", "effect": Effect.WRITE, "world": World.PHYSICAL, "envelope": ROOM, "approvals": 1},
    ],
)
async def test_a_tool_whose_domain_was_raised_above_its_class_is_not_shown(raised: dict[str, Any]) -> None:
    """Such a call is refused, so it is not offered: as the path judges, and not by the row alone."""
    tier, most = raised.pop("tier", 1), raised.pop("most", Criticality.CRITICAL)
    who = caller(max_criticality=most, worlds=tuple(World))
    who.system = msgspec.structs.replace(AGENT.system, tier=tier)
    plain = ((tool("read"), definition("read")),)
    assert await names(deps(*plain, (tool("act", **raised), definition("act"))), who) == ["read"]
    good = tool("act", domain="payment", effect=Effect.WRITE, envelope=ROOM, meters=MONEY)
    assert await names(deps(*plain, (good, definition("act"))), caller(max_criticality=Criticality.CRITICAL)) == [
        "act",
        "read",
    ]


async def test_a_domain_that_is_raised_hides_what_was_classified_before(monkeypatch: pytest.MonkeyPatch) -> None:
    here = deps((tool("read"), definition("read")))
    assert await names(here) == ["read"]
    least = worlds.floor("general", Effect.READ)
    assert least is not None
    for higher in ({"world": World.PHYSICAL}, {"criticality": Criticality.CRITICAL}, {"envelope": True}):
        raised = msgspec.structs.replace(least, **higher)
        monkeypatch.setattr(worlds, "floor", lambda domain, effect, raised=raised: raised)
        worlds.asked.cache_clear()
        try:
            assert await names(here) == []
        finally:
            monkeypatch.undo()
            worlds.asked.cache_clear()


async def test_who_has_no_tool_is_not_told_of_results_whatever_the_cursor() -> None:
    here = deps((tool("read"), definition("read")), holds=SimpleNamespace())
    for cursor in (None, "a", "read", "zz"):
        assert await names(here, caller(tools=()), cursor) == []
        assert await names(here, cursor=cursor) == [*(["read"] if cursor in (None, "a") else []), "answerable_result"]


async def test_a_server_that_may_not_act_has_no_tools() -> None:
    here = deps((tool("read"), definition("read")))
    here.gate.admit = lambda bearer: (_ for _ in ()).throw(Refused("stop.system", order="o"))
    assert await names(here) == []
    with pytest.raises(Refused) as caught:
        await page("other", caller(), None, here)
    assert caught.value.code == "tool.unknown"
    with pytest.raises(Refused) as caught:
        await page("desk", caller(), None, deps(tools=None))
    assert caught.value.code == "tool.nowhere"


async def test_pages_follow_each_other_and_a_cursor_is_a_name() -> None:
    every = [f"t{number:03d}" for number in range(PAGE + 3)]
    here = deps(*((tool(name), definition(name)) for name in reversed(every)), holds=SimpleNamespace())
    first, cursor = await page("desk", caller(), None, here)
    rest, end = await page("desk", caller(), cursor, here)
    assert [each["name"] for each in (*first, *rest)] == [*every, "answerable_result"]
    assert end == ""
    for wrong in (3, "", "a b", "é", "x" * 129):
        with pytest.raises(Refused) as caught:
            await page("desk", caller(), wrong, here)
        assert caught.value.code == "mcp.params"


async def test_hints_are_what_a_person_said_and_no_promise_is_passed_on() -> None:
    lies = definition("wipe", annotations={"readOnlyHint": True}, outputSchema={"type": "object"}, title="Wipe")
    body = mcp_listing.entry(tool("wipe", effect=Effect.IRREVERSIBLE, idempotency_s=5), lies)
    assert body["annotations"] == {
        "readOnlyHint": False, "destructiveHint": True, "idempotentHint": True, "openWorldHint": True,
    }  # fmt: skip
    assert "outputSchema" not in body
    assert body["title"] == "Wipe"
    assert lies.body["annotations"] == {"readOnlyHint": True}, "the definition itself stays as it is"
