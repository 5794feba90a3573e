# SPDX-License-Identifier: Apache-2.0
"""The closure of a stop order over a large registry: CPU of a preview from the lineage index, beside plain lists and
SQLite's recursive query over the same edges.

    .venv/bin/python -m benchmarks.lineage                   10 thousand and 100 thousand systems
    .venv/bin/python -m benchmarks.lineage --systems 1000000 --json
    .venv/bin/python -m benchmarks.lineage --systems 1000000 --store sqlite    written, opened, stopped in a real store

The registry is synthetic, and its shape is that of public model hubs: long tails, some deep lines, merges of several
parents, the same weights under several names, applications that use a model. The same seed gives the same registry.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sqlite3
import statistics
import time
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from answerable.log.leaf import rid
from answerable.model.records import Copy, Edge, Party, PartyRole, System
from answerable.model.terms import (
    Audience,
    Criticality,
    Locality,
    PartyKind,
    Relation,
    Role,
    Scope,
    Standing,
    SystemKind,
    World,
)
from answerable.model.units import SYSTEM_NUMBER, Space
from answerable.registry.book import Book
from answerable.stops.closure import reached
from answerable.stops.preview import preview

DOMAIN: Final = "lineage.invalid"
ORIGIN: Final = f"{DOMAIN}/log"
T0: Final = 1_763_782_764_123
FAMILY: Final = 0.68  # of all systems descend from the first
ROOTS: Final = 0.03  # of the others came from nothing
MERGES: Final = 0.03
TWINS: Final = 0.004  # hold a digest that another system holds
APPLICATIONS: Final = 0.02
COPIES: Final = 0.2
MAX_ANCESTORS: Final = 255
_SINGLE: Final = (Relation.FINETUNE, Relation.ADAPTER, Relation.QUANTIZED, Relation.DISTILLED, Relation.COPY)
_encode: Final = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Synthetic:
    """The rows of a registry with so many systems, made while they are read. System number 1 is the root of the large
    family. sizes: number -> how many systems its tree edges lead to, itself included (filled by `systems`)."""

    count: int
    seed: int = 7
    children: array[int] = field(default_factory=lambda: array("i"))
    parents: array[int] = field(default_factory=lambda: array("i"))
    used: array[int] = field(default_factory=lambda: array("i"))
    users: array[int] = field(default_factory=lambda: array("i"))

    def rows(self, space: Space) -> Iterable[tuple[str, bytes]]:
        """As `Store.rows`."""
        if space is Space.PARTIES:
            return ((party.rid, _encode(party)) for party in self.parties_())
        if space is Space.SYSTEMS:
            return ((system.rid, _encode(system)) for system in self.systems())
        if space is Space.COPIES:
            return ((copy.rid, _encode(copy)) for copy in self.copies())
        if space is Space.COUNTERS:
            return ((SYSTEM_NUMBER, str(self.count).encode()),)
        if space is Space.MISC:
            return (("domain", DOMAIN.encode()), ("origin", ORIGIN.encode()))
        return ()

    def rid_of(self, kind: str, num: int) -> str:
        """Of a row that is nobody's leaf: an invented one."""
        return _rid(kind, num)

    def parties_(self) -> Iterator[Party]:
        for n in range(self.count // 20 + 1):
            yield Party(
                rid=self.rid_of("party", n),
                id=f"VATDE-{n:09}",
                kind=PartyKind.ORG,
                name=f"party {n}",
                standing=Standing.DECLARED,
                since=T0,
            )

    def systems(self) -> Iterator[System]:
        """In the order of their numbers. Ancestors are those that `registry.lineage.ancestors` gives."""
        draw = random.Random(self.seed)
        family, others = array("i"), array("i")
        above: list[tuple[int, ...]] = [()]
        numbers = list(range(self.count + 1))  # one object a number, however many lists name it
        for column in (self.children, self.parents, self.used, self.users):
            del column[:]
        for num in range(1, self.count + 1):
            where = family if num == 1 or draw.random() < FAMILY else others
            edges: list[tuple[int, Relation]] = []
            kind = SystemKind.MODEL
            if where and draw.random() < APPLICATIONS:
                edges, kind = [(draw.choice(where), Relation.USES)], SystemKind.APPLICATION
                where = others  # what uses a model does not descend from it
            elif where and (where is family or draw.random() >= ROOTS):
                edges = self._parents(draw, where, above)
            parents = [parent for parent, relation in edges if relation is not Relation.USES]
            ancestors = tuple(numbers[n] for n in sorted({*parents, *(n for p in parents for n in above[p])}))
            above.append(ancestors)
            where.append(num)
            for parent, relation in edges:
                into = (self.used, self.users) if relation is Relation.USES else (self.parents, self.children)
                into[0].append(parent)
                into[1].append(num)
            yield self._system(draw, num, kind, edges, ancestors)

    def copies(self) -> Iterator[Copy]:
        draw = random.Random(self.seed + 1)
        for num in range(1, self.count + 1):
            if draw.random() < COPIES:
                yield Copy(
                    rid=self.rid_of("copy", num),
                    id=f"{_id(num)}/copy/1",
                    system=self.rid_of("system", num),
                    key=f"{num:043}",
                    since=T0,
                    process=f"pid:{num}:1",
                )

    def _parents(self, draw: random.Random, where: array[int], above: list[tuple[int, ...]]) -> list[Any]:
        first = draw.choice(where)
        if draw.random() < MERGES and len(where) > 8:
            chosen = sorted({first, draw.choice(where), draw.choice(where)})
            known = {*chosen, *(n for parent in chosen for n in above[parent])}
            if len(chosen) > 1 and len(known) <= MAX_ANCESTORS:
                return [(parent, Relation.MERGE) for parent in chosen]
        if len(above[first]) >= MAX_ANCESTORS:
            first = where[0]
        return [(first, draw.choice(_SINGLE))]

    def _system(
        self, draw: random.Random, num: int, kind: SystemKind, edges: list[Any], ancestors: tuple[int, ...]
    ) -> System:
        held = draw.randrange(1, num) if num > 1 and draw.random() < TWINS else num
        rare = draw.random()
        return System(
            rid=self.rid_of("system", num),
            id=_id(num),
            num=num,
            kind=kind,
            name=f"system-{num}",
            version="1",
            parties=(PartyRole(party=self.rid_of("party", draw.randrange(self.count // 20 + 1)), role=Role.PROVIDER),),
            edges=tuple(Edge(parent=self.rid_of("system", parent), relation=relation) for parent, relation in edges),
            ancestors=ancestors,
            tier=0 if rare < 0.9 else 1 if rare < 0.98 else 2,
            audience=Audience.PUBLIC,
            worlds=(World.INFORMATION,) if rare < 0.999 else (World.PHYSICAL,),
            criticality=Criticality.ORDINARY,
            since=T0 + num,
            digests=() if kind is SystemKind.APPLICATION else (_digest(held),),
            locality=Locality.EXTERNAL,
        )


def _rid(kind: str, num: int) -> str:
    return rid(f"{kind} {num}".encode())


def _id(num: int) -> str:
    letters = "abcdefghijklmnopqrstuvwxyz"
    text = ""
    while num:
        num, digit = divmod(num, 26)
        text = letters[digit] + text
    return f"spiffe://{DOMAIN}/system/{text.rjust(26, 'a')}"


def _digest(num: int) -> str:
    return "sha256:" + hashlib.sha256(b"weights %d" % num).hexdigest()


def roots(made: Synthetic) -> list[int]:
    """Numbers whose closures are the whole family, and about a tenth and a hundredth of all systems."""
    sizes = [1] * (made.count + 1)
    for parent, child in zip(reversed(made.parents), reversed(made.children), strict=True):
        sizes[parent] += sizes[child]
    found = [1]
    for part in (0.099, 0.01):
        found.append(min(range(1, made.count + 1), key=lambda num: abs(sizes[num] - part * made.count)))
    return found


def measure(count: int, *, runs: int = 7, peers: bool = True) -> dict[str, Any]:
    """CPU figures, ms, of this process, the median of `runs`."""
    made = Synthetic(count)
    began = time.process_time()
    book = Book.load(DOMAIN, made.rows)
    loaded = time.process_time() - began
    first = _cpu(lambda: preview(book, _rid("system", 1)), 1)
    later = made.count
    result: dict[str, Any] = {
        "systems": count,
        "load_cpu_s": round(loaded, 2),
        "first_preview_ms": first,
        "resident_mb": _resident(),
        "closures": [],
    }
    query = _cte(made) if peers else None
    below = _rows(book) if peers else {}
    for root in roots(made):
        ref = _rid("system", root)
        seen = preview(book, ref)
        row = {
            "root": root,
            "systems": len(seen.systems),
            "copies": len(seen.copies),
            "parties": len(seen.parties),
            "dependents": len(seen.dependents),
            "preview_ms": _cpu(lambda ref=ref: _afresh(book, ref), runs),
            "again_ms": _cpu(lambda ref=ref: preview(book, ref), runs),
            "digests_ms": _cpu(lambda ref=ref: reached(book, ref, Scope.LINEAGE).listed(), 3),
        }
        if query is not None:
            row["sqlite_cte_systems"] = query(root)
            row["sqlite_cte_ms"] = _cpu(lambda root=root: query(root), 3)
        if below:
            row["lists_ms"] = _cpu(lambda ref=ref: _walk(book, below, ref), 1)
        result["closures"].append(row)
    _register(book, made, later)
    result["after_one_registration_ms"] = _cpu(lambda: _afresh(book, _rid("system", 1)), runs)
    return result


def _afresh(book: Book, root: str) -> object:
    """A preview that nobody asked for before: worked out from the index, not remembered."""
    book._lines.forget()
    return preview(book, root)


def _register(book: Book, made: Synthetic, last: int) -> None:
    """One more system, as the sequencer shows it to the directory."""
    from answerable.model.units import Put

    row = System(
        rid=_rid("system", last + 1),
        id=_id(last + 1),
        num=last + 1,
        kind=SystemKind.MODEL,
        name="late",
        version="1",
        parties=(PartyRole(party=_rid("party", 0), role=Role.PROVIDER),),
        edges=(Edge(parent=_rid("system", 1), relation=Relation.FINETUNE),),
        ancestors=(1,),
        tier=0,
        audience=Audience.PUBLIC,
        worlds=(World.INFORMATION,),
        criticality=Criticality.ORDINARY,
        since=T0,
        digests=(_digest(last + 1),),
    )
    book.apply((Put(Space.SYSTEMS, row.rid, _encode(row)),))


def _cte(made: Synthetic) -> Callable[[int], int]:
    """SQLite's recursive common table expression over the weights edges, as a registry in SQL would ask it."""
    base = sqlite3.connect(":memory:")
    base.execute("CREATE TABLE edge (parent INTEGER, child INTEGER)")
    base.executemany("INSERT INTO edge VALUES (?, ?)", zip(made.parents, made.children, strict=True))
    base.execute("CREATE INDEX by_parent ON edge (parent, child)")

    def ask(root: int) -> int:
        text = (
            "WITH RECURSIVE below(num) AS (SELECT ? UNION SELECT child FROM edge JOIN below ON parent = num) "
            "SELECT count(*) FROM below"
        )
        return int(base.execute(text, (root,)).fetchone()[0])

    return ask


def _rows(book: Book) -> dict[str, list[str]]:
    below: dict[str, list[str]] = {}
    for system in book.systems():
        for edge in system.edges:
            if edge.relation is not Relation.USES:
                below.setdefault(edge.parent, []).append(system.rid)
    return below


def _walk(book: Book, below: dict[str, list[str]], root: str) -> int:
    """Lists and dictionaries: the closure's rows, their copies, classes and parties, as they were gathered before there
    was an index."""
    found, waiting = {root}, [root]
    while waiting:
        for child in below.get(waiting.pop(), ()):
            if child not in found:
                found.add(child)
                waiting.append(child)
    rows = [book.system(each) for each in found]
    parties = {entry.party for row in rows if row for entry in row.parties}
    classes = {(row.tier, row.worlds, row.criticality) for row in rows if row}
    copies = [copy for row in rows if row for copy in book.copies_of(row.rid)]
    return len(parties) + len(classes) + len(copies)


def _cpu(call: Callable[[], object], runs: int) -> float:
    times = []
    for _ in range(runs):
        began = time.process_time()
        call()
        times.append((time.process_time() - began) * 1000)
    return round(statistics.median(times), 2)


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096 // 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--systems", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--store", choices=("sqlite", "postgres"), help="written, opened and stopped in that store")
    parser.add_argument("--dir", default="", help="where that store is made, some 3 GB for a million systems")
    args = parser.parse_args()
    if args.store:
        from benchmarks import lineage_store

        for count in args.systems:
            print(json.dumps(lineage_store.measure(args.store, count, args.dir), indent=None if args.json else 2))
        return
    for count in args.systems:
        found = measure(count)
        if args.json:
            print(json.dumps(found))
            continue
        print(
            f"{count} systems: loaded in {found['load_cpu_s']} s of CPU, first preview "
            f"{found['first_preview_ms']} ms, after one more registration {found['after_one_registration_ms']} ms, "
            f"{found['resident_mb']} MB resident"
        )
        for row in found["closures"]:
            print("  " + ", ".join(f"{name} {value}" for name, value in row.items()))


if __name__ == "__main__":
    main()
