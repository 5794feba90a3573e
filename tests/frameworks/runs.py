# SPDX-License-Identifier: Apache-2.0
"""The five runs of a framework, and what each has to show. What happened is read from three places that do not know of
each other: what the agent said, the tool server's own journal, and the log, whose receipts are verified offline."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.frameworks.place import APPROVER, HTTP, SERVER, Place

RUN_S: Final = 120.0
DRIVERS: Final = Path(__file__).parent / "drivers"
WEATHER: Final = {"call": "weather", "with": {"city": "Oslo"}}
ORDER: Final = {"article": "pens", "count": 40}
TOO_MUCH: Final = {"article": "pens", "count": 40_000}
TICKS: Final = 60


class Differs(AssertionError):
    """A run did not show what it has to."""


@dataclass
class Run:
    """One run: what was asked of the agent, what its process said, what was seen of it elsewhere."""

    name: str
    script: list[dict[str, Any]]
    said: dict[str, Any] = field(default_factory=dict)
    stdout: str = ""
    stderr: str = ""
    seconds: float = 0.0
    seen: list[str] = field(default_factory=list)

    @property
    def end(self) -> str:
        return str(self.said.get("output") or self.said.get("error") or "")


class Runner:
    """Runs of one framework in its environment."""

    def __init__(self, name: str, python: Path, place: Place) -> None:
        self.name = name
        self.agent = name
        self._python = python
        self._place = place

    def start(self, run: Run, *options: str) -> subprocess.Popen[str]:
        """The agent, given base URL, MCP URL and key, and nothing else of ours."""
        driver = DRIVERS / f"with_{self.name.replace('-', '_')}.py"
        home = self._place.folder / "home" / self.name
        home.mkdir(parents=True, exist_ok=True)
        process = subprocess.Popen(
            [str(self._python), str(driver), *options],
            env={
                "PATH": os.environ["PATH"], "HOME": str(home), "NO_PROXY": "127.0.0.1",
                "OPENAI_BASE_URL": self._place.gateway,
                "OPENAI_API_KEY": self._place.handles[self.agent],
                "MCP_URL": self._place.mcp,
            },
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdin is not None
        process.stdin.write(f"You are a clerk at a desk. Do this.\nscript: {json.dumps(run.script)}\n")
        process.stdin.close()
        process.stdin = None
        return process

    def finish(self, run: Run, process: subprocess.Popen[str], began: float) -> Run:
        try:
            run.stdout, run.stderr = process.communicate(timeout=RUN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            run.stdout, run.stderr = process.communicate()
            raise Differs(f"{run.name}: no end in {RUN_S:.0f} s\n{run.stdout[-2000:]}\n{run.stderr[-2000:]}") from None
        run.seconds = time.monotonic() - began
        lines = [line for line in run.stdout.splitlines() if line.startswith('{"')]
        run.said = json.loads(lines[-1]) if lines else {"error": f"the driver ended with {process.returncode}"}
        return run

    # --- the five -----------------------------------------------------------------------------------------------------

    def permitted(self, *options: str) -> Run:
        """The tool runs and the agent has its answer."""
        run = Run("permitted, streamed" if options else "permitted", [WEATHER])
        before = len(self._journal("weather"))
        self._whole(run, *options)
        self._must(run, "21 degrees and clear in Oslo" in run.end, "the agent has the tool's answer")
        self._must(run, len(self._journal("weather")) == before + 1, "the tool ran once")
        if self._place.over == HTTP:
            heads, key = self._place.heads(), self._place.handles[self.agent]
            self._must(run, bool(heads) and key not in heads, "the agent's key did not come to the tool server")
        self._recorded(run, "weather", "permit", "")
        return run

    def refused(self) -> Run:
        """A count beyond what may be ordered: nothing runs, and the agent is told."""
        run = Run("refused", [{"call": "order", "with": TOO_MUCH}])
        before = len(self._journal("order"))
        self._whole(run)
        self._must(run, len(self._journal("order")) == before, "the tool did not run")
        self._recorded(run, "order", "refuse", "tool.envelope")
        return run

    def held(self) -> Run:
        """An order waits; a person approves it by the command line; the agent has the result; it ran once."""
        # Some frameworks show their model the text of a result, some its structured form.
        asks = {"call": "answerable_result", "with": {"id": "$found"}, "find": r"(?:Its id is|hold\W)\W*([a-z2-7]{32})"}
        waits = {**asks, "while": r"waits for|state\W+pending", "pause": 0.5}
        script = [{"call": "order", "with": ORDER}, waits]
        run = Run("held, then approved", script)
        before, began = len(self._journal("order")), time.monotonic()
        process = self.start(run)
        hold = self._wait(run, process, began, self._waiting)
        self._must(run, len(self._journal("order")) == before, "nothing ran while it waited")
        digest = self._place.json("holds", "show", hold)["hold"]["digest"]
        self._place.do("holds", "approve", hold, "--digest", digest[:8], "--as", APPROVER)
        self.finish(run, process, began)
        self._must(run, "Ordered 40 of pens." in run.end, "the agent has the result")
        self._must(run, len(self._journal("order")) == before + 1, "the tool ran once")
        self._recorded(run, "order", "hold", "action.held")
        self._recorded(run, "order", "permit", "")
        return run

    def stopped(self) -> Run:
        """An officer stops the agent's system in the middle of a long task."""
        ticks = [{"call": "tick", "with": {"number": n}, "pause": 0.15} for n in range(TICKS)]
        run = Run("stopped in the middle", ticks)
        began, before = time.monotonic(), len(self._journal("tick"))
        process = self.start(run)
        self._wait(run, process, began, lambda: len(self._journal("tick")) >= before + 3)
        ordered = self._place.do("stop", self.agent, "--reason", "it is tried", "--as", "officer-1")
        at = time.time()
        self.finish(run, process, began)
        ran = self._journal("tick")[before:]
        self._must(run, 3 <= len(ran) < TICKS, f"{len(ran)} of {TICKS} calls ran")
        self._must(run, all(line["at"] <= at for line in ran), "nothing ran after the order was there")
        self._must(run, "stop" in run.end, "the run ended with an error that names the stop")
        run.seen.append(next((line for line in ordered.splitlines() if line.startswith("SUSPENDED")), ordered))
        self._nothing_since(run, ordered)
        return run

    # --- what is looked at --------------------------------------------------------------------------------------------

    def _whole(self, run: Run, *options: str) -> None:
        began = time.monotonic()
        self.finish(run, self.start(run, *options), began)

    def _wait(self, run: Run, process: subprocess.Popen[str], began: float, what: Callable[[], Any]) -> Any:
        """What `what()` answers once it is true. Raises Differs if the agent ends before."""
        while time.monotonic() < began + RUN_S:
            if found := what():
                return found
            if process.poll() is not None:
                break
            time.sleep(0.1)
        process.kill()
        self.finish(run, process, began)
        raise Differs(f"{self.name}, {run.name}: it ended, or nothing came\n{run.said}\n{run.stderr[-3000:]}")

    def _journal(self, tool: str) -> list[dict[str, Any]]:
        return self._place.journal.read(tool)

    def _waiting(self) -> str:
        found = self._place.json("holds", "ls")
        mine = [each for each in found if each["state"] == "waiting" and each["system"].startswith(self.agent)]
        return str(mine[0]["rid"]) if mine else ""

    def _must(self, run: Run, holds: bool, what: str) -> None:
        if not holds:
            raise Differs(f"{self.name}, {run.name}: not so: {what}\n{run.said}\n{run.stderr[-3000:]}")
        run.seen.append(what)

    def _mine(self, decision: str, code: str) -> list[dict[str, Any]]:
        """Of this agent's records those with that decision and that error, oldest first."""
        system = self._place.systems[self.agent]
        return [
            entry
            for entry in self._place.records()
            if entry["kind"] == "open"
            and entry["leaf"]["dec"] == decision
            and entry["leaf"].get("err", "") == code
            and entry["leaf"].get("sys") == system
        ]

    def _recorded(self, run: Run, tool: str, decision: str, code: str) -> None:
        """The newest such record of this agent proves itself offline."""
        asked = {"srv": SERVER, "name": tool}
        found = [
            each
            for each in self._mine(decision, code)
            if asked.items() <= each["leaf"].get("x", {}).get("answerable.tool", {}).items()
        ]
        self._must(run, bool(found), f"the log has it: {decision} {code}".rstrip())
        self._verified(run, found[-1]["rid"])

    def _nothing_since(self, run: Run, ordered: str) -> None:
        """After the order's own record nothing of this agent was permitted. Its next try was refused, and recorded if
        it was a call: some clients fail before, when they open their session."""
        order = re.search(r"Order ([a-z2-7]{32})", ordered)
        at = {entry["rid"]: entry["index"] for entry in self._place.records()}
        self._must(run, order is not None and order[1] in at, "the log has the order")
        assert order is not None
        # One that was on its way to the disk then has an open leaf, and was cut before anything was sent or said.
        records = self._place.records()
        done = {each["leaf"]["open"] for each in records if each["kind"] == "close" and each["leaf"]["st"] == "done"}
        after = [each for each in self._mine("permit", "") if each["index"] > at[order[1]] and each["rid"] in done]
        self._must(run, not after, "the log has nothing of this agent that was begun after the order and done")
        proof = self._place.folder / f"{order[1]}.tlog-proof"
        self._place.do("log", "prove", order[1], "--format", "tlog-proof", "--out", str(proof))
        run.seen.append(f"record {order[1]}: {self._place.do('verify', str(proof)).splitlines()[0]}")
        for entry in self._mine("refuse", "stop.system")[-1:]:
            self._verified(run, entry["rid"])

    def _verified(self, run: Run, rid: str) -> None:
        receipt = self._place.folder / f"{rid}.tlog"
        self._place.do("who", rid, "--receipt", str(receipt))
        told = self._place.do("verify", str(receipt))
        run.seen.append(f"record {rid}: {told.splitlines()[0]}")
