# SPDX-License-Identifier: Apache-2.0
"""A large registry in each store: its closures counted after a start, kept right while systems register, and an order
over thousands of systems that stands after a restart."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from answerable.crypto.b64 import b64u
from answerable.errors import Refused
from answerable.log.statement import sign
from answerable.model.leaves import OrderLeaf
from answerable.model.records import Admin, Party
from answerable.model.terms import AdminRole, OrderKind, PartyKind, Relation, Role, Scope, Standing, SystemKind
from answerable.model.units import Lane, Put, Space, Unit
from answerable.ports import Store
from answerable.registry import systems
from answerable.registry.book import Book
from answerable.registry.requests import EdgeSpec, PartySpec, RegisterSystem
from answerable.stops.closure import reached
from answerable.stops.orders import find, statement, suspend
from answerable.stops.planned import Reason
from answerable.stops.preview import preview
from benchmarks.lineage import DOMAIN, ORIGIN, T0, Synthetic, _digest, _rid
from tests.ledger import append, leaf, store_of
from tests.small_log import a_rid, key

SYSTEMS = 8_000
WHY = Reason.of("it spread", salted=bytes(32))


@dataclass
class Large:
    """store, and the directory over it as the sequencer keeps it."""

    store: Store
    made: Synthetic
    book: Book

    def write(self, unit: Unit) -> None:
        append(self.store, unit)
        self.book.apply(unit.effects)

    def restart(self) -> None:
        self.book = Book.load(DOMAIN, self.store.rows)


@pytest.fixture(params=["sqlite", "postgres"])
def large(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Large]:
    store = store_of(request, tmp_path)
    made = Synthetic(SYSTEMS)
    batch: list[Put] = []
    for space in (Space.MISC, Space.PARTIES, Space.SYSTEMS, Space.COPIES, Space.COUNTERS):
        for where, value in made.rows(space):
            batch.append(Put(space, where, value))
            if len(batch) == 2_000:
                append(store, Unit(leaves=(leaf(),), effects=tuple(batch)))
                batch.clear()
    person = Party(
        rid=a_rid("ann"), id="PERSON-ann", kind=PartyKind.PERSON, name="ann", standing=Standing.DECLARED, since=T0
    )
    officer = Admin(
        rid=a_rid("ann key"), person=person.rid, name="ann", key=b64u(key("ann").public), since=T0,
        roles=(AdminRole.OFFICER,),
    )  # fmt: skip
    batch += [
        Put(Space.PARTIES, person.rid, msgspec.json.encode(person)),
        Put(Space.ADMINS, officer.rid, msgspec.json.encode(officer)),
    ]
    append(store, Unit(leaves=(leaf(),), effects=tuple(batch)))
    yield Large(store, made, Book.load(DOMAIN, store.rows))
    store.close()


def naive(large: Large, root: int) -> set[int]:
    """What row by row says: the numbers in ancestor lists, and digests until nothing is added."""
    rows = list(large.book.systems())
    found = {root}
    while True:
        digests = {digest for row in rows if row.num in found for digest in row.digests}
        more = {row.num for row in rows if found & {*row.ancestors, row.num} or digests & set(row.digests)}
        if more <= found:
            return found
        found |= more


def test_a_preview_counts_what_rows_say(large: Large) -> None:
    expected = naive(large, 1)
    began = time.process_time()
    seen = preview(large.book, _rid("system", 1))
    spent = time.process_time() - began
    assert len(seen.systems) == len(expected) > SYSTEMS // 2
    assert {row.num for row in seen.systems} == expected
    assert len(seen.copies) == sum(len(list(large.book.copies_of(_rid("system", n)))) for n in expected)
    assert seen.digests == len({d for row in large.book.systems() if row.num in expected for d in row.digests}) > 4_096
    assert (seen.officers, seen.count) == (3, True)
    assert seen.bound is not None
    dependents = {row.num for row in seen.dependents}
    assert dependents
    assert dependents.isdisjoint(expected)
    users = {n for n, parent in zip(large.made.users, large.made.used, strict=True) if parent in expected}
    assert dependents >= users - expected
    assert len(seen.losing) == sum(len(list(large.book.copies_of(_rid("system", n)))) for n in dependents)
    assert spent < 0.5


def test_an_order_over_thousands_stands_after_a_restart(large: Large) -> None:
    hit = reached(large.book, _rid("system", 1), Scope.LINEAGE)
    order: OrderLeaf = statement(large.book, kind=OrderKind.SUSPEND, root=_rid("system", 1), reason=WHY)
    signed = msgspec.structs.replace(order, sigs=[sign(order, ORIGIN, key("ann"), a_rid("ann key"))])
    planned = suspend(large.book, signed, WHY, T0)
    assert planned.unit.lane is Lane.STOP
    assert sum(len(effect.value) for effect in planned.unit.effects if isinstance(effect, Put)) < 100_000
    large.write(planned.unit)
    large.restart()
    row = find(large.book, planned.row.rid)
    assert row == planned.row
    assert (row.upto, row.digests[0].split(":")[:2]) == (SYSTEMS, ["sha256-list", str(hit.digest_count)])
    # Registered later: a derivative, and the same weights under a new name; both are recorded, and dead.
    for spec in (
        {"edges": (EdgeSpec(parent=_rid("system", 2), relation=Relation.ADAPTER),)},
        {"digests": (next(d for s in hit.systems if s.num > 1 for d in s.digests),)},
    ):
        request = RegisterSystem(
            name=f"late {len(spec)} {next(iter(spec))}", version="1", kind=SystemKind.MODEL,
            parties=(PartySpec(party=_rid("party", 0), role=Role.PROVIDER),), **spec,
        )  # fmt: skip
        if "edges" in spec and 2 not in hit.reach:
            continue
        born = systems.register(large.book, request, T0 + 1)
        assert isinstance(born.refusal, Refused)
        assert (born.refusal.code, born.refusal.params) == ("system.born_dead", {"order": row.rid})
        large.write(born.unit)
        found = large.book.system(born.rid)
        assert found is not None
        assert found.dead == row.rid
        again = reached(large.book, _rid("system", 1), Scope.LINEAGE)
        assert found.num in again.reach
    outside = next(s for s in large.book.systems() if s.num not in hit.reach and s.digests and not s.dead)
    assert outside.digests[0] != _digest(1)
