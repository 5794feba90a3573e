# SPDX-License-Identifier: Apache-2.0
"""SIGKILL between the open and the close leaf of a tool call: the call is not run again before a person has said how it
ended, and what had ended before is told again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from answerable.app.core import known_keys, open_core
from answerable.app.service import Service
from answerable.cli.drafts import signed
from answerable.crypto.random import salt
from answerable.log.leaf import decode
from answerable.model.calls import CallState, Verdict
from answerable.model.leaves import CloseLeaf, OpenLeaf
from answerable.model.units import Space
from answerable.sequencer.audit import audit
from answerable.stores.sqlite import SqliteStore
from answerable.tools.calls import decode as row_of
from answerable.tools.settling import Why, settle, statement
from tests.faults.caller import CALL, KEY
from tests.mcp_servers import Journal, command
from tests.tool_gate import Gate
from tests.unit.app.small_store import config

START_S = 60.0


def servers(journal: Path) -> dict[str, Any]:
    desk = {"kind": "stdio", "command": command(journal), "directory": str(Path.cwd()), "system": "Desk"}
    found: dict[str, Any] = {f"servers__desk__{name}": value for name, value in desk.items()}
    return found | {"servers__desk__environment": {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd())}}


def killed(folder: Path, journal: Path) -> None:
    """A gateway that was killed while its tool was at work."""
    child = subprocess.Popen([sys.executable, "-m", "tests.faults.caller", str(folder), str(journal)])
    try:
        ends = time.monotonic() + START_S
        while not Journal(journal).read("slow"):
            assert child.poll() is None, "it ended by itself"
            assert time.monotonic() < ends, "it never called"
            time.sleep(0.05)
        child.send_signal(signal.SIGKILL)
        assert child.wait(START_S) == -signal.SIGKILL
    finally:
        if child.poll() is None:
            child.kill()
            child.wait(START_S)


async def test_a_killed_gateway_runs_no_call_twice(tmp_path: Path) -> None:
    folder, journal = tmp_path / "store", tmp_path / "journal.jsonl"
    folder.mkdir()
    killed(folder, journal)
    core = await open_core(config(folder, **servers(journal)))
    service = Service(core)
    it = Gate(service, await service.start())
    it.key = (folder / KEY).read_text(encoding="utf-8")
    try:
        # The open leaf was durable; its end was written at the start, and says that nobody knows.
        leaves = [decode(data) for data in await core.reader.tail(0, 100_000)]
        opened = [leaf for leaf in leaves if isinstance(leaf, OpenLeaf) and leaf.act == "tool_call"]
        ends = {leaf.open: leaf.st for leaf in leaves if isinstance(leaf, CloseLeaf)}
        assert len(opened) == 2
        assert sorted(ends.values()) == ["done", "unknown"]
        (lost,) = [record for record, st in ends.items() if st == "unknown"]
        assert [row.record for _, row in service._repeats.calls.unsettled()] == [lost]
        # What had ended is told again; what nobody saw end is not run again.
        again = await it.modern("desk", "tools/call", {"name": "note", "arguments": {"text": "once"}})
        assert "Noted" in again.text
        for _ in range(3):
            blocked = await it.modern("desk", "tools/call", CALL)
            assert "call.unknown" in blocked.text
            assert lost in blocked.text
        assert len(Journal(journal).read("slow")) == 1
        assert len(Journal(journal).read("note")) == 1
        # A person looks, and says that it did not run; then it may.
        why = Why(salt(), b"the drawer was shut")
        leaf = signed(statement(lost, Verdict.UNDONE, why), core.origin, [it.person("officer-1")])
        planned = settle(core.book, leaf, why, core.now, running=False, caller=opened[0].sys)
        await core.commit(planned)
        assert "At last." in (await it.modern("desk", "tools/call", CALL)).text
        assert len(Journal(journal).read("slow")) == 2
        states = [row_of(raw).state for _, raw in core.book.rows(Space.CALLS)]
        assert states == [CallState.DONE, CallState.DONE]
    finally:
        await it.http.aclose()
        await service.close()
    # And the leaves alone tell the same rows.
    store = SqliteStore.open(core.config.store_path, payload_key=core.keys.payload)
    try:
        found = audit(store.view(), [str(key) for key in known_keys(core.keys, core.origin)], None)
        assert found.sound, found.findings
        view = store.view()
        told = {space: rows for space, rows in view.state()[1].items() if space == Space.CALLS}
        assert len(told[Space.CALLS]) == 2
    finally:
        store.close()
