# SPDX-License-Identifier: Apache-2.0
"""A large registry in a real store: written, opened as the service opens it, stopped, and opened again.

Called by `python -m benchmarks.lineage --store sqlite|postgres`. A store is made as `init` makes one. The writer that
serves every commit then writes a leaf and the rows of it for each party, system and copy, in batches; what is left out
is the plan function of each (the rows of a synthetic registry are right by construction) and the payloads of names.
The service's own start reads it back, each time in a process of its own, so that a resident size is one step's alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from answerable.app import keys as own_keys
from answerable.app.clock import SystemClock
from answerable.app.core import Core, open_core
from answerable.app.create import STAFF, Founding, create
from answerable.app.people import FOLDER, Person, read
from answerable.app.stores import open_store
from answerable.config import Config, StoreConfig
from answerable.crypto.random import nonce
from answerable.errors import Refused
from answerable.log import leaf as leaves
from answerable.log.commitment import commit
from answerable.log.statement import sign
from answerable.model.leaves import Commitments, CopyLeaf, EdgeRef, PartyLeaf, PartyRef, SystemLeaf
from answerable.model.records import Copy, Party, System
from answerable.model.terms import AdminRole, OrderKind, Relation, Role, SystemKind
from answerable.model.units import SYSTEM_NUMBER, Put, Space, Unit
from answerable.registry import systems
from answerable.registry.requests import EdgeSpec, PartySpec, RegisterSystem
from answerable.sequencer.guard import Guard
from answerable.sequencer.lanes import Entry
from answerable.sequencer.writer import Retention, Writer
from answerable.stops.orders import statement, terminate
from answerable.stops.planned import Reason
from answerable.stops.preview import preview
from benchmarks.lineage import DOMAIN, Synthetic

BATCH: Final = 1_024  # units that are written at once
ROOT: Final = Path(__file__).parents[1]
PREVIEWS: Final = 7
_OFFICER: Final = (AdminRole.OFFICER,)
_encode: Final = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Recorded(Synthetic):
    """The same registry with a leaf for each row, whose record id is the row's."""

    rids: dict[str, list[str]] = field(default_factory=lambda: {"party": [], "system": [""], "copy": []})

    def rid_of(self, kind: str, num: int) -> str:
        known = self.rids[kind]
        return known[num] if num < len(known) else ""

    def units(self) -> Iterator[Unit]:
        for party in self.parties_():
            yield self._unit("party", _party(party), party, Space.PARTIES, Space.PARTY_IDS)
        for system in self.systems():
            number = Put(Space.COUNTERS, SYSTEM_NUMBER, str(system.num).encode())
            yield self._unit("system", _system(system), system, Space.SYSTEMS, Space.SYSTEM_IDS, number)
        for copy in self.copies():
            yield self._unit("copy", _copy(copy), copy, Space.COPIES, Space.COPY_IDS)

    def _unit(self, kind: str, leaf: Any, row: Party | System | Copy, rows: Space, ids: Space, *more: Put) -> Unit:
        data = leaves.encode(leaf)
        rid = leaves.rid(data)
        self.rids[kind].append(rid)
        own = _encode(msgspec.structs.replace(row, rid=rid))
        return Unit(leaves=(data,), effects=(Put(rows, rid, own), Put(ids, row.id, rid.encode()), *more))


def _party(row: Party) -> PartyLeaf:
    return PartyLeaf(c=_named(row.name), id=row.id, kind=row.kind.value, n=nonce(), std=row.standing.value, t=row.since)


def _system(row: System) -> SystemLeaf:
    return SystemLeaf(
        aud=row.audience.value,
        c=_named(row.name),
        cap=[],
        crit=row.criticality.value,
        dig=list(row.digests),
        edges=[EdgeRef(p=edge.parent, rel=edge.relation.value) for edge in row.edges],
        id=row.id,
        kind=row.kind.value,
        n=nonce(),
        num=row.num,
        parties=[PartyRef(rid=entry.party, role=entry.role.value) for entry in row.parties],
        t=row.since,
        tier=row.tier,
        usr=0,
        ver=row.version,
        wld=[world.value for world in row.worlds],
    )


def _copy(row: Copy) -> CopyLeaf:
    return CopyLeaf(id=row.id, loc="process", n=nonce(), pub=row.key, st="start", sys=row.system, t=row.since)


def _named(name: str) -> Commitments:
    return Commitments(name=commit("name", bytes(32), name.encode()))


async def write(config: Config, count: int) -> dict[str, Any]:
    """Make the store, and write so many systems with their parties and copies."""
    staff = (*STAFF, ("officer-3", _OFFICER))
    core = await create(config, Founding(DOMAIN, "VATDE-999999999", "operator", staff))
    await core.close()
    keys = own_keys.load(config.store_path)
    guard = Guard.open(config.guard_path, core.origin)
    writer = Writer(open_store(config, keys.payload), keys.log, core.origin, SystemClock(), guard, Retention())
    writer.open()
    made, written = Recorded(count), 0
    units = made.units()
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    while batch := list(islice(units, BATCH)):
        done = writer.write([Entry(unit, future, 0) for unit in batch])
        written += len(batch)
        if writer.broken is not None or done.size == 0:
            raise RuntimeError(f"not written: {writer.broken}")
    writer.close()
    return {"leaves": written}


