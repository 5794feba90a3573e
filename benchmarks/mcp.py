# SPDX-License-Identifier: Apache-2.0
"""One tool call, and sixteen at once: direct, through this gateway with everything on, and through fastmcp's own proxy.

    python -m benchmarks.mcp [--quick] [--json] [--check] [--peer PYTHON]

The server is made with the protocol's own SDK, as people write theirs, and is the same for all three, in a process of
its own. Ours has all that a call can have: a registered server and agent, admission, policy, an envelope, a budget, a
key under which it runs once, detectors, and two durable leaves on disk. Each figure is the median of rounds in which
the three take turns. After each round the server must have run as often as answers came, and our log must have grown by
two leaves a call. An agent's call goes through the SDK's client, as agents make theirs: the bar on one call is over
this. The load of sixteen, and one bare call at a time, come from a generator that costs next to nothing (revision
2026-07-28): the bare call tells what the gate adds with nothing else in the way, four waits for the disk among it.
Figures of different hours are not compared: ratios within a run are.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.mcp_load import body, headers
from benchmarks.processes import ENVIRONMENT, Server, python

NAMES: Final = ("direct", "fastmcp", "ours")
LOADS: Final = ("agent", "one", "sixteen")
IN_FLIGHT: Final = 16
TIMES_DIRECT: Final = 2.0  # the bars of the project
TIMES_PEER: Final = 5.0
# Leaves that no call writes: renewed warrants, counted refusals.
OTHER_LEAVES: Final = 8


@dataclass(frozen=True, slots=True)
class Plan:
    seconds: float
    rounds: int


FULL: Final = Plan(4.0, 5)
QUICK: Final = Plan(1.5, 3)


class Broken(RuntimeError):
    """A measurement that proves nothing: answers were wrong, calls or leaves do not add up."""


@dataclass
class Target:
    """What is asked, and the processes that stand between the caller and the server's tool."""

    name: str
    url: str
    server: Server
    key: str = ""
    store: str = ""
    rounds: dict[str, list[dict[str, float]]] = field(default_factory=dict)

    def leaves(self) -> int:
        words = ["answerable", "log", "checkpoint", "--store", self.store]
        note = subprocess.run(words, env=ENVIRONMENT, capture_output=True, text=True, timeout=30, check=True)
        return int(note.stdout.splitlines()[1])

    def median(self, load: str, name: str) -> float:
        return statistics.median(row[name] for row in self.rounds[load])


class Bench:
    def __init__(self, upstream: Server, url: str, targets: list[Target], plan: Plan) -> None:
        self.upstream, self.url, self.targets, self.plan = upstream, url, targets, plan
        self._number = 1_000_000_000

    def measure(self) -> None:
        for target in self.targets:  # connections, caches, first warrants
            for load in LOADS:
                self._once(target, load, min(0.5, self.plan.seconds))
        for _ in range(self.plan.rounds):
            for load in LOADS:
                for target in self.targets:
                    target.rounds.setdefault(load, []).append(self._once(target, load, self.plan.seconds))

    def _once(self, target: Target, load: str, seconds: float) -> dict[str, float]:
        self._number += 10_000_000
        calls, leaves = self._count(), target.leaves() if target.store else 0
        cpu, behind = target.server.cpu(), self.upstream.cpu()
        module = "benchmarks.mcp_agent" if load == "agent" else "benchmarks.mcp_load"
        words = [target.url, "--key", target.key, "--seconds", str(seconds), "--first", str(self._number)]
        if load != "agent":
            words += ["--concurrency", str(IN_FLIGHT if load == "sixteen" else 1)]
        done = subprocess.run(python(module, *words), capture_output=True, text=True, timeout=300, check=False)
        cpu, behind = target.server.cpu() - cpu, self.upstream.cpu() - behind
        if done.returncode:
            raise Broken(f"{target.name} {load}: {done.stdout}{done.stderr[-2000:]}{target.server.tail()}")
        row = json.loads(done.stdout)
        answers = row["answers"]
        if (made := self._count() - calls) != answers:
            raise Broken(f"{target.name} {load}: {answers} answers, but the tool ran {made} times")
        if target.store:
            grown = self._settled(target, leaves + 2 * made) - leaves
            if not 2 * made <= grown <= 2 * made + OTHER_LEAVES:
                raise Broken(f"{target.name} {load}: {made} calls, but the log grew by {grown} leaves")
        between = 0.0 if target.server is self.upstream else cpu / answers * 1e6
        return {
            "answers": answers, "rps": row["rps"], "p50_ms": row["p50_ms"], "p99_ms": row["p99_ms"],
            "cpu_us": between, "server_cpu_us": behind / answers * 1e6,
        }  # fmt: skip

    def _settled(self, target: Target, wanted: int) -> int:
        until = time.monotonic() + 5
        while (size := target.leaves()) < wanted and time.monotonic() < until:
            time.sleep(0.05)
        return size

    def _count(self) -> int:
        asked = urllib.request.Request(self.url, body(1, "count", {}), headers("", "count"))
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return int(json.load(answer)["result"]["content"][0]["text"])


