# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from answerable.app import repeats as module
from answerable.model.calls import Call, CallState
from answerable.model.units import Put, Space, Unit
from answerable.tools.calls import Calls
from answerable.tools.planned import encode_row
from tests.mcp_servers import Journal
from tests.tool_gate import WRITES, gate

NOTE = {"name": "note", "arguments": {"text": "once"}}


async def test_what_a_call_answered_is_found_and_told_again(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    async with gate(tmp_path / "store", journal=journal, classes={"note": WRITES}) as it:
        first, second = [await it.modern("desk", "tools/call", NOTE) for _ in range(2)]
        again = await it.modern("desk", "tools/call", {**NOTE, "_meta": {"answerable/idempotency-key": "2"}})
        assert first.json()["result"] == second.json()["result"]
        assert again.json()["result"] != first.json()["result"]
        assert len(Journal(journal).read("note")) == 2
        old = next(leaf for leaf in await it.opens() if leaf.act == "tool_call")
        assert isinstance(old.c.ctx, str)
        # Twenty at once are one.
        many = [it.modern("desk", "tools/call", {"name": "note", "arguments": {"text": "many"}}) for _ in range(20)]
        answers = [reply.json()["result"] for reply in await asyncio.gather(*many)]
        assert all(answer == answers[0] for answer in answers)
        assert len(Journal(journal).read("note")) == 3


async def test_rows_whose_time_is_over_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVERY_S", 0.02)
    async with gate(tmp_path / "store") as it:
        old = Call("r" * 32, CallState.DONE, 1, 2)
        await it.core.ledger.commit(Unit(effects=(Put(Space.CALLS, "k", encode_row(old)),)))
        lost = Call("s" * 32, CallState.UNKNOWN, 1, 2)
        await it.core.ledger.commit(Unit(effects=(Put(Space.CALLS, "u", encode_row(lost)),)))
        for _ in range(200):
            if it.core.book.raw(Space.CALLS, "k") is None:
                break
            await asyncio.sleep(0.02)
        assert it.core.book.raw(Space.CALLS, "k") is None
        assert it.core.book.raw(Space.CALLS, "u") is not None


async def test_a_defect_of_one_slice_does_not_end_the_letting_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "EVERY_S", 0.01)
    async with gate(tmp_path / "store") as it:
        swept = asyncio.Event()
        tries = 0

        def sweep(_calls: object, _now: int) -> None:
            nonlocal tries
            tries += 1
            if tries == 1:
                raise TypeError("a defect")
            swept.set()

        monkeypatch.setattr(Calls, "sweep", sweep)
        async with asyncio.timeout(5):
            await swept.wait()
        assert "a defect" in caplog.text
        assert it.core.book is not None
