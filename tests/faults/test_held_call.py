# SPDX-License-Identifier: Apache-2.0
"""SIGKILL while a tool call waits for people: they approve it in the next process, and there it runs once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from answerable.app.core import open_core
from answerable.app.service import Service
from answerable.log.leaf import decode
from answerable.model.leaves import OpenLeaf
from answerable.tools.holds import SPENDS
from tests.faults.asker import ASKED, CALL
from tests.faults.test_calls import START_S, servers
from tests.mcp_servers import Journal
from tests.tool_gate import Gate
from tests.unit.app.small_store import config


def asked(folder: Path, journal: Path) -> dict[str, Any]:
    """What a gateway that was killed meanwhile was asked."""
    child = subprocess.Popen([sys.executable, "-m", "tests.faults.asker", str(folder), str(journal)])
    try:
        ends = time.monotonic() + START_S
        while not (folder / ASKED).exists():
            assert child.poll() is None, "it ended by itself"
            assert time.monotonic() < ends, "it never asked"
            time.sleep(0.05)
        child.send_signal(signal.SIGKILL)
        assert child.wait(START_S) == -signal.SIGKILL
    finally:
        if child.poll() is None:
            child.kill()
            child.wait(START_S)
    found: dict[str, Any] = json.loads((folder / ASKED).read_text(encoding="utf-8"))
    return found


async def test_a_call_that_waits_outlives_its_gateway_and_runs_once(tmp_path: Path) -> None:
    folder, journal = tmp_path / "store", tmp_path / "journal.jsonl"
    folder.mkdir()
    told = asked(folder, journal)
    core = await open_core(config(folder, **servers(journal)))
    service = Service(core)
    it = Gate(service, await service.start())
    it.key, hold = told["key"], told["hold"]
    fetch = {"name": "answerable_result", "arguments": {"id": hold}}
    try:
        waits = (await it.modern("desk", "tools/call", CALL)).json()["result"]
        assert waits["_meta"]["answerable/hold"]["hold"] == hold, "the same hold, not another"
        assert Journal(journal).read() == []
        await it.vote(hold)
        records = set()
        for call in (fetch, CALL, fetch):
            done = (await it.modern("desk", "tools/call", call)).json()["result"]
            assert done["content"][0]["text"] == "Paid 3 EUR to Ada."
            records.add(done["_meta"]["answerable/record"])
        assert len(records) == 1
        assert len(Journal(journal).read("pay")) == 1
        leaves = [decode(data) for data in await core.reader.tail(0, 100_000)]
        permits = [leaf for leaf in leaves if isinstance(leaf, OpenLeaf) and leaf.dec == "permit"]
        assert [leaf.x[SPENDS] for leaf in permits if isinstance(leaf.x, dict)] == [hold]
    finally:
        await it.http.aclose()
        await service.close()
