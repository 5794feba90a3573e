# SPDX-License-Identifier: Apache-2.0
"""Operators' policies in front of a real tool server: refused by name, exchanged while it runs, told in each record."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from answerable.model.leaves import OpenLeaf, PluginLeaf
from tests.cedars import BASE, write
from tests.mcp_servers import Journal
from tests.tool_gate import Gate, gate

NO_NOTES = '@id("no-notes") forbid (principal, action == Action::"call", resource == Tool::"desk/note");'
CAREFUL = (
    '@id("careful") @hold("1") forbid (principal, action == Action::"call", resource == Tool::"desk/weather") '
    'when { context.facts.effect == Effect::"read" };'
)
WEATHER = {"name": "weather", "arguments": {"city": "Bern"}}
NOTE = {"name": "note", "arguments": {"text": "remember"}}


async def called(at: Gate, call: dict[str, Any], **meta: str) -> tuple[dict[str, Any], OpenLeaf]:
    """The result, and the open leaf of the newest action."""
    answer = await at.modern("desk", "tools/call", call | ({"_meta": meta} if meta else {}))
    return answer.json()["result"], (await at.opens())[-1]


async def until_other(at: Gate, digest: str) -> str:
    async with asyncio.timeout(20):
        while (now := at.service._policing.digest()) == digest:  # noqa: ASYNC110  a folder is followed
            await asyncio.sleep(0.02)
    return now


async def test_a_folder_decides_about_calls_and_is_exchanged_while_they_run(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    folder = write(tmp_path / "policy", base=BASE, notes=NO_NOTES)
    settings = {"policy__use": ("cedar",), "policy__folder": str(folder), "policy__reload_s": 0.05}
    async with gate(tmp_path / "store", journal=journal, **settings) as at:
        result, first = await called(at, WEATHER)
        assert not result.get("isError")
        assert (first.dec, first.rule) == ("permit", "R100")

        result, refused = await called(at, NOTE)
        assert result["isError"]
        assert "cedar:no-notes" in json.dumps(result)
        assert (refused.dec, refused.rule, refused.err) == ("refuse", "cedar:no-notes", "policy.refused")
        assert refused.pol == first.pol == at.service._policing.digest()
        assert Journal(journal).read("note") == []

        write(folder, notes=NO_NOTES.replace("desk/note", "desk/nothing"))
        digest = await until_other(at, first.pol)
        result, after = await called(at, NOTE)
        assert not result.get("isError")
        assert (after.dec, after.pol) == ("permit", digest)
        assert len(Journal(journal).read("note")) == 1
        taken = [leaf.dig for leaf in await at.leaves() if isinstance(leaf, PluginLeaf) and leaf.name == "folder"]
        assert taken == list(dict.fromkeys(taken))
        assert taken[-1] == at.service._policing.state().folder_digest

        write(folder, notes="half a poli")
        async with asyncio.timeout(20):
            while "policy" not in at.service._problems():  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        _, still = await called(at, WEATHER)
        assert (still.dec, still.pol) == ("permit", digest)


async def test_an_approval_counts_under_the_policy_under_which_it_was_asked(tmp_path: Path) -> None:
    folder = write(tmp_path / "policy", base=BASE, careful=CAREFUL)
    settings = {"policy__use": ("cedar",), "policy__folder": str(folder), "policy__reload_s": 0}
    journal = tmp_path / "journal"
    async with gate(tmp_path / "store", journal=journal, **settings) as at:
        _, held = await called(at, WEATHER)
        assert (held.dec, held.rule) == ("hold", "cedar:careful")
        (hold,) = at.holds.waiting(at.core.now, policy=held.pol)
        await at.vote(hold.rid)
        result, ran = await called(at, WEATHER)
        assert not result.get("isError")
        assert (ran.dec, len(Journal(journal).read("weather"))) == ("permit", 1)

        other = WEATHER | {"arguments": {"city": "Ulm"}}
        _, held = await called(at, other)
        (hold,) = at.holds.waiting(at.core.now, policy=held.pol)
        await at.vote(hold.rid)
        write(folder, careful=CAREFUL + "// another day\n")
        assert await at.service._policing.reload()
        _, again = await called(at, other)
        assert again.pol != held.pol
        assert again.dec == "hold"
        assert len(Journal(journal).read("weather")) == 1
