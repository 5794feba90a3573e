# SPDX-License-Identifier: Apache-2.0
"""What the path alone costs: `pipeline.carry` with the real desk, gate, dialects, labels and detectors, no sockets.

    python -m benchmarks.path [--load json|events|burst] [--clients 32] [--calls 640] [--rounds 8] [--log]

The upstream is a script: a whole answer, a stream of 33 events with one a read, or all in one read. Without `--log` a
unit of work is acknowledged at once; with it the sequencer writes it to SQLite, on both threads' CPU time. The least of
all rounds is told: what other work adds to a round is not ours. To compare two versions, run them in turn.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import uvloop

from answerable.crypto.ed25519 import Key
from answerable.formats.api_text import dialects
from answerable.model.actions import Action
from answerable.model.labels import EngineMarks
from answerable.model.terms import Locality
from answerable.model.units import Committed, Unit
from answerable.model.warrants import Credential, Peer
from answerable.pipeline.carry import carry
from answerable.pipeline.deps import Deps
from answerable.pipeline.flights import Flights
from answerable.protocols.openai.request import CHAT, read
from answerable.redlines.credentials import Credentials
from answerable.redlines.volume import Volume
from answerable.sequencer.guard import Guard
from answerable.sequencer.sequencer import Sequencer
from answerable.stores.sqlite import SqliteStore
from answerable.telemetry.metrics import Metrics
from answerable.telemetry.steps import StepTracer
from answerable.upstreams.meter import CallMeter, Rates
from benchmarks.mock_upstream import _answer, _events
from tests.unit.warrants.office import Office

ORIGIN = "bench.invalid"
PROVIDER = "001191110000MA0000001X10000"
EVENTS = [*_events(), b"data: [DONE]\n\n"]
LOADS = {"json": [_answer()], "events": EVENTS, "burst": [b"".join(EVENTS)]}


class Clock:
    """The machine's clocks, moved to when the fleet of the tests was registered."""

    def __init__(self, now: int, mono: int) -> None:
        self._now = now - time.time_ns() // 1_000_000
        self._mono = mono - time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self._now

    def mono_ms(self) -> int:
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000 + self._mono


class Script:
    """Upstream and reply in one: each read takes a turn of the event loop."""

    name = "script"
    locality = Locality.LOCAL

    def __init__(self, reads: list[bytes]) -> None:
        self._reads = reads
        self._next = 0

    async def call(self, path: str, body: bytes, *, stream: bool, kind: str = "application/json") -> Script:
        return Script(self._reads)

    async def read(self) -> bytes:
        await asyncio.sleep(0)
        self._next += 1
        return self._reads[self._next - 1] if self._next <= len(self._reads) else b""

    def close(self) -> None: ...


class Instant:
    """A ledger that keeps nothing."""

    async def commit(self, unit: Unit) -> Committed:
        await asyncio.sleep(0)
        return Committed(0, 1, 0)

    def count_refusal(self, code: str) -> None:
        raise SystemExit(f"refused: {code}")


class Taken:
    """`ports.Out` that lets everything fall."""

    def start(self, record: str, aigc: bytes, notice: str = "") -> None: ...

    async def send(self, data: bytes) -> None: ...

    async def finish(self, data: bytes) -> None: ...

    async def fail(self, error: Exception, record: str) -> None:
        raise SystemExit(f"failed: {error}")


@dataclass(frozen=True)
class Models:
    served: Any

    def named(self, model: str, act: object) -> tuple[Any, ...]:
        return (self.served,)

    def absent(self, model: str, act: object) -> Exception:
        return LookupError(model)


async def ledger(kept: AsyncExitStack, clock: Clock) -> Any:
    folder = Path(kept.enter_context(tempfile.TemporaryDirectory(prefix="path-")))
    store = SqliteStore.create(folder / "store", payload_key=os.urandom(32))
    made = Sequencer(store, Key.generate(), ORIGIN, clock, guard=Guard.create(folder / "guard", ORIGIN))
    await made.start()
    kept.push_async_callback(made.close)
    return made


async def measure(load: str, clients: int, calls: int, rounds: int, log: bool) -> float:
    """Least CPU time of a call, in microseconds."""
    office = Office()
    handle = office.handle()
    clock: Any = Clock(office.clock.now, office.clock.mono)
    for room in (office.issuer, office.holder, office.desk, office.gate):
        room._clock = clock
    served: Any = SimpleNamespace(
        system=office.base,
        copy=office.copies["base"],
        upstream=Script(LOADS[load]),
        model="weights",
        marks=EngineMarks.UNKNOWN,
    )
    request: dict[str, Any] = {"model": "base", "messages": [{"role": "user", "content": "Why is the sky blue?"}]}
    body = json.dumps(request | ({"stream": True} if load != "json" else {})).encode()
    credential, wire = Credential(handle, Peer("127.0.0.1")), dialects()
    async with AsyncExitStack() as kept:
        deps = Deps(
            clock=clock,
            desk=office.desk,
            gate=office.gate,
            models=Models(served),
            policies=(),
            ledger=await ledger(kept, clock) if log else Instant(),
            detectors=(Credentials(), Volume()),
            meter=CallMeter(Rates(1.0)),
            tracer=StepTracer(Metrics()),
            flights=Flights(office.gate),
            duties_met=lambda _: True,
            tier_of=lambda system: system.tier,
            provider=PROVIDER,
            index_key=bytes(32),
        )

        async def client(number: int) -> None:
            for _ in range(number):
                parsed = read(CHAT, body)
                dialect = wire.of(parsed)
                action = Action(
                    act=dialect.act,
                    credential=credential,
                    model=parsed.model,
                    request=parsed.request,
                    body=body,
                    stream=parsed.stream,
                    language=parsed.language,
                )
                await carry(action, dialect, deps, Taken())

        await asyncio.gather(*(client(4) for _ in range(clients)))  # warm
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000, 20, 20)  # as `app.serve.settle`
        least = float("inf")
        each = max(calls // clients, 1)
        for _ in range(rounds):
            before = time.process_time()
            await asyncio.gather(*(client(each) for _ in range(clients)))
            least = min(least, (time.process_time() - before) / (each * clients))
        return least * 1e6


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--load", choices=LOADS, default="json")
    arguments.add_argument("--clients", type=int, default=32)
    arguments.add_argument("--calls", type=int, default=640)
    arguments.add_argument("--rounds", type=int, default=8)
    arguments.add_argument("--log", action="store_true", help="write both leaves and the payloads to SQLite")
    chosen = arguments.parse_args()
    found = uvloop.run(measure(chosen.load, chosen.clients, chosen.calls, chosen.rounds, chosen.log))
    print(f"{chosen.load}, {chosen.clients} at once: {found:.0f} µs CPU a call")


if __name__ == "__main__":
    main()
