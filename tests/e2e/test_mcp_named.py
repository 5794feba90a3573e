# SPDX-License-Identifier: Apache-2.0
"""Over the wire: who fetches a held call gets what people said of that one, also once the tool asks for nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from answerable.model.holds import Ballot
from tests.mcp_servers import Journal
from tests.tool_gate import CLASSES, HELD, WRITES, Gate, gate


async def call(g: Gate, name: str, **arguments: Any) -> dict[str, Any]:
    said: dict[str, Any] = (await g.modern("desk", "tools/call", {"name": name, "arguments": arguments})).json()
    return said


async def asked(g: Gate, to: str) -> str:
    said = await call(g, "pay", to=to, amount=3)
    hold: str = said["result"]["_meta"]["answerable/hold"]["hold"]
    return hold


async def test_a_fetch_runs_nothing_that_its_hold_does_not_allow(tmp_path: Path) -> None:
    async with gate(tmp_path, journal=tmp_path / "journal", classes={**CLASSES, "pay": HELD}) as g:
        journal = Journal(tmp_path / "journal")
        rejected, approved, spent, waits = [await asked(g, to) for to in ("Ada", "Ben", "Cleo", "Dora")]
        assert "pending" in str(await call(g, "answerable_result", id=waits))
        await g.vote(rejected, Ballot.REJECT)
        await g.vote(approved)
        await g.vote(spent)
        first = await call(g, "answerable_result", id=spent)
        assert not first["result"].get("isError"), first
        await g.classify("desk", {"pay": msgspec.structs.replace(WRITES, idempotency_s=0)})
        for _ in range(2):
            assert "hold.rejected" in str(await call(g, "answerable_result", id=rejected))
            for void in (approved, waits):
                assert "hold.registered" in str(await call(g, "answerable_result", id=void))
            again = await call(g, "answerable_result", id=spent)
            assert again["result"]["content"] == first["result"]["content"]
        assert [line["arguments"]["to"] for line in journal.read("pay")] == ["Cleo"]
        # Not fetched but asked, it is a call of today.
        assert not (await call(g, "pay", to="Ada", amount=3))["result"].get("isError")
        assert [line["arguments"]["to"] for line in journal.read("pay")] == ["Cleo", "Ada"]
