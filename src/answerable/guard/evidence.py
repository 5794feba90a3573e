# SPDX-License-Identifier: Apache-2.0
"""What is kept before anything is cut: the order, the warrant's record, the last calls by their digests, the processes.

No prompt, no answer and no token: digests say afterwards which they were to whoever has them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from answerable.guard.folder import Folder
from answerable.guard.sources import Leased
from answerable.guard.standing import Call

MAX_PROCESSES: Final = 512  # some 30 us each: a fork bomb holds nothing up
STATES: Final = "states.jsonl"
MAX_FILE: Final = 1 << 30  # bytes of a program that are digested


def gather(
    *,
    reason: str,
    order: str,
    leased: Leased | None,
    calls: Iterable[Call],
    flying: int,
    processes: Iterable[int],
    at: int,
) -> dict[str, Any]:
    """at: ms UTC. processes: pids; of each its name and its program's file."""
    warrant: dict[str, Any] = {}
    if leased is not None:
        w = leased.warrant
        token = hashlib.sha256(leased.held.token.encode()).hexdigest()
        warrant = {"copy": w.copy, "grant": w.grant, "jti": w.jti, "seq": w.seq, "exp_ms": w.exp_ms, "sha256": token}
        warrant["source"] = leased.source
    found = [_process(pid) for pid, _ in zip(processes, range(MAX_PROCESSES), strict=False)]
    return {
        "v": 1,
        "at": at,
        "reason": reason,
        "order": order,
        "warrant": warrant,
        "in_flight": flying,
        "calls": [asdict(call) for call in calls],
        "processes": found,
    }


def digest_of(path: str) -> str:
    """SHA-256 of the program's file, hex; "" where it cannot be read."""
    digest, size = hashlib.sha256(), 0
    try:
        with Path(path).open("rb") as file:
            while (part := file.read(1 << 20)) and size < MAX_FILE:
                digest.update(part)
                size += len(part)
    except OSError:
        return ""
    return digest.hexdigest()


def keep(folder: Folder, name: str, what: Mapping[str, Any]) -> Future[bool]:
    """Write it down, mode 600; whether it is on the disk, once that is known: a disk that is full or hangs never holds
    a stop up."""
    return folder.put(f"{name}.json", json.dumps(what, ensure_ascii=False).encode())


def add_state(folder: Folder, state: Mapping[str, Any]) -> None:
    """One more line of what became of the program. As `keep`: what cannot be written holds nothing up."""
    folder.append(STATES, json.dumps(state, ensure_ascii=False).encode() + b"\n")


def _process(pid: int) -> dict[str, Any]:
    folder = Path("/proc") / str(pid)
    try:
        name = (folder / "comm").read_text().strip()
        file = str((folder / "exe").readlink())
    except OSError:
        name, file = "", ""
    return {"pid": pid, "name": name, "file": file}
