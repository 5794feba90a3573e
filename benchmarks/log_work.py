# SPDX-License-Identifier: Apache-2.0
"""What the log benchmark writes, and through what: leaves as the gateway makes them, a sequencer over SQLite."""

from __future__ import annotations

import asyncio
import os
import resource
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.log.commitment import commit
from answerable.log.leaf import encode, rid
from answerable.log.note import VerifierKey
from answerable.log.trust import Trust
from answerable.model.leaves import CloseLeaf, Commitments, OpenLeaf, Usage
from answerable.model.units import Drop, Expect, Payload, Put, Space, Unit
from answerable.ports import Store
from answerable.sequencer.guard import Guard
from answerable.sequencer.reader import Reader
from answerable.sequencer.sequencer import Sequencer
from answerable.stores.sqlite import SqliteStore

ORIGIN = "bench.invalid"
BODY = b'{"messages":[{"content":"' + b"Why is the sky blue? " * 12 + b'","role":"user"}],"model":"auto"}'
FILL = 4096  # leaves a unit where a log is only to be made long
Work = tuple[Unit, ...]


class Clock:
    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def mono_ms(self) -> int:
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


@dataclass(frozen=True)
class Row:
    """cpu_us: a record, user and system, of the whole process; p50_ms, p99_ms: until one record was acknowledged."""

    what: str
    clients: int
    records: int
    cpu_us: float
    records_s: float
    p50_ms: float
    p99_ms: float


def opening() -> tuple[bytes, bytes]:
    """An open leaf of an ordinary generation, and the salt of what it commits to."""
    some, salt = "a" * 32, os.urandom(32)
    leaf = OpenLeaf(
        act="generation", c=Commitments(in_=commit("in", salt, BODY)), dec="permit", n=nonce(), par=[], party=some,
        pol="0" * 64, rule="R001", sys=some, t=Clock().now_ms(), tier=1, via=some, vwar=some, war=some,
        wld="information",
    )  # fmt: skip
    return encode(leaf), salt


def appends(number: int) -> list[Work]:
    """One durable record each, and nothing else."""
    return [(Unit(leaves=(opening()[0],)),) for _ in range(number)]


def actions(number: int) -> list[Work]:
    """Open and close of so many actions as `pipeline.record` makes them: two records, two sealed payloads, a tag, a
    row in OPENS that comes and goes."""
    made: list[Work] = []
    for _ in range(number):
        leaf, salt = opening()
        its, now = rid(leaf), Clock().now_ms()
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
                    leaves=(leaf,),
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


@dataclass(frozen=True)
class Log:
    sequencer: Sequencer
    reader: Reader
    trust: Trust


@asynccontextmanager
async def running(folder: Path, store: Store | None = None) -> AsyncIterator[Log]:
    """A new log in `folder`, as `answerable serve` runs it; over SQLite, if no other store is given."""
    key = Key.generate()
    if store is None:
        store = SqliteStore.create(folder / "store", payload_key=os.urandom(32))
    sequencer = Sequencer(store, key, ORIGIN, Clock(), guard=Guard.create(folder / "guard", ORIGIN))
    await sequencer.start()
    reader = Reader(store, published=sequencer.published)
    try:
        yield Log(sequencer, reader, Trust((VerifierKey.of(ORIGIN, key.public),)))
    finally:
        await reader.close()
        await sequencer.close()


def syncs(folder: Path, count: int = 50) -> list[float]:
    """What a sync takes on the disk of `folder`, ms: an append of a leaf's size, and fdatasync, so many times."""
    record, took, clock = opening()[0], [], time.perf_counter
    file = os.open(folder / "syncs", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        for _ in range(count):
            os.write(file, record)
            start = clock()
            os.fdatasync(file)
            took.append((clock() - start) * 1e3)
    finally:
        os.close(file)
    return took


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def measure(sequencer: Sequencer, what: str, work: Sequence[Work], clients: int) -> Row:
    """So many clients, each of which waits for its record to be acknowledged before it sends the next."""
    waits: list[float] = []

    async def client(mine: Sequence[Work]) -> None:
        clock, told, commit = time.perf_counter, waits.append, sequencer.commit
        for units in mine:
            for unit in units:
                start = clock()
                await commit(unit)
                told(clock() - start)

    start, used = time.perf_counter(), cpu()
    await asyncio.gather(*(client(work[i::clients]) for i in range(clients)))
    used, took = cpu() - used, time.perf_counter() - start
    waits.sort()
    return Row(
        what, clients, len(waits), used / len(waits) * 1e6, len(waits) / took,
        waits[len(waits) // 2] * 1e3, waits[len(waits) * 99 // 100] * 1e3,
    )  # fmt: skip


async def grow(sequencer: Sequencer, size: int) -> int:
    """Make the log so long, with leaves that differ in their nonce alone; its length."""
    leaf = opening()[0]
    at = leaf.index(b'"n":"') + 5
    count, length = 0, (await sequencer.commit(Unit(leaves=(leaf,)))).size
    while length < size:
        leaves = []
        for _ in range(min(FILL, size - length)):
            count += 1
            leaves.append(leaf[:at] + b"%022d" % count + leaf[at + 22 :])
        length = (await sequencer.commit(Unit(leaves=tuple(leaves)))).size
    return length
