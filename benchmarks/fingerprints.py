# SPDX-License-Identifier: Apache-2.0
"""How long it takes to find a fingerprint's neighbours among a million records, in each store.

    python -m benchmarks.fingerprints [--quick] [--json] [--records N] [--stores sqlite,postgres] [--dir FOLDER]

Every record carries one random fingerprint of three words, hidden under a key as in a service, in the payload of a real
log of batches of 64. Asked for: fingerprints with up to four bits changed (they must be found), and others (they must
not). A lookup is all that a service does for it: the bands, the comparison, and reading the payload to see that it
still stands. CPU is that of the asking process: of SQLite all of it.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from answerable.model.prints import RADIUS, Kind, Print
from answerable.pipeline.found import hidden
from answerable.ports import Store
from answerable.stores.postgres.address import Address
from answerable.stores.postgres.store import PostgresStore
from answerable.stores.sqlite import SqliteStore
from answerable.stores.tags import TAGS_FILE
from benchmarks.labelled import fill, names

KEY: Final = b"k" * 32
LOOKUPS: Final = 1000


def drawn(number: int) -> Print:
    """The fingerprint of the record with that number."""
    rng = random.Random(number)
    return Print(Kind.IMAGE, 1, (rng.getrandbits(64), rng.getrandbits(64), rng.getrandbits(64)))


def changed(its: Print, bits: int, rng: random.Random) -> Print:
    word = its.words[0]
    for bit in rng.sample(range(64), bits):
        word ^= 1 << bit
    return Print(its.kind, its.version, (word, *its.words[1:]))


def measure(store: Store, folder: Path, records: int) -> dict[str, Any]:
    begun = time.perf_counter()
    fill(store, ((name, (hidden(drawn(at), KEY).tag(),)) for at, name in zip(range(records), names(), strict=False)))
    written = time.perf_counter() - begun
    view = store.view()
    begun = time.perf_counter()
    view.near(hidden(drawn(0), KEY))
    built = time.perf_counter() - begun
    rng = random.Random(1)
    found, strange, took, worked = 0, 0, [], []
    for number in range(LOOKUPS):
        there = number % 2 == 0
        its = drawn(rng.randrange(records) if there else records + number)
        begun, work = time.perf_counter(), time.process_time()
        near = view.near(hidden(changed(its, number // 2 % (RADIUS + 1), rng), KEY))
        took.append(time.perf_counter() - begun)
        worked.append(time.process_time() - work)
        hit = any(other == hidden(its, KEY) for _, other in near)
        found += there and hit
        strange += len(near) - hit
    view.close()
    took.sort()
    worked.sort()
    return {
        "records": records,
        "written_s": round(written, 1),
        "index_built_s": round(built, 1),
        "index_bytes_a_record": round(sum(p.stat().st_size for p in folder.glob(f"{TAGS_FILE}*")) / records),
        "found": found / (LOOKUPS / 2),
        "others_found": strange,
        "p50_ms": round(statistics.median(took) * 1000, 2),
        "p99_ms": round(took[int(len(took) * 0.99)] * 1000, 2),
        "p50_cpu_ms": round(statistics.median(worked) * 1000, 2),
        "p99_cpu_ms": round(worked[int(len(worked) * 0.99)] * 1000, 2),
    }


def opened(kind: str, folder: Path, stack: ExitStack) -> Store:
    if kind == "sqlite":
        store: Store = SqliteStore.create(folder, payload_key=KEY)
    else:
        from tests.postgres import running

        server = stack.enter_context(running())
        store = PostgresStore.create(folder, Address(server.url()), payload_key=KEY)
    stack.callback(store.close)
    return store


def rows(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    for kind in args.stores.split(","):
        with ExitStack() as stack:
            base = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=args.dir)))
            folder = base / "store"
            yield {"store": kind, **measure(opened(kind, folder, stack), folder, args.records)}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="20,000 records")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--stores", default="sqlite,postgres")
    parser.add_argument("--dir")
    args = parser.parse_args()
    if args.quick:
        args.records = 20_000
    for row in rows(args):
        print(json.dumps(row) if args.json else "  ".join(f"{name} {value}" for name, value in row.items()), flush=True)


if __name__ == "__main__":
    main()
