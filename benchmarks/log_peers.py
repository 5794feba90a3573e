# SPDX-License-Identifier: Apache-2.0
"""A peer of the log benchmark, in an environment of its own: ``python log_peers.py PEER BUNDLE FOLDER RECORDS``.

Writes the leaves of BUNDLE (C2SP framing: each behind its length) with a library's own means, one record after the
other, as its users do; prints one JSON object. It needs nothing of ours. None is ever a dependency of the package:
pymerkle is under the GPL and is only run, in a process of its own.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

WARM = 50  # records before those that are measured
Append = Callable[[bytes], object]
Size = Callable[[], int]


def pymerkle(folder: Path) -> tuple[Append, Size]:
    """A Merkle tree over SQLite, a transaction a record; SQLite's default journal, `synchronous=FULL`."""
    tree = import_module("pymerkle").SqliteTree(str(folder / "tree.db"))
    return tree.append_entry, tree.get_size


def toolkit(folder: Path) -> tuple[Append, Size]:
    """The agent-governance-toolkit's audit log over its file sink: hash chain, HMAC and Merkle tree; it never syncs."""
    audit, backends = (import_module(f"agentmesh.governance.{name}") for name in ("audit", "audit_backends"))
    log = audit.AuditLog(sink=backends.FileAuditSink(folder / "audit.jsonl", b"k" * 32))

    def append(leaf: bytes) -> object:
        said = json.loads(leaf)
        return log.log(said["k"], said.get("sys", "-"), said.get("act", said.get("st", "-")), data=said)

    return append, lambda: len((folder / "audit.jsonl").read_bytes().splitlines())


PEERS: dict[str, Callable[[Path], tuple[Append, Size]]] = {"pymerkle": pymerkle, "toolkit": toolkit}


def leaves(bundle: bytes, count: int) -> list[bytes]:
    found, at = [], 0
    while at < len(bundle) and len(found) < count:
        end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        found.append(bundle[at + 2 : end])
        at = end
    return found


def main() -> int:
    name, bundle, folder, count = sys.argv[1:]
    work = leaves(Path(bundle).read_bytes(), int(count))
    append, size = PEERS[name](Path(folder))
    for leaf in work[:WARM]:
        append(leaf)
    waits, clock = [], time.perf_counter
    used, start = resource.getrusage(resource.RUSAGE_SELF), clock()
    for leaf in work:
        before = clock()
        append(leaf)
        waits.append(clock() - before)
    took, after = clock() - start, resource.getrusage(resource.RUSAGE_SELF)
    if (kept := size()) != len(work) + len(work[:WARM]):
        sys.exit(f"{kept} records are kept of {len(work)} that were counted, and {len(work[:WARM])} before them")
    waits.sort()
    print(
        json.dumps(
            {
                "records": len(work),
                "cpu_s": after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime,
                "took_s": took,
                "p50_ms": waits[len(waits) // 2] * 1e3,
                "p99_ms": waits[len(waits) * 99 // 100] * 1e3,
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
