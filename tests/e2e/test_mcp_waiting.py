# SPDX-License-Identifier: Apache-2.0
"""Over the wire: a hold whose time is over, and a tool that undoes what another did."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from tests.mcp_servers import Journal
from tests.tool_gate import CLASSES, HELD, WRITES, Gate, gate

pytestmark = pytest.mark.asyncio(loop_scope="module")
SOON_MS = 400
# `wipe` would undo a note, and nobody says what it is; `pay` would undo an order, and waits for people.
CALLED = {
    **CLASSES,
    "note": msgspec.structs.replace(WRITES, undo="wipe"),
    "order": msgspec.structs.replace(WRITES, undo="pay"),
    "pay": HELD,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("waiting")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def g(folder: Path) -> AsyncIterator[Gate]:
    async with gate(folder, journal=folder / "journal", classes=CALLED) as made:
        yield made


@pytest.fixture(scope="module")
def journal(folder: Path) -> Journal:
    return Journal(folder / "journal")


async def call(g: Gate, name: str, **arguments: Any) -> dict[str, Any]:
    said: dict[str, Any] = (await g.modern("desk", "tools/call", {"name": name, "arguments": arguments})).json()
    return said


def paid(journal: Journal, to: str) -> int:
    return sum(line["arguments"]["to"] == to for line in journal.read("pay"))


async def test_a_hold_that_nobody_answered_ends_in_a_refusal(g: Gate, journal: Journal) -> None:
    pay = {"to": "Ada", "amount": 3}
    whole = g.holds.expires_ms
    object.__setattr__(g.holds, "expires_ms", SOON_MS)  # the configuration counts in minutes
    try:
        hold = (await call(g, "pay", **pay))["result"]["_meta"]["answerable/hold"]["hold"]
    finally:
        object.__setattr__(g.holds, "expires_ms", whole)
    await asyncio.sleep(2 * SOON_MS / 1_000)
    for _ in range(2):
        refused = await call(g, "answerable_result", id=hold)
        assert "hold.expired" in str(refused), refused
        last = (await g.opens())[-1]
        assert (last.sys, last.dec, last.err) == (g.agent.rid, "refuse", "hold.expired")
    stands = await g.http.get(f"/holds/{hold}", headers={"authorization": f"Bearer {g.key}"})
    assert stands.json()["state"] == "expired"
    # To ask without naming it is to ask people anew: another hold, with nobody's word.
    anew = (await call(g, "pay", **pay))["result"]["_meta"]["answerable/hold"]
    assert anew["hold"] != hold
    assert anew["have"] == 0
    assert paid(journal, "Ada") == 0


async def test_what_undoes_is_refused_while_nobody_says_what_it_is(g: Gate, journal: Journal) -> None:
    assert "Noted." in str(await call(g, "note", text="x"))
    refused = await call(g, "wipe", folder="x")
    assert refused["error"]["data"]["code"] == "tool.unknown"
    last = (await g.opens())[-1]
    assert (last.sys, last.dec, last.err) == (g.agent.rid, "refuse", "tool.unknown")
    assert journal.read("wipe") == []


async def test_what_undoes_waits_for_its_own_people(g: Gate, journal: Journal) -> None:
    assert "Ordered" in str(await call(g, "order", article="pen", count=1))
    back = {"to": "Ben", "amount": 5}
    waits = (await call(g, "pay", **back))["result"]["_meta"]["answerable/hold"]
    last = (await g.opens())[-1]
    assert (last.dec, last.err) == ("hold", "action.held")
    assert paid(journal, "Ben") == 0
    await g.vote(waits["hold"])
    assert "Paid 5 EUR to Ben." in str(await call(g, "pay", **back))
    assert paid(journal, "Ben") == 1
