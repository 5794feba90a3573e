# SPDX-License-Identifier: Apache-2.0
"""Decisions a second: the kernel alone, with a tool's domain, and with an operator's folder in Cedar; beside them the
same engine called as its documentation begins, with policies, entities and schema as text.

    .venv/bin/python -m benchmarks.policy            some twenty seconds
    .venv/bin/python -m benchmarks.policy --quick --json

Every way decides the same calls of the same tools in turn, and must say the same of each. CPU is of this process; wall
time is told beside it, because a busy machine shows in one and not in the other.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import cedarpy
import msgspec

from answerable.cedar import asking, schema
from answerable.cedar.policy import Cedar
from answerable.model.actions import Facts
from answerable.model.terms import Effect, Ruling
from answerable.policy import kernel
from answerable.policy.combine import decide
from answerable.policy.described import Case, case, read
from answerable.ports import Policy

BASE: Final = '@id("base")\npermit (principal, action, resource);\n'
SIZES: Final = (10, 100)
ROUNDS: Final = 5


@dataclass(frozen=True)
class Row:
    """Of one way: microseconds a decision, the best of several rounds."""

    name: str
    wall_us: float
    cpu_us: float

    @property
    def per_second(self) -> float:
        return 1e6 / self.cpu_us


def cases() -> tuple[Case, ...]:
    """Calls and answers of several systems, some of which the folder refuses."""
    told: list[dict[str, Any]] = [{"system": f"spiffe://bench.invalid/system/{n}"} for n in range(4)]
    for n, effect in enumerate(("read", "write", "irreversible")):
        for domain in ("general", "search", "communication"):
            told.append({"domain": domain, "effect": effect, "server": f"server{n}", "tool": domain})
    return tuple(case(read(each)) for each in told)


def rules(count: int) -> str:
    """As many policies, each about another server, and each with a condition."""
    out = [BASE]
    for n in range(count - 1):
        out.append(
            f'@id("server{n}")\nforbid (principal, action == Action::"call", resource in Server::"server{n}")\n'
            f'when {{ context.facts.effect == Effect::"irreversible" && context.facts.weight >= {n % 2} }};\n'
        )
    return "".join(out)


def fresh(facts: Facts) -> Facts:
    """As the path makes them: anew for each action."""
    return msgspec.structs.replace(facts)


def decided(policies: tuple[Policy, ...], each: Case) -> object:
    return decide(fresh(each.facts), each.about, policies, each.asked)


def timed(name: str, work: Callable[[Case], object], over: tuple[Case, ...], seconds: float) -> Row:
    """work: decides one case; its own cost of a call is in the figure."""
    for each in over:
        work(each)
    wall, cpu = [], []
    for _ in range(ROUNDS):
        done, start, busy = 0, time.perf_counter(), time.process_time()
        until = start + seconds / ROUNDS
        while time.perf_counter() < until:
            for each in over:
                work(each)
            done += len(over)
        cpu.append((time.process_time() - busy) / done)
        wall.append((time.perf_counter() - start) / done)
    return Row(name, min(wall) * 1e6, min(cpu) * 1e6)


def as_text(policies: str) -> Callable[[Case], bool]:
    """The peer: cedarpy as its first example calls it, everything as text. Entities are made as ours are."""
    behind = schema.text()

    def ask(each: Case) -> bool:
        entities = asking.entities(each.facts, each.about)
        answer = cedarpy.is_authorized(asking.request(each.facts, each.about), policies, entities, schema=behind)
        return answer.allowed

    return ask


def loaded(folder: Path, policies: str) -> Cedar:
    folder.mkdir()
    (folder / "all.cedar").write_text(policies, encoding="utf-8")
    cedar = Cedar()
    cedar.open(folder)
    return cedar


def measure(seconds: float) -> dict[str, Any]:
    over = cases()
    rows = [
        timed("kernel", lambda each: kernel.decide(each.facts), over, seconds),
        timed("kernel, facts made anew", lambda each: kernel.decide(fresh(each.facts)), over, seconds),
        timed(
            "kernel and domain",
            partial(decided, ()),
            over,
            seconds,
        ),
    ]
    swaps: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as place:
        for size in SIZES:
            text = rules(size)
            cedar = loaded(Path(place) / str(size), text)
            peer = as_text(text)
            for each in over:  # they say the same, or the figures compare nothing
                ours = decide(each.facts, each.about, (cedar,), each.asked).ruling
                alone = decide(each.facts, each.about, (), each.asked).ruling
                assert (ours is Ruling.PERMIT) == (alone is Ruling.PERMIT and peer(each)), each.about
            policies = (cedar,)
            rows.append(
                timed(
                    f"all, with {size} policies in Cedar",
                    partial(decided, policies),
                    over,
                    seconds,
                )
            )
            rows.append(timed(f"cedarpy with text, {size} policies", peer, over, seconds))
            took = []
            for _ in range(3):
                start = time.process_time()
                cedar.swap(cedar.prepare())
                took.append(time.process_time() - start)
            swaps[str(size)] = statistics.median(took) * 1e3
    found = {row.name: row for row in rows}
    ratios = {
        str(size): found[f"cedarpy with text, {size} policies"].cpu_us
        / found[f"all, with {size} policies in Cedar"].cpu_us
        for size in SIZES
    }
    return {
        "rows": [
            {"name": row.name, "wall_us": row.wall_us, "cpu_us": row.cpu_us, "per_second": row.per_second}
            for row in rows
        ],
        "text_over_handles": ratios,
        "swap_cpu_ms": swaps,
        "cases": len(over),
        "effects": sorted(each.value for each in Effect),
        "seconds": seconds,
    }


def table(found: dict[str, Any]) -> str:
    lines = [f"{'':36}{'µs wall':>10}{'µs CPU':>10}{'a second':>12}"]
    lines += [
        f"{row['name']:36}{row['wall_us']:10.2f}{row['cpu_us']:10.2f}{row['per_second']:12,.0f}"
        for row in found["rows"]
    ]
    for size, ratio in found["text_over_handles"].items():
        lines.append(f"{size} policies: text costs {ratio:.1f} times as much CPU as all of ours together")
    for size, took in found["swap_cpu_ms"].items():
        lines.append(f"{size} policies: read, validated and swapped in {took:.0f} ms of CPU")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="under five seconds, less steady")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    found = measure(0.4 if args.quick else 2.5)
    print(json.dumps(found) if args.json else table(found))


if __name__ == "__main__":
    main()
