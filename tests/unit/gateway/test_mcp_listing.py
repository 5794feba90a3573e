# SPDX-License-Identifier: Apache-2.0
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from answerable.errors import Refused
from answerable.gateway import mcp_listing
from answerable.gateway.mcp_listing import PAGE, page
from answerable.model.terms import Criticality, Effect
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
