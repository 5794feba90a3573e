# SPDX-License-Identifier: Apache-2.0
"""Each example does what it says, against a running demo, with the protocol's own client."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence

from answerable.app.demo_tools import LOOKS_AN_HOUR
from tests.e2e.running import Demo, environment
from tests.e2e.upstream import Upstream
from tests.house.tree import ROOT

EXAMPLES = ROOT / "examples"
MOST_LINES = 40


def start(demo: Demo, example: str, before: Sequence[str] = ()) -> subprocess.Popen[str]:
    own = {"MCP_URL": demo.said["mcp"], "OPENAI_API_KEY": demo.handle, "ANSWERABLE_STORE_PATH": str(demo.store)}
    return subprocess.Popen(
        [*before, sys.executable, str(EXAMPLES / f"{example}.py")],
        env={**environment(), **own}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def told(process: subprocess.Popen[str]) -> str:
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, out
    return out


def test_examples_are_short_and_all_are_run() -> None:
    found = sorted(EXAMPLES.glob("*.py"))
    assert [path.stem for path in found] == ["agent_with_tools", "approval", "budget"]
    long = [path.name for path in found if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES]
    assert not long


def test_an_agent_with_tools(scripted: tuple[Demo, Upstream]) -> None:
    demo, _ = scripted
    listed, tide, record, refused = told(start(demo, "agent_with_tools")).splitlines()
    assert listed == "It may use: high_water in_stock order_article answerable_result"
    assert tide.startswith("High water in Leith: ")
    assert refused.startswith("Refused: warrant.criticality: ")
    rid = record.rpartition(" ")[2]
    leaf = demo.record(rid)
    assert (leaf["act"], leaf["dec"]) == ("tool_call", "permit")
    who = demo.cli("who", rid)
    assert who.status == 0, who
    assert who.out.startswith(b"Demo Operator Ltd (invented) (")


def test_an_approval(scripted: tuple[Demo, Upstream]) -> None:
    demo, _ = scripted
    launch = (sys.executable, "-m", "answerable.cli", "copy", "start", "Demo buyer", "--")
    process = start(demo, "approval", launch)
    hold, until = None, time.monotonic() + 40
    while hold is None and time.monotonic() < until and process.poll() is None:
        hold = next((each for each in demo.json("holds", "ls") if each["state"] == "waiting"), None)
    assert hold is not None, told(process)
    done = demo.cli("holds", "approve", hold["rid"], "--digest", hold["digest"][:8])
    assert done.status == 0, done
    out = told(process)
    assert f"Its id is {hold['rid']}." in out
    assert out.endswith("Paid invoice A-17: 40 euros (invented: no money moved).\n")


def test_a_budget(scripted: tuple[Demo, Upstream]) -> None:
    demo, _ = scripted
    lines = told(start(demo, "budget")).splitlines()
    assert len(lines) == LOOKS_AN_HOUR + 1
    assert lines[0].startswith("article 0: ")
    assert lines[-1].startswith(f"After {LOOKS_AN_HOUR} calls: budget.")
