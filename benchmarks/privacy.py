# SPDX-License-Identifier: Apache-2.0
"""What erasing costs, and what a store with more than one length of retention costs to write.

    python -m benchmarks.privacy [--actions 100000] [--batch 32] [--quick] [--json]

A store on the disk under the temporary folder, written as the sequencer writes it: an action is two leaves with a
payload of 1 KiB each, in batches. Erasing is timed with the index of tags as a running service has it, since that is
the part that grows: its pages are written anew each time.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce, salt
from answerable.log import checkpoint
from answerable.log.leaf import encode, leaf_hash, rid
from answerable.log.merkle import Frontier
from answerable.model.leaves import CloseLeaf, ShardLeaf
from answerable.model.units import Payload, Unit
from answerable.stores.sqlite import SqliteStore

DAY_MS = 86_400_000
SIGNER = Key.from_seed(bytes(range(32)))
BODY = b"what was said, a KiB of it. " * 37


class Written:
    """A store, and where each of its actions stands: ((index, rid) of its open leaf, of its close leaf)."""

    def __init__(self, folder: Path) -> None:
        self.store = SqliteStore.create(folder, payload_key=bytes(range(32, 64)))
        self.frontier = Frontier()
        self.actions: list[tuple[tuple[int, str], tuple[int, str]]] = []

    def batch(self, count: int, days: tuple[int, ...]) -> float:
        """Write `count` actions at once; seconds. days: lengths of retention, taken in turn."""
        first, leaves, payloads = self.frontier.size, [], []
        for number in range(count):
            expires = days[number % len(days)] * DAY_MS
            opened = encode(ShardLeaf(n=nonce(), origin="b.invalid", root="0" * 64, size=number, t=1))
            its = rid(opened)
            closed = encode(CloseLeaf(n=nonce(), open=its, st="done", t=2))
            at = first + len(leaves)
            self.actions.append(((at, its), (at + 1, rid(closed))))
            leaves += [opened, closed]
            payloads.append(Payload(its, "in", salt(), BODY, (), expires))
            payloads.append(Payload(rid(closed), "out", salt(), BODY, (salt()[:16],), expires))
        before, root = self.frontier.size, self.frontier.root()
        tiles = self.frontier.append([leaf_hash(data) for data in leaves])
        note = checkpoint.sign("b.invalid", self.frontier.size, self.frontier.root(), SIGNER)
        unit = Unit(leaves=tuple(leaves), payloads=tuple(payloads))
        start = time.perf_counter()
        self.store.put_payloads([unit], 40 * DAY_MS)
        self.store.append(before, leaves, tiles, note, (before, root), self.frontier.root(), [unit])
        return time.perf_counter() - start


def retention(folder: Path, batches: int, batch: int) -> dict[str, Any]:
    """Median of a batch's write with one, three and eight lengths of retention, in turn."""
    stores = {days: Written(folder / f"days{len(days)}") for days in ((30,), (7, 30, 90), tuple(range(10, 90, 10)))}
    taken: dict[int, list[float]] = {len(days): [] for days in stores}
    for _ in range(batches):
        for days, written in stores.items():
            taken[len(days)].append(written.batch(batch, days))
    for written in stores.values():
        written.store.close()
    return {f"{count} lengths": round(statistics.median(each) * 1e3, 2) for count, each in taken.items()}


def erasing(folder: Path, actions: int, batch: int, erased: int) -> dict[str, Any]:
    written = Written(folder / "erasing")
    for _ in range(actions // batch):
        written.batch(batch, (30,))
    view = written.store.view()
    start = time.perf_counter()
    view.by_tag(b"-" * 16)
    built = time.perf_counter() - start
    start = time.perf_counter()
    counted = sum(count for _, count, _ in view.kept())
    scanned = time.perf_counter() - start
    taken = []
    for step in range(erased):
        pair = written.actions[(step * 7919) % len(written.actions)]
        start = time.perf_counter()
        assert written.store.erase(pair) == 2
        taken.append(time.perf_counter() - start)
    tags = (folder / "erasing" / "tags.db").stat().st_size
    start = time.perf_counter()
    while written.store.sweep(60 * DAY_MS, lambda its: its == written.actions[-1][0][1]):
        pass
    swept = time.perf_counter() - start
    view.close()
    written.store.close()
    return {
        "payloads": counted,
        "tags.db MB": round(tags / 1e6, 1),
        "tags built s": round(built, 2),
        "counted s": round(scanned, 2),
        "erase p50 ms": round(statistics.median(taken) * 1e3, 1),
        "erase max ms": round(max(taken) * 1e3, 1),
        "day swept under a hold s": round(swept, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--actions", type=int, default=100_000)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    actions = 5_000 if args.quick else args.actions
    with tempfile.TemporaryDirectory(prefix="privacy-") as name:
        folder = Path(name)
        found = {
            f"batch of {args.batch} actions, ms": retention(folder, 20 if args.quick else 100, args.batch),
            f"erasing, {actions} actions": erasing(folder, actions, args.batch, 5 if args.quick else 20),
        }
    if args.json:
        print(json.dumps(found))
        return
    for title, rows in found.items():
        print(title)
        for label, value in rows.items():
            print(f"  {label:<26}{value:>12}")


if __name__ == "__main__":
    main()
