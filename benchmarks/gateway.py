# SPDX-License-Identifier: Apache-2.0
"""This gateway with everything on, beside none, nginx `proxy_pass` and the LiteLLM proxy, over one mock upstream.

Every cell is the median of rounds in which the gateways take turns, so that a busy machine disturbs all alike. CPU is
that of the gateway's whole process tree; the load generator and the upstream are other processes. After each
measurement the upstream must have counted as many calls as answers came back, and our log must have grown by two leaves
a call. A stream's 33 events are 33 writes of the upstream, back to back: what a proxy pays for a stream depends
much on that (nginx less than half of it for one large write).
Figures of different machines, or of one machine at different hours, are not compared: ratios within a run are.
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

from benchmarks import peers
from benchmarks.processes import Server, python

NAMES: Final = ("direct", "nginx", "litellm", "ours")
PACED_STREAMS: Final = 64
PACE_MS: Final = 20.0  # between tokens: 50 a second, a usual speed of a hosted model
# Leaves that no call writes: renewed warrants, batched once a minute, and counted refusals.
OTHER_LEAVES: Final = 8


@dataclass(frozen=True, slots=True)
class Plan:
    concurrency: tuple[int, ...]
    seconds: float
    rounds: int
    paced_seconds: float
    paced_rounds: int


FULL: Final = Plan((1, 32, 256), 3.0, 3, 5.0, 3)
QUICK: Final = Plan((32,), 1.0, 1, 1.0, 1)


@dataclass
class Cell:
    """The rounds of one gateway under one load."""

    rounds: list[dict[str, float]] = field(default_factory=list)

    def median(self, name: str) -> float:
        return statistics.median(r[name] for r in self.rounds)


class Broken(RuntimeError):
    """A measurement that proves nothing: answers were wrong, calls or leaves do not add up."""


class Bench:
    def __init__(self, upstream: str, targets: list[peers.Target], plan: Plan) -> None:
        self.upstream, self.targets, self.plan = upstream, targets, plan
        self.cells: dict[tuple[str, str, int], Cell] = {}
        self.added: dict[str, list[float]] = {}

    def measure(self) -> None:
        for target in self.targets:  # connections, caches, first warrants
            self._once(target, "json", 8, 0.5)
            self._once(target, "sse", 8, 0.5)
        for load in ("json", "sse"):
            for concurrency in self.plan.concurrency:
                for _ in range(self.plan.rounds):
                    for target in self.targets:
                        self._note(target, load, concurrency, self._once(target, load, concurrency, self.plan.seconds))
        self._paced()

    def _paced(self) -> None:
        """Each gateway's round stands between two of direct; what it adds is its median less theirs."""
        _control(self.upstream, pace_ms=PACE_MS)
        by_name = {target.name: target for target in self.targets}
        try:
            for _ in range(self.plan.paced_rounds):
                before = self._paced_once(by_name["direct"])
                for target in self.targets:
                    if target.name == "direct":
                        continue
                    mine, after = self._paced_once(target), self._paced_once(by_name["direct"])
                    self.added.setdefault(target.name, []).append(mine - (before + after) / 2)
                    before = after
        finally:
            _control(self.upstream, pace_ms=0)

    def _paced_once(self, target: peers.Target) -> float:
        row = self._once(target, "paced", PACED_STREAMS, self.plan.paced_seconds)
        self._note(target, "paced", PACED_STREAMS, row)
        return row["first_p50_ms"]

    def _note(self, target: peers.Target, load: str, concurrency: int, row: dict[str, float]) -> None:
        self.cells.setdefault((target.name, load, concurrency), Cell()).rounds.append(row)

    def _once(self, target: peers.Target, load: str, concurrency: int, seconds: float) -> dict[str, float]:
        calls, leaves = _control(self.upstream), target.leaves() if target.leaves else 0
        cpu = target.server.cpu()
        arguments = ["--concurrency", str(concurrency), "--seconds", str(seconds), "--model", target.model]
        arguments += ["--key", target.key] + (["--stream"] if load != "json" else [])
        if load == "paced":
            arguments += ["--stagger", str(PACE_MS * 33 / 1000)]
        done = subprocess.run(
            python("benchmarks.load", target.url, *arguments), capture_output=True, text=True, timeout=300, check=False
        )
        cpu = target.server.cpu() - cpu
        where = f"{target.name} {load} at {concurrency}"
        if done.returncode:
            raise Broken(f"{where}: {done.stdout}{done.stderr}{target.server.tail()}")
        row = json.loads(done.stdout)
        del row["errors"]
        if (made := _control(self.upstream) - calls) != row["answers"]:
            raise Broken(f"{where}: {row['answers']} answers, but the upstream counted {made} calls")
        if target.leaves:
            grown = _settled(target, leaves + 2 * made) - leaves
            if not 2 * made <= grown <= 2 * made + OTHER_LEAVES:
                raise Broken(f"{where}: {made} calls, but the log grew by {grown} leaves")
        return {**row, "cpu_us": cpu / row["answers"] * 1e6, "memory_mib": target.server.memory()}