async def use(config: Config, *, stop: bool) -> dict[str, Any]:
    """Start as the service does, and preview the largest closure; with `stop` terminate it and register a derivative,
    else look whether both still stand."""
    core, found = await _timed_start(config)
    root = core.book.by_number(1)
    assert root is not None
    found["systems"] = sum(1 for _ in core.book.where())
    seen = preview(core.book, root.rid)
    found |= {"reached": len(seen.systems), "copies": len(seen.copies), "previews_cpu_ms": _previews(core, root.rid)}
    if stop:
        found |= await _stopped(core, root)
        found["previews_after_cpu_ms"] = _previews(core, root.rid)
    late = core.book.called("late") or tuple(row for row in core.book.systems() if row.name == "late")
    found["derivative"] = [{"num": row.num, "dead": bool(row.dead)} for row in late]
    found["reached_now"] = len(preview(core.book, root.rid).systems)
    found["orders"] = len(list(core.book.stops()))
    await core.close()
    return found


async def _timed_start(config: Config) -> tuple[Core, dict[str, Any]]:
    wall, cpu = time.monotonic(), time.process_time()
    core = await open_core(config)
    return core, {
        "start_s": round(time.monotonic() - wall, 1),
        "start_cpu_s": round(time.process_time() - cpu, 1),
        "started_mb": _status("VmRSS"),
    }


async def _stopped(core: Core, root: System) -> dict[str, Any]:
    people = [read(core.config.store_path / FOLDER / f"officer-{n}.json") for n in (1, 2, 3)]
    plan_ms, order_ms = await _timed(lambda: _order(core, root, people), core)
    request = RegisterSystem(
        name="late", version="1", kind=SystemKind.MODEL,
        parties=(PartySpec(party=root.parties[0].party, role=Role.PROVIDER),),
        edges=(EdgeSpec(parent=root.rid, relation=Relation.FINETUNE),),
    )  # fmt: skip
    planned_ms, dead_ms = await _timed(lambda: systems.register(core.book, request, core.now), core)
    return {
        "order_plan_ms": plan_ms,
        "order_commit_ms": order_ms,
        "register_plan_ms": planned_ms,
        "register_commit_ms": dead_ms,
    }


def _order(core: Core, root: System, people: list[Person]) -> Any:
    why = Reason.of("it spread", salted=bytes(32))
    order = statement(core.book, kind=OrderKind.TERMINATE, root=root.rid, reason=why)
    sigs = [sign(order, core.origin, person.key, person.kid) for person in people]
    count = len(preview(core.book, root.rid).copies)
    return terminate(core.book, msgspec.structs.replace(order, sigs=sigs), why, core.now, count=count)


async def _timed(plan: Callable[[], Any], core: Core) -> tuple[float, float]:
    """ms to plan it, and to have it durable and in the directory."""
    began = time.monotonic()
    planned = plan()
    ready = time.monotonic()
    try:
        await core.commit(planned)
    except Refused as refused:
        if refused.code != "system.born_dead":
            raise
    return round((ready - began) * 1e3, 1), round((time.monotonic() - ready) * 1e3, 1)


def _previews(core: Core, root: str) -> list[float]:
    """Worked out anew each time, fastest first."""
    took = []
    for _ in range(PREVIEWS):
        core.book._lines.forget()
        began = time.process_time()
        preview(core.book, root)
        took.append(round((time.process_time() - began) * 1e3, 1))
    return sorted(took)


def measure(store: str, count: int, folder: str = "") -> dict[str, Any]:
    """All steps, each in a process of its own."""
    found: dict[str, Any] = {"store": store, "count": count}
    with ExitStack() as stack:
        where = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lineage-", dir=folder or None)))
        url = ""
        if store == "postgres":
            from tests.postgres import running

            server = stack.enter_context(running(shared_buffers="256MB", max_wal_size="2GB"))
            url = server.url()
        for step in ("write", "first start and stop", "second start"):
            began = time.monotonic()
            command = [sys.executable, "-m", "benchmarks.lineage_store", step, str(where / "store"), str(count), url]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(f"{step}: {done.stderr[-2000:]}")
            found[step] = {"wall_s": round(time.monotonic() - began, 1), **json.loads(done.stdout)}
            print(f"{store}, {count:,}: {step}: {found[step]}", file=sys.stderr, flush=True)
        found["disk_mb"] = sum(path.stat().st_size for path in where.rglob("*") if path.is_file()) >> 20
        if store == "postgres":
            ((size,),) = server.sql("SELECT pg_database_size(current_database())")
            found["database_mb"] = int(size) >> 20
    return found


def _status(name: str) -> int:
    """MiB."""
    text = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith(name + ":")) >> 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("step", "path", "count", "url"):
        parser.add_argument(name)
    plan = parser.parse_args()
    config = Config(store=StoreConfig(path=plan.path, url=plan.url))
    if plan.step == "write":
        found = asyncio.run(write(config, int(plan.count)))
    else:
        found = asyncio.run(use(config, stop="stop" in plan.step))
    found |= {"cpu_s": round(time.process_time(), 1), "rss_mb": _status("VmRSS"), "peak_mb": _status("VmHWM")}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