def result(bench: Bench, plan: str) -> dict[str, Any]:
    """Everything measured, and whether the bars of the project are reached."""
    rows: list[dict[str, Any]] = []
    by = {target.name: target for target in bench.targets}
    for load in LOADS:
        for target in bench.targets:
            row: dict[str, Any] = {"load": load, "through": target.name, "rounds": len(target.rounds[load])}
            row |= {name: round(target.median(load, name), 3) for name in target.rounds[load][0]}
            row["p50_x_direct"] = round(row["p50_ms"] / by["direct"].median(load, "p50_ms"), 2)
            rows.append(row)
    ours = by["ours"]
    bars = []
    times = ours.median("agent", "p50_ms") / by["direct"].median("agent", "p50_ms")
    bars.append(_bar("an agent's call, p50: times direct, at most", times, TIMES_DIRECT, least=False))
    if "fastmcp" in by:
        times = ours.median("sixteen", "rps") / by["fastmcp"].median("sixteen", "rps")
        bars.append(_bar("16 in flight: times the throughput of fastmcp's proxy, at least", times, TIMES_PEER))
    machine = {"cores": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
    return {"plan": plan, "machine": machine, "rows": rows, "bars": bars}


def _bar(what: str, value: float, bound: float, *, least: bool = True) -> dict[str, Any]:
    reached = value >= bound if least else value <= bound
    return {"bar": what, "value": round(value, 2), "bound": bound, "reached": reached}


def table(found: dict[str, Any]) -> str:
    """The result as one Markdown table, the bars under it."""
    heads = ("load", "through", "p50 ms", "x direct", "p99 ms", "calls/s", "CPU us/call", "server CPU us/call")
    lines = ["| " + " | ".join(heads) + " |", "| --- | --- |" + " ---: |" * (len(heads) - 2)]
    for row in found["rows"]:
        between = f"{row['cpu_us']:.0f}" if row["through"] != "direct" else "–"
        cells = [row["load"], row["through"], f"{row['p50_ms']:.2f}", f"{row['p50_x_direct']:.2f}"]
        cells += [f"{row['p99_ms']:.2f}", f"{row['rps']:.0f}", between, f"{row['server_cpu_us']:.0f}"]
        lines.append("| " + " | ".join(cells) + " |")
    for bar in found["bars"]:
        lines.append(f"{'reached' if bar['reached'] else 'MISSED '}  {bar['bar']} {bar['bound']:g}: {bar['value']:g}")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three short rounds")
    parser.add_argument("--json", action="store_true", help="print one JSON object rather than the table")
    parser.add_argument("--check", action="store_true", help="exit 1 if a bar is missed")
    parser.add_argument("--peer", default="", metavar="PYTHON", help="of fastmcp's environment; without it no peer")
    options = parser.parse_args()
    plan = QUICK if options.quick else FULL
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-mcp-")))

        def start(name: str, command: list[str]) -> tuple[Server, dict[str, Any]]:
            sys.stderr.write(f"starting {name}\n")
            made = Server(name, command, folder)
            stack.callback(made.stop)
            return made, made.first_line(60)

        try:
            upstream, said = start("server", python("benchmarks.mcp_server"))
            url = said["url"]
            targets = [Target("direct", url, upstream)]
            if options.peer:
                # -P: the folder of the script holds this file, whose name is a package there.
                script = str(Path(__file__).with_name("mcp_proxy.py"))
                proxy, said = start("fastmcp", [options.peer, "-P", script, url])
                targets.append(Target("fastmcp", said["url"], proxy))
            store = folder / "store"
            store.mkdir()
            gateway, said = start("ours", python("benchmarks.mcp_ours", "--store", str(store), url))
            targets.append(Target("ours", said["url"], gateway, said["key"], said["store"]))
            sys.stderr.write("measuring\n")
            bench = Bench(upstream, url, targets, plan)
            bench.measure()
        except (Broken, RuntimeError, OSError, subprocess.SubprocessError) as error:
            sys.stderr.write(f"{error}\n")
            return 4
        found = result(bench, "quick" if options.quick else "full")
    sys.stdout.write((json.dumps(found, indent=1) if options.json else table(found)) + "\n")
    return 1 if options.check and not all(bar["reached"] for bar in found["bars"]) else 0


if __name__ == "__main__":
    sys.exit(main())
