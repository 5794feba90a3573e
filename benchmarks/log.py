# SPDX-License-Identifier: Apache-2.0
"""What two durable leaves cost: the sequencer over SQLite, beside a hash chain with a sync a record.

    python benchmarks/log.py [--quick] [--json] [--clients 1,32,256] [--dir FOLDER] [--growth]

One action is what the gateway writes: an open leaf with its payload and its row in OPENS, acknowledged, then the close
leaf with its payload and its tag, which takes the row away. CPU is the process's own, user and system, all threads,
load generator included; the leaves' encoding is not (the path does that). The peer writes the same leaves one after the
other, each chained to the one before by its hash and synced, without tree, proofs, signatures, state or payloads.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

import uvloop

from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.log.commitment import commit
from answerable.log.leaf import encode, rid
from answerable.model.leaves import CloseLeaf, Commitments, OpenLeaf, Usage
from answerable.model.units import Drop, Expect, Payload, Put, Space, Unit
from answerable.sequencer.guard import Guard
from answerable.sequencer.sequencer import Sequencer
from answerable.stores.sqlite import SqliteStore

ORIGIN = "bench.invalid"
BODY = b'{"messages":[{"content":"' + b"Why is the sky blue? " * 12 + b'","role":"user"}],"model":"auto"}'


class Clock:
    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def mono_ms(self) -> int:
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


@dataclass(frozen=True)
class Row:
    what: str
    clients: int
    actions: int
    cpu_us: float  # an action
    actions_a_second: float
    p50_ms: float  # of one acknowledged leaf
    p99_ms: float


def units(number: int) -> list[tuple[Unit, Unit]]:
    """Open and close of so many actions, as `pipeline.record` makes them."""
    some, now = "a" * 32, Clock().now_ms()
    made = []
    for _ in range(number):
        salt = os.urandom(32)
        opening = encode(
            OpenLeaf(
                act="generation", c=Commitments(in_=commit("in", salt, BODY)), dec="permit", n=nonce(), par=[],
                party=some, pol="0" * 64, rule="R001", sys=some, t=now, tier=1, via=some, vwar=some, war=some,
                wld="information",
            )
        )  # fmt: skip
        its = rid(opening)
        closing = encode(
            CloseLeaf(
                c=Commitments(out=commit("out", salt, BODY)), n=nonce(), open=its, st="done", t=now,
                u=Usage(in_=90, mj=1200, mjk="estimated", ms=350, out=120),
            )
        )  # fmt: skip
        value = str(now).encode()
        made.append(
            (
                Unit(
                    leaves=(opening,),
                    effects=(Put(Space.OPENS, its, value),),
                    payloads=(Payload(its, "in", salt, BODY),),
                ),
                Unit(
                    leaves=(closing,),
                    effects=(Drop(Space.OPENS, its),),
                    expect=(Expect(Space.OPENS, its, value),),
                    payloads=(Payload(rid(closing), "out", salt, BODY, (salt[:16],)),),
                ),
            )
        )
    return made


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def measure(sequencer: Sequencer, clients: int, actions: int) -> Row:
    work = units(actions)
    waits: list[float] = []

    async def client(mine: list[tuple[Unit, Unit]]) -> None:
        clock = time.perf_counter
        for opening, closing in mine:
            start = clock()
            await sequencer.commit(opening)
            waits.append(clock() - start)
            await sequencer.commit(closing)

    start, used = time.perf_counter(), cpu()
    await asyncio.gather(*(client(work[i::clients]) for i in range(clients)))
    used, took = cpu() - used, time.perf_counter() - start
    waits.sort()
    return Row(
        "answerable", clients, actions, used / actions * 1e6, actions / took,
        waits[len(waits) // 2] * 1e3, waits[len(waits) * 99 // 100] * 1e3,
    )  # fmt: skip


async def ours(folder: Path, clients: list[int], actions: int) -> list[Row]:
    sequencer = Sequencer(
        SqliteStore.create(folder / "store", payload_key=os.urandom(32)),
        Key.generate(),
        ORIGIN,
        Clock(),
        guard=Guard.create(folder / "guard", ORIGIN),
    )
    await sequencer.start()
    try:
        await measure(sequencer, 32, 320)  # warm
        return [await measure(sequencer, n, min(actions, 400 * n)) for n in clients]
    finally:
        await sequencer.close()


async def growth(folder: Path, leaves: int) -> list[Row]:
    """The same at 10,000 leaves and at `leaves`: what size costs."""
    sequencer = Sequencer(
        SqliteStore.create(folder / "grown", payload_key=os.urandom(32)),
        Key.generate(),
        ORIGIN,
        Clock(),
        guard=Guard.create(folder / "grown-guard", ORIGIN),
    )
    await sequencer.start()
    try:
        rows = []
        for upto in (10_000, leaves):
            while (size := (await sequencer.commit(units(1)[0][0])).size) < upto:
                filler = Unit(leaves=tuple(units(1)[0][0].leaves[0] + str(i).encode() for i in range(4096)))
                await asyncio.gather(*(sequencer.commit(filler) for _ in range(max(1, min(16, (upto - size) // 4096)))))
            row = await measure(sequencer, 256, 10_000)
            rows.append(Row(f"at {size:,} leaves", *list(asdict(row).values())[1:]))
        return rows
    finally:
        await sequencer.close()


def chain(folder: Path, actions: int) -> Row:
    """The peer: each record holds the hash of the one before, and is synced before the next."""
    leaves = [unit.leaves[0] for pair in units(actions) for unit in pair]
    waits: list[float] = []
    digest = b""
    file = os.open(folder / "chain", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    start, used = time.perf_counter(), cpu()
    for leaf in leaves:
        before = time.perf_counter()
        digest = sha256(digest + leaf).digest()
        os.write(file, digest + len(leaf).to_bytes(4, "big") + leaf)
        os.fsync(file)
        waits.append(time.perf_counter() - before)
    used, took = cpu() - used, time.perf_counter() - start
    os.close(file)
    waits.sort()
    return Row(
        "hash chain, fsync a record", 1, actions, used / actions * 1e6, actions / took,
        waits[len(waits) // 2] * 1e3, waits[len(waits) * 99 // 100] * 1e3,
    )  # fmt: skip


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--quick", action="store_true", help="a tenth of the work: under ten seconds")
    arguments.add_argument("--json", action="store_true", help="one JSON object a row on stdout")
    arguments.add_argument("--clients", default="1,32,256", help="concurrent clients, by comma")
    arguments.add_argument("--growth", action="store_true", help="also at 10,000 and at 2,000,000 leaves")
    arguments.add_argument("--dir", default=None, help="a folder on the disk to measure (default: the temporary one)")
    options = arguments.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="log-", dir=options.dir))
    try:
        actions = 3_000 if options.quick else 30_000
        clients = [int(n) for n in options.clients.split(",")]
        rows = uvloop.run(ours(folder, clients, actions))
        if options.growth:
            rows += uvloop.run(growth(folder, 200_000 if options.quick else 2_000_000))
        peer = chain(folder, actions // 20)
    finally:
        shutil.rmtree(folder)
    if options.json:
        for row in [*rows, peer]:
            print(json.dumps(asdict(row)))
        return 0
    print(f"{'':28}{'clients':>8}{'µs CPU':>9}{'actions/s':>11}{'× peer':>8}{'p50 ms':>8}{'p99 ms':>8}")
    for row in [*rows, peer]:
        ratio = row.actions_a_second / peer.actions_a_second
        print(
            f"{row.what:28}{row.clients:>8}{row.cpu_us:>9.1f}{row.actions_a_second:>11.0f}{ratio:>8.1f}"
            f"{row.p50_ms:>8.2f}{row.p99_ms:>8.2f}"
        )
    print("One action: two durable leaves and two sealed payloads (the peer: two leaves alone).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
