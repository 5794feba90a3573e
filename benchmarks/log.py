# SPDX-License-Identifier: Apache-2.0
"""What a durable record costs: the sequencer over SQLite beside its peers, on the same disk, in one run.

    python -m benchmarks.log [--quick] [--json] [--clients 1,32,256,1024] [--dir FOLDER] [--peers PYTHON]
                             [--growth SIZE] [--flush MS,MS...] [--tessera PROGRAM]
                             [--only append,action,tree,chain,tessera,pymerkle,toolkit,growth,proof]

append: one leaf a unit. action: what the gateway writes, an open and a close leaf with sealed payloads and state. CPU
is the process's own, user and system, all threads, load generator included; leaves are encoded before. The peers write
the same leaves one after the other: a hash chain with a sync a record; pymerkle's tree over SQLite; the
agent-governance-toolkit's audit log, which never syncs. The best of several rounds is told, of ours and of peers:
what else the machine does only adds. Of each, what was acknowledged must be what is kept. `--peers` names the
interpreter of their environment (`make bench-log` makes it). `--tessera` names the program of `benchmarks/tessera`
(docs/operate/performance.md says how it is built), which takes turns with ours: as many clients as ours has at most,
each of which waits until its entry is kept; batches of 20 ms and of several sizes, and ours is held against the best of
them. growth: the same appends at 10,000 and at SIZE leaves. proof: of leaves of the long log.

How many times a chain's rate ours is depends on the time that a sync of the disk takes, so it is measured between the
rounds. `--flush 0.5,2` repeats append and peers on disks made here whose flushes take at least so many ms (root;
`slow_disk.py`), and says from which sync time on an aim is reached.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import uvloop

from answerable.log import bundle
from answerable.log.leaf import leaf_hash, rid
from answerable.log.merkle import Frontier, verify_inclusion
from answerable.log.proof import Proof, write
from answerable.verify import leaf as verify_leaf
from benchmarks import log_disks
from benchmarks.log_work import Log, Row, actions, appends, cpu, grow, measure, opening, running, syncs

SHORT, LONG, QUICK_LONG = 10_000, 2_000_000, 200_000
PARTS = ("append", "action", "tree", "chain", "tessera", "pymerkle", "toolkit", "growth", "proof")
SHORT_PARTS = ("append", "chain", "tessera", "pymerkle")  # with --flush
TESSERA_SECONDS = 3
TESSERA_BATCHES = (256, 1_024, 4_096)  # its own default; all clients; no batch but those that 20 ms close
AIMS = {
    "append, × chain": "50", "append, × Tessera": "2", "CPU, Tessera × ours": "3",
    "append, × pymerkle": "500", "CPU a record, µs": "15", "growth of CPU": "1.3",
    "proof, bytes": "1,100", "proof, µs": "50",
}  # fmt: skip


async def ours(
    folder: Path,
    parts: list[str],
    clients: list[int],
    records: int,
    rounds: int,
    synced: list[float],
    beside: Callable[[], list[Row]] = list,
) -> list[Row]:
    """The best of so many rounds, in which all take turns, the hash chain and Tessera (`beside`) too; in each,
    syncs alone go to `synced`.

    Raises RuntimeError if the log does not hold as many records as were acknowledged.
    """
    rows: dict[tuple[str, int], list[Row]] = {}
    leaves = [opening()[0] for _ in range(min(records // 12, 1_000))]
    kinds = [(name, make) for name, make in (("append", appends), ("action", actions)) if name in parts]
    async with running(folder) as log:
        kept = (await measure(log.sequencer, "warm", appends(2_000), 32)).records
        for _ in range(rounds):
            synced += await asyncio.to_thread(syncs, folder)
            for name, make in kinds:
                for number in clients:
                    few = max(min(records, 400 * number), 20 * number) // (1 if name == "append" else 2)
                    row = await measure(log.sequencer, name, make(few), number)
                    rows.setdefault((name, number), []).append(row)
                    kept += row.records
            if "chain" in parts:
                rows.setdefault(("chain", 1), []).append(await asyncio.to_thread(chain, folder, leaves))
            for at, row in enumerate(await asyncio.to_thread(beside)):
                rows.setdefault(("tessera", at), []).append(row)
        if (size := await log.reader.size()) != kept:
            raise RuntimeError(f"{kept} records were acknowledged, and the log has {size}")
    return [best(rows[key]) for key in sorted(rows)]


def best(rows: list[Row]) -> Row:
    """The fastest round, with the least CPU of all: whatever else the machine does only adds, to ours and to peers."""
    return replace(max(rows, key=lambda row: row.records_s), cpu_us=min(row.cpu_us for row in rows))


def tree(records: int) -> Row:
    """The Merkle tree alone: leaf hashes and tiles, in batches of 256; nothing is kept."""
    leaves = [opening()[0] for _ in range(records)]
    frontier = Frontier()
    start, used = time.perf_counter(), cpu()
    for at in range(0, records, 256):
        frontier.append([leaf_hash(leaf) for leaf in leaves[at : at + 256]])
        frontier.root()
    used, took = cpu() - used, time.perf_counter() - start
    return Row("Merkle tree alone, in memory", 1, records, used / records * 1e6, records / took, 0.0, 0.0)


def chain(folder: Path, leaves: list[bytes]) -> Row:
    """Each record holds the hash of the one before, and is synced before the next."""
    waits: list[float] = []
    digest = b""
    file = os.open(folder / "chain", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    length = os.fstat(file).st_size
    start, used = time.perf_counter(), cpu()
    for leaf in leaves:
        before = time.perf_counter()
        digest = sha256(digest + leaf).digest()
        os.write(file, digest + len(leaf).to_bytes(4, "big") + leaf)
        os.fsync(file)
        waits.append(time.perf_counter() - before)
    used, took = cpu() - used, time.perf_counter() - start
    kept = os.fstat(file).st_size - length
    os.close(file)
    if kept != sum(32 + 4 + len(leaf) for leaf in leaves):
        raise RuntimeError("the hash chain lacks records")
    waits.sort()
    return Row(
        "hash chain, a sync a record", 1, len(leaves), used / len(leaves) * 1e6, len(leaves) / took,
        waits[len(waits) // 2] * 1e3, waits[len(waits) * 99 // 100] * 1e3,
    )  # fmt: skip


def peer(python: str, name: str, what: str, folder: Path, leaves: list[bytes]) -> Row | None:
    """A peer in its own environment; None, and a word on stderr, where that lacks it."""
    home = Path(tempfile.mkdtemp(dir=folder))
    (home / "bundle").write_bytes(bundle.pack(leaves))
    command = [python, str(Path(__file__).with_name("log_peers.py")), name, str(home / "bundle"), str(home)]
    return told(what, 1, [*command, str(len(leaves))])


def tessera(program: str, folder: Path, clients: int, leaves: list[bytes]) -> list[Row]:
    """Tessera with so many clients, a new log for each size of batch; none where the program cannot do it."""
    rows = []
    for batch in TESSERA_BATCHES:
        home = Path(tempfile.mkdtemp(dir=folder))
        (home / "bundle").write_bytes(bundle.pack(leaves))
        words = [home / "bundle", home / "log", clients, TESSERA_SECONDS, batch]
        row = told(f"Tessera POSIX, 20 ms or {batch:,}", clients, [program, *map(str, words)])
        rows += [row] if row else []
        shutil.rmtree(home)
    return rows


def told(what: str, clients: int, command: list[str]) -> Row | None:
    """What a program that is a peer says of its own run; None, and a word on stderr, where it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    except OSError as failed:
        print(f"{what}: left out: {failed}", file=sys.stderr)
        return None
    if done.returncode:
        print(f"{what}: left out: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    said = json.loads(done.stdout.splitlines()[-1])
    records = said["records"]
    return Row(
        what, clients, records, said["cpu_s"] / records * 1e6, records / said["took_s"], said["p50_ms"], said["p99_ms"]
    )


async def long(folder: Path, size: int, rounds: int, parts: list[str]) -> tuple[list[Row], dict[str, Any]]:
    """Appends of 256 clients at 10,000 and at `size` leaves; then proofs out of the long log."""
    rows: list[Row] = []
    async with running(folder) as log:
        for upto in (SHORT, size):
            length = await grow(log.sequencer, upto)
            taken = [await measure(log.sequencer, f"at {upto:,} leaves", appends(10_000), 256) for _ in range(rounds)]
            rows.append(best(taken))
            assert length >= upto
        return rows, await proofs(log, size) if "proof" in parts else {}


async def proofs(log: Log, size: int) -> dict[str, Any]:
    """Sizes and times of proofs of leaves from all over the log."""
    sizes, files, paths, wholes, made = [], [], [], [], []
    clock = time.perf_counter
    for index in range(0, size, size // 199):
        leaf = (await log.reader.tail(index, index + 1))[0]
        start = clock()
        note, found = await log.reader.prove_all([rid(leaf)])
        made.append(clock() - start)
        path = tuple(found[0].proof)
        head, digest = log.trust.check(note), leaf_hash(leaf)
        file = write(Proof(b"", index, path, note))
        sizes.append(sum(map(len, path)))
        files.append(len(file))
        start = clock()
        verify_inclusion(digest, index, head.size, path, head.root)
        paths.append(clock() - start)
        start = clock()
        verify_leaf.verify(file, log.trust, leaf)
        wholes.append(clock() - start)
    return {
        "leaves": size,
        "proofs": len(sizes),
        "nodes_bytes": statistics.median(sizes),
        "file_bytes": statistics.median(files),
        "path_us": statistics.median(paths) * 1e6,
        "whole_us": statistics.median(wholes) * 1e6,
        "made_us": statistics.median(made) * 1e6,
    }


def table(rows: list[Row], proof: dict[str, Any], sync_ms: float) -> None:
    beside = next((row for row in rows if row.what.startswith("hash chain")), None)
    print(f"{'':36}{'clients':>8}{'µs CPU':>9}{'records/s':>11}{'× chain':>9}{'p50 ms':>9}{'p99 ms':>9}")
    for row in rows:
        ratio = f"{row.records_s / beside.records_s:9.1f}" if beside else f"{'':9}"
        print(
            f"{row.what:36}{row.clients:>8}{row.cpu_us:>9.1f}{row.records_s:>11.0f}{ratio}"
            f"{row.p50_ms:>9.3f}{row.p99_ms:>9.3f}"
        )
    if proof:
        print(
            f"proof of one of {proof['leaves']:,} leaves: {proof['nodes_bytes']:.0f} bytes of nodes, "
            f"{proof['file_bytes']:.0f} as a tlog-proof file with its checkpoint; path verified in "
            f"{proof['path_us']:.0f} µs, the file with its signature in {proof['whole_us']:.0f} µs; "
            f"made in {proof['made_us']:.0f} µs"
        )
    said = ratios(rows, proof)
    print(f"a sync of this disk, after an append of a leaf's size: {sync_ms:.2f} ms")
    print("  ".join(f"{name}: {value:.3g} (aim {AIMS[name]})" for name, value in said.items()))


def ratios(rows: list[Row], proof: dict[str, Any]) -> dict[str, float]:
    """What has an aim."""
    most = max((row for row in rows if row.what == "append"), key=lambda row: row.clients, default=None)
    found: dict[str, float] = {}
    for start, name in (
        ("hash chain", "append, × chain"),
        ("Tessera", "append, × Tessera"),
        ("pymerkle", "append, × pymerkle"),
    ):
        others = [row for row in rows if row.what.startswith(start)]
        if others and most:
            found[name] = most.records_s / max(row.records_s for row in others)
        if others and most and start == "Tessera":
            found["CPU, Tessera × ours"] = min(row.cpu_us for row in others) / most.cpu_us
    if most:
        found["CPU a record, µs"] = most.cpu_us
    grown = [row for row in rows if row.what.startswith("at ")]
    if len(grown) == 2:
        found["growth of CPU"] = grown[1].cpu_us / grown[0].cpu_us
    if proof:
        found |= {"proof, bytes": proof["file_bytes"], "proof, µs": proof["path_us"]}
    return found


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--quick", action="store_true", help="less work, growth to 200,000: under a minute")
    arguments.add_argument("--json", action="store_true", help="one JSON object on stdout")
    arguments.add_argument("--clients", default="1,32,256,1024", help="concurrent clients, by comma")
    arguments.add_argument("--only", default=None, help="parts, by comma (default: all)")
    arguments.add_argument("--growth", type=int, default=0, metavar="SIZE", help="leaves of the long log")
    arguments.add_argument("--peers", metavar="PYTHON", help="interpreter that has pymerkle and the toolkit")
    arguments.add_argument("--tessera", metavar="PROGRAM", help="the program built from benchmarks/tessera")
    arguments.add_argument("--dir", default=None, help="a folder on the disk to measure (default: the temporary one)")
    arguments.add_argument("--flush", metavar="MS,MS...", help="repeat on disks whose flushes take at least so long")
    options = arguments.parse_args()
    parts = (options.only or ",".join(SHORT_PARTS if options.flush else PARTS)).split(",")
    if unknown := set(parts) - set(PARTS):
        arguments.error(f"no such part: {', '.join(sorted(unknown))}")
    if options.flush:
        return disks(options, parts)
    rows, proof, sync_ms = everything(options, parts)
    if options.json:
        said = {"rows": [asdict(row) for row in rows], "proof": proof, "ratios": ratios(rows, proof)}
        print(json.dumps({**said, "sync_ms": sync_ms}))
    else:
        table(rows, proof, sync_ms)
    return 0


def everything(options: argparse.Namespace, parts: list[str]) -> tuple[list[Row], dict[str, Any], float]:
    """All parts, in a folder of their own; the last is the median of all syncs that were timed between them, ms."""
    records, rounds = (6_000, 2) if options.quick else (60_000, 5)
    size = options.growth or (QUICK_LONG if options.quick else LONG)
    folder = Path(tempfile.mkdtemp(prefix="log-", dir=options.dir))
    proof: dict[str, Any] = {}
    rows: list[Row] = []
    try:
        synced = syncs(folder)
        clients = [int(n) for n in options.clients.split(",")]
        leaves = [opening()[0] for _ in range(500 if options.quick else 3_000)]
        beside: Callable[[], list[Row]] = list
        if options.tessera and "tessera" in parts:
            beside = partial(tessera, options.tessera, folder, max(clients), leaves)
        if {*parts} & {"append", "action", "chain", "tessera"}:
            rows += uvloop.run(ours(folder, parts, clients, records, rounds, synced, beside))
        if "tree" in parts:
            rows.append(tree(records))
        for name, what in (("pymerkle", "pymerkle on SQLite"), ("toolkit", "toolkit's audit log, never synced")):
            taken = []
            for _ in range(min(rounds, 3) if options.peers and name in parts else 0):
                synced += syncs(folder)
                taken += [row] if (row := peer(options.peers, name, what, folder, leaves)) else []
            rows += [best(taken)] if taken else []
        if "growth" in parts:
            (folder / "long").mkdir()
            grown, proof = uvloop.run(long(folder / "long", size, rounds, parts))
            rows += grown
    finally:
        shutil.rmtree(folder)
    return rows, proof, statistics.median(synced)


def disks(options: argparse.Namespace, parts: list[str]) -> int:
    """The same on this disk and on slower ones."""
    words = ["--clients", options.clients, "--only", ",".join(parts), *(["--quick"] if options.quick else [])]
    words += ["--peers", options.peers] if options.peers else []
    words += ["--tessera", options.tessera] if options.tessera else []
    flushes = [float(each) for each in options.flush.split(",")]
    points = log_disks.measured(flushes, Path(options.dir or tempfile.gettempdir()), words)
    if options.json:
        print(json.dumps([asdict(point) for point in points]))
    else:
        log_disks.table(points, AIMS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
