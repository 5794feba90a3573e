# SPDX-License-Identifier: Apache-2.0
"""What witnesses cost: ``python -m benchmarks.witness [--quick] [--json] [--dir FOLDER]``.

reader: CPU of checking a published checkpoint. publish: signing and putting it into the guard, syncs included. witness:
one witness in a process of its own, over loopback, asked for one checkpoint after another. commit: from a unit to its
acknowledgement, durable here and cosigned by a quorum of witness processes, ms. Signing processes, stores and witnesses
share one disk.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from answerable.app.clock import SystemClock
from answerable.crypto import ed25519, mldsa
from answerable.log import checkpoint, note
from answerable.log.note import Kind, VerifierKey
from answerable.log.trust import Group, Trust, Witness
from answerable.model.units import Unit
from answerable.sequencer.guard import Guard
from answerable.sequencer.publisher import Publisher
from answerable.sequencer.quorum import Quorum
from answerable.sequencer.reader import Reader
from answerable.sequencer.sequencer import Sequencer
from answerable.stores.sqlite import SqliteStore
from answerable.witness.files import Folder
from answerable.witness.line import Line
from answerable.witness.rounds import Log, Rounds
from benchmarks.log_work import opening

ORIGIN = "bench.invalid/log"
LOG, SAFE = ed25519.Key.generate(), mldsa.Key.generate()
LOG_KEYS = (VerifierKey.of(ORIGIN, LOG.public), VerifierKey.of(ORIGIN, SAFE.public, Kind.MLDSA))


def each_us(call: Callable[[], object], times: int) -> float:
    """CPU of one call, µs: the best of five rounds."""
    rounds = []
    for _ in range(5):
        began = time.process_time()
        for _ in range(times):
            call()
        rounds.append((time.process_time() - began) / times * 1e6)
    return min(rounds)


def spread(name: str, seconds: list[float]) -> dict[str, Any]:
    ordered = sorted(seconds)
    return {
        "what": name,
        "times": len(ordered),
        "p50 ms": round(statistics.median(ordered) * 1e3, 2),
        "p99 ms": round(ordered[int(len(ordered) * 0.99)] * 1e3, 2),
    }


def readers(times: int) -> list[dict[str, Any]]:
    data = checkpoint.publish(checkpoint.sign(ORIGIN, 1000, bytes(32), LOG), SAFE, 1)
    rows = []
    for kind, make in ((Kind.COSIGNATURE, ed25519.Key.generate), (Kind.MLDSA, mldsa.Key.generate)):
        signers = [make() for _ in range(3)]
        keys = [VerifierKey.of(f"w{n}.invalid", signer.public, kind) for n, signer in enumerate(signers)]
        members = tuple(Witness(f"w{n}", key) for n, key in enumerate(keys))
        trust = Trust(LOG_KEYS, members, (Group("all", 3, tuple(each.name for each in members)),), "all")
        read = note.parse(data)
        lines = [note.cosign(read.text, key, 1, signer) for key, signer in zip(keys, signers, strict=True)]
        whole = note.merged(read, lines).data
        cost = each_us(partial(trust.check, whole), times)
        rows.append({"what": f"reader, 3 of 3 {kind.name}", "µs": round(cost), "bytes": len(whole)})
    rows.append({"what": "ML-DSA-44 signature", "µs": round(each_us(lambda: SAFE.sign(data), times))})
    return rows


def publications(folder: Path, times: int) -> dict[str, Any]:
    guard = Guard.create(folder / "published", ORIGIN)
    publisher = Publisher(guard, SystemClock(), SAFE)
    took = []
    for size in range(1, times + 1):
        stored = checkpoint.sign(ORIGIN, size, bytes(32), LOG)
        began = time.perf_counter()
        publisher.publish(stored)
        took.append(time.perf_counter() - began)
    guard.close()
    return spread("publish", took)


@contextlib.contextmanager
def witnesses(folder: Path, count: int) -> Iterator[list[tuple[VerifierKey, str]]]:
    """So many witness processes: the key of each and its address."""
    with contextlib.ExitStack() as stack:
        made = []
        for n in range(count):
            own = Folder.create(folder / f"w{n}", f"w{n}.invalid")
            for key in LOG_KEYS:
                own.watch(str(key))
            words = [sys.executable, "-m", "answerable.cli", "witness", "serve", str(own.path), "--port", "0", "--json"]
            process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            stack.callback(process.wait)
            stack.callback(process.terminate)
            assert process.stdout is not None
            made.append((own.keys().verifiers[1], json.loads(process.stdout.readline())["url"]))
        yield made


@contextlib.asynccontextmanager
async def witnessed(folder: Path, asked: list[tuple[VerifierKey, str]], needed: int) -> AsyncIterator[Sequencer]:
    """A log over SQLite that these witnesses watch."""
    folder.mkdir()
    members = tuple(Witness(f"w{n}", key) for n, (key, _) in enumerate(asked))
    trust = Trust(LOG_KEYS, members, (Group("all", needed, tuple(each.name for each in members)),), "all")
    store = SqliteStore.create(folder / "store", payload_key=bytes(32))
    quorum = Quorum(folder, trust, SystemClock(), timeout_s=30.0)
    guard = Guard.create(folder / "guard", ORIGIN)
    sequencer = Sequencer(store, LOG, ORIGIN, SystemClock(), guard=guard, safe=SAFE, quorum=quorum)
    await sequencer.start()
    reader = Reader(store, published=sequencer.published)
    lines = {f"w{n}": Line(f"w{n}", url, timeout_s=5.0) for n, (_, url) in enumerate(asked)}
    log = Log(ORIGIN, sequencer.published, reader.consistency, sequencer.confront)
    task = asyncio.create_task(Rounds(log, quorum, lines).run())
    try:
        yield sequencer
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        for line in lines.values():
            await line.close()
        await reader.close()
        await sequencer.close()


async def commits(sequencer: Sequencer, clients: int, times: int, *, waits: bool) -> list[float]:
    took: list[float] = []

    async def client() -> None:
        for _ in range(times):
            unit = Unit(leaves=opening()[:1], witnessed=waits)
            began = time.perf_counter()
            await sequencer.commit(unit)
            took.append(time.perf_counter() - began)

    await asyncio.gather(*(client() for _ in range(clients)))
    return took


async def log(folder: Path, quick: bool) -> list[dict[str, Any]]:
    rows = []
    times = 30 if quick else 150
    for count, needed in ((1, 1), (3, 2)):
        here = folder / f"{needed} of {count}"
        here.mkdir()
        with witnesses(here, count) as asked:
            async with witnessed(here / "log", asked, needed) as sequencer:
                await commits(sequencer, 1, 5, waits=True)
                if count == 1:
                    rows.append(spread("commit, durable, 1 client", await commits(sequencer, 1, times, waits=False)))
                for clients in (1, 32):
                    took = await commits(sequencer, clients, times if clients == 1 else times // 5, waits=True)
                    rows.append(spread(f"commit, {needed} of {count} witnesses, {clients} clients", took))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--dir", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.dir) as name:
        folder = Path(name)
        rows = readers(50 if args.quick else 300)
        rows.append(publications(folder, 30 if args.quick else 200))
        rows += asyncio.run(log(folder, args.quick))
    if args.json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        print(f"{row['what']:<42}", "  ".join(f"{name} {value}" for name, value in row.items() if name != "what"))


if __name__ == "__main__":
    main()