def _settled(target: peers.Target, wanted: int) -> int:
    """The size of the log once it has reached `wanted`, or after two seconds: a last close may be on its way."""
    assert target.leaves
    until = time.monotonic() + 2
    while (size := target.leaves()) < wanted and time.monotonic() < until:
        time.sleep(0.05)
    return size


def _control(upstream: str, pace_ms: float | None = None) -> int:
    """Set the pace, if given; the upstream's count of calls."""
    data = None if pace_ms is None else json.dumps({"pace_ms": pace_ms}).encode()
    with urllib.request.urlopen(f"{upstream}/control", data=data, timeout=10) as answer:
        return int(json.load(answer)["calls"])


def result(bench: Bench, plan: str) -> dict[str, Any]:
    """Everything measured, and whether the bars of the project are reached."""
    rows = []
    for (name, load, concurrency), cell in bench.cells.items():
        row = {"gateway": name, "load": load, "concurrency": concurrency, "rounds": len(cell.rounds)}
        row |= {key: round(cell.median(key), 3) for key in sorted(cell.rounds[0])}
        row["cpu_x_nginx"] = _ratio(bench, name, "nginx", load, concurrency)
        row["litellm_x_cpu"] = _ratio(bench, "litellm", name, load, concurrency)
        if load == "paced" and name in bench.added:
            row["first_added_ms"] = round(statistics.median(bench.added[name]), 3)
        rows.append(row)
    machine = {"cores": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
    return {"plan": plan, "machine": machine, "rows": rows, "bars": _bars(rows)}


def _ratio(bench: Bench, above: str, below: str, load: str, concurrency: int) -> float | None:
    """CPU a request of one gateway over another's; None without both, and for `direct`, which has no gateway."""
    one, other = bench.cells.get((above, load, concurrency)), bench.cells.get((below, load, concurrency))
    if one is None or other is None or "direct" in (above, below) or not other.median("cpu_us"):
        return None
    return round(one.median("cpu_us") / other.median("cpu_us"), 2)


def _bars(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    bars: list[dict[str, Any]] = []

    def bar(what: str, value: float | None, bound: float, *, least: bool = False) -> None:
        if value is not None:
            bars.append(
                {"bar": what, "value": value, "bound": bound, "reached": value >= bound if least else value <= bound}
            )

    for row in (row for row in rows if row["gateway"] == "ours"):
        load, concurrency = row["load"], row["concurrency"]
        if load == "paced":
            bar("64 paced streams: added median time to first token, ms, at most", row.get("first_added_ms"), 2.0)
            continue
        where = f"{load}, c = {concurrency}: "
        bar(where + "times less CPU than LiteLLM, at least", row["litellm_x_cpu"], 50, least=True)
        if concurrency >= 32:
            bar(where + "times the CPU of nginx, at most", row["cpu_x_nginx"], 7 if load == "json" else 2.5)
    return bars


HEADINGS: Final = (
    "load", "c", "gateway", "CPU µs/request", "× nginx", "LiteLLM ÷", "requests/s", "p50 ms", "p99 ms",
    "first token p50 ms", "added ms", "MiB",
)  # fmt: skip


def table(found: dict[str, Any]) -> str:
    """The result as one Markdown table, the bars under it."""
    lines = ["| " + " | ".join(HEADINGS) + " |", "| --- | ---: | --- |" + " ---: |" * (len(HEADINGS) - 3)]
    for row in found["rows"]:
        gateway = row["gateway"] != "direct"
        cells = [row["load"], str(row["concurrency"]), row["gateway"], f"{row['cpu_us']:.0f}" if gateway else "–"]
        cells += [_figure(row["cpu_x_nginx"], "{:.1f}"), _figure(row["litellm_x_cpu"], "{:.0f}")]
        cells += [f"{row['rps']:.0f}", f"{row['latency_p50_ms']:.2f}", f"{row['latency_p99_ms']:.2f}"]
        cells += [_figure(row["first_p50_ms"] or None, "{:.2f}"), _figure(row.get("first_added_ms"), "{:+.2f}")]
        cells.append(f"{row['memory_mib']:.0f}" if gateway else "–")
        lines.append("| " + " | ".join(cells) + " |")
    for bar in found["bars"]:
        lines.append(f"{'reached' if bar['reached'] else 'MISSED '}  {bar['bar']} {bar['bound']:g}: {bar['value']:g}")
    return "\n".join(lines)


def _figure(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one short round at c = 32 and 64 paced streams")
    parser.add_argument("--json", action="store_true", help="print one JSON object rather than the table")
    parser.add_argument("--check", action="store_true", help="exit 1 if a bar is missed")
    parser.add_argument("--only", default=",".join(NAMES), help=f"some of {','.join(NAMES)}; direct is always there")
    parser.add_argument("--litellm", default="litellm", help="the LiteLLM program, in an environment of its own")
    parser.add_argument("--ours", default=peers.OURS, help="command that starts this gateway: see benchmarks/peers.py")
    parser.add_argument("--log-size", default=peers.LOG_SIZE, help="command that prints the checkpoint of its store")
    options = parser.parse_args()
    wanted = set(options.only.split(","))
    if unknown := wanted - set(NAMES):
        parser.error(f"no gateway named {', '.join(sorted(unknown))}")
    plan = QUICK if options.quick else FULL
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        mock = Server("mock", python("benchmarks.mock_upstream"), folder)
        stack.callback(mock.stop)
        upstream = mock.first_line(20)["url"]
        targets = [peers.direct(mock, upstream)]
        starts = {
            "nginx": lambda: peers.nginx(upstream, folder / "nginx"),
            "litellm": lambda: peers.litellm(options.litellm, upstream, folder / "litellm"),
            "ours": lambda: peers.ours(upstream, folder / "ours", options.ours, options.log_size),
        }
        try:
            for name in (name for name in starts if name in wanted):
                sys.stderr.write(f"starting {name}\n")
                targets.append(starts[name]())
                stack.callback(targets[-1].server.stop)
            sys.stderr.write("measuring\n")
            bench = Bench(upstream, targets, plan)
            bench.measure()
        except (Broken, RuntimeError, OSError, subprocess.SubprocessError) as error:
            sys.stderr.write(f"{error}\n")
            return 4
        found = result(bench, "quick" if options.quick else "full")
    sys.stdout.write((json.dumps(found, indent=1) if options.json else table(found)) + "\n")
    return 1 if options.check and not all(bar["reached"] for bar in found["bars"]) else 0


if __name__ == "__main__":
    sys.exit(main())
