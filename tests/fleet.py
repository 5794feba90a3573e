# SPDX-License-Identifier: Apache-2.0
"""A small registered fleet in memory, with fixed keys: what the rooms of warrants and stops are tested on.

base <- quant <- tuned (weights edges); app uses quant; other stands apart. Each has one running copy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import msgspec

from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce, opaque_id
from answerable.errors import Refused
from answerable.log import statement
from answerable.log.leaf import decode, rid
from answerable.log.roster import key_id
from answerable.model.leaves import AuthorityRef, Leaf, OfficerRef, RootsRef, RosterLeaf, Sig
from answerable.model.records import Admin, Copy, Edge, Party, PartyKey, PartyRole, Share, System
from answerable.model.terms import (
    AdminRole,
    Audience,
    Criticality,
    Locality,
    PartyKind,
    Relation,
    Role,
    Standing,
    SystemKind,
    World,
)
from answerable.model.units import SYSTEM_NUMBER, Committed, Put, Space, Unit
from answerable.registry.book import Book
from answerable.stops import rosters
from answerable.stops.officers import current

DOMAIN = "demo.invalid"
ORIGIN = "demo.invalid/log"
GATEWAY = f"spiffe://{DOMAIN}/gateway/main"
ISSUER = f"spiffe://{DOMAIN}/issuer/main"
T0 = 1_763_782_764_123


def key(name: str) -> Key:
    return Key.from_seed(hashlib.sha256(b"key " + name.encode()).digest())


def a_rid(name: str) -> str:
    return rid(name.encode())


def sha(name: str) -> str:
    return "sha256:" + hashlib.sha256(name.encode()).hexdigest()


class ManualClock:
    """Both clocks, moved by hand."""

    def __init__(self, now: int = T0, mono: int = 1_000_000) -> None:
        self.now = now
        self.mono = mono

    def now_ms(self) -> int:
        return self.now

    def mono_ms(self) -> int:
        return self.mono

    def pass_ms(self, ms: int) -> None:
        self.now += ms
        self.mono += ms


class BookLedger:
    """A ledger without a disk: checks what a unit expects, shows its effects, keeps its leaves. `before` runs first,
    while the unit waits."""

    def __init__(self, book: Book, clock: ManualClock) -> None:
        self.book = book
        self.clock = clock
        self.leaves: list[Leaf] = []
        self.before: Callable[[], None] | None = None
        self.failure: Exception | None = None

    async def commit(self, unit: Unit) -> Committed:
        if self.before is not None:
            before, self.before = self.before, None
            before()
        return self.write(unit)

    def write(self, unit: Unit) -> Committed:
        if self.failure is not None:
            raise self.failure
        for expect in unit.expect:
            if self.book.raw(expect.space, expect.key) != expect.value:
                raise Refused("log.conflict")
        first = len(self.leaves)
        self.leaves.extend(decode(data) for data in unit.leaves)
        self.book.apply(unit.effects)
        return Committed(first, len(self.leaves), self.clock.now)

    def count_refusal(self, code: str) -> None:
        raise AssertionError(f"nothing here counts refusals: {code}")


class Fleet:
    def __init__(self) -> None:
        self.book = Book(DOMAIN)
        self.clock = ManualClock()
        self.ledger = BookLedger(self.book, self.clock)
        self.put(Space.MISC, "origin", ORIGIN.encode())
        self.maker = self.party("maker")
        self.firm = self.party("firm")
        self.base = self.system("base", digests=(sha("base"),))
        self.quant = self.system("quant", parents=((self.base, Relation.QUANTIZED),), digests=(sha("quant"),))
        self.tuned = self.system("tuned", parents=((self.quant, Relation.FINETUNE),), digests=(sha("tuned"),))
        self.app = self.system("app", parents=((self.quant, Relation.USES),), kind=SystemKind.APPLICATION)
        self.other = self.system("other", party=self.firm, digests=(sha("other"),))
        self.copies = {s.name: self.copy(s) for s in (self.base, self.quant, self.tuned, self.app, self.other)}
        self.officers = [self.person(name) for name in ("ann", "bo", "cy", "di", "ed")]
        self.operator = self.person("op", (AdminRole.OPERATOR,))

    def put(self, space: Space, where: str, value: bytes) -> None:
        self.book.apply((Put(space, where, value),))

    def party(self, name: str, kind: PartyKind = PartyKind.ORG, standing: Standing = Standing.VOUCHED) -> Party:
        row = Party(rid=a_rid("party " + name), id=f"VATDE-{name}", kind=kind, name=name, standing=standing, since=T0)
        self.put(Space.PARTIES, row.rid, msgspec.json.encode(row))
        self.put(Space.PARTY_IDS, row.id, row.rid.encode())
        return row

    def system(
        self,
        name: str,
        *,
        parents: tuple[tuple[System, Relation], ...] = (),
        party: Party | None = None,
        kind: SystemKind = SystemKind.MODEL,
        tier: int = 0,
        worlds: tuple[World, ...] = (World.INFORMATION,),
        criticality: Criticality = Criticality.ORDINARY,
        digests: tuple[str, ...] = (),
        reauthorises: str = "",
        parties: tuple[Party, ...] = (),
        shares: tuple[tuple[Party, int], ...] = (),
        owners_need: int = 0,
    ) -> System:
        num = int(self.book.raw(Space.COUNTERS, SYSTEM_NUMBER) or b"0") + 1
        ancestors = {n for parent, relation in parents if relation.weights for n in (parent.num, *parent.ancestors)}
        row = System(
            rid=a_rid("system " + name),
            id=f"spiffe://{DOMAIN}/system/{opaque_id()}",
            num=num,
            kind=kind,
            name=name,
            version="1",
            parties=tuple(PartyRole(party=each.rid, role=Role.PROVIDER) for each in parties or (party or self.maker,)),
            edges=tuple(Edge(parent=parent.rid, relation=relation) for parent, relation in parents),
            ancestors=tuple(sorted(ancestors)),
            tier=tier,
            audience=Audience.PUBLIC,
            worlds=worlds,
            criticality=criticality,
            since=T0,
            digests=digests,
            locality=Locality.LOCAL,
            reauthorises=reauthorises,
            shares=tuple(Share(party=each.rid, count=count) for each, count in shares),
            owners_need=owners_need,
        )
        self.replace(row)
        self.put(Space.SYSTEM_IDS, row.id, row.rid.encode())
        self.put(Space.COUNTERS, SYSTEM_NUMBER, str(num).encode())
        return row

    def replace(self, row: System) -> None:
        self.put(Space.SYSTEMS, row.rid, msgspec.json.encode(row))

    def copy(self, system: System, n: int = 1, *, ended: int = 0) -> Copy:
        row = Copy(
            rid=a_rid(f"copy {system.name} {n}"),
            id=f"{system.id}/copy/{n}",
            system=system.rid,
            key=b64u(key(f"copy {system.name} {n}").public),
            since=T0,
            process="pid:1:1",
            ended=ended,
        )
        self.put(Space.COPIES, row.rid, msgspec.json.encode(row))
        self.put(Space.COPY_IDS, row.id, row.rid.encode())
        return row

    def end(self, copy: Copy) -> None:
        self.put(Space.COPIES, copy.rid, msgspec.json.encode(msgspec.structs.replace(copy, ended=self.clock.now)))

    def person(
        self, name: str, roles: tuple[AdminRole, ...] = (AdminRole.OFFICER,), *, of: str = "", nth: int = 1
    ) -> Admin:
        """An administrator; `of` gives another key to a person who has one."""
        party = self.party(of or name, PartyKind.PERSON)
        row = Admin(
            rid=a_rid(f"key {name} {nth}"),
            person=party.rid,
            name=name,
            key=b64u(key(name).public),
            roles=roles,
            since=T0,
        )
        self.put(Space.ADMINS, row.rid, msgspec.json.encode(row))
        return row

    def party_key(self, party: Party) -> PartyKey:
        """A key with which the party signs; its name for `sign_with` is the party's."""
        rid_ = a_rid(f"key of {party.name}")
        row = PartyKey(rid=rid_, party=party.rid, key=b64u(key(party.name).public), use="party", since=T0)
        self.put(Space.PARTY_KEYS, row.rid, msgspec.json.encode(row))
        return row

    def roster(self, *officers: Admin, authorities: tuple[str, ...] = (), need: int = 1) -> RosterLeaf:
        """The next roster, signed by the root keys "root a" and "root b" of three, and placed. authorities: names; each
        has the keys "<name> 1" and "<name> 2", of which `need` terminate."""
        before = current(self.book)
        leaf = rosters.draft(
            before,
            tuple(OfficerRef(key=each.rid, own=each.person, pub=each.key) for each in officers),
            RootsRef(keys=[b64u(key(f"root {n}").public) for n in "abc"], need=2),
            tuple(
                AuthorityRef(keys=[b64u(key(f"{name} {n}").public) for n in (1, 2)], name=name, need=need)
                for name in authorities
            ),
        )
        signed: RosterLeaf = self.sign_with(leaf, "root a", "root b")  # type: ignore[assignment]
        self.ledger.write(rosters.place(self.book, signed, self.clock.now).unit)
        placed = current(self.book)
        assert placed is not None
        return placed

    def sign_with(self, leaf: Leaf, *names: str) -> Leaf:
        """`leaf` with more signatures: of parties by name, or of keys without a key leaf, by their ids."""
        kids = {
            name: a_rid(f"key of {name}") if a_rid(f"party {name}") in dict(self.book.rows(Space.PARTIES))
            else key_id(key(name).public)
            for name in names
        }  # fmt: skip
        sigs = [statement.sign(leaf, ORIGIN, key(name), kids[name]) for name in names]
        return msgspec.structs.replace(leaf, sigs=[*leaf.sigs, *sigs])  # type: ignore[attr-defined]

    def sign(self, leaf: Leaf, *admins: Admin, origin: str = ORIGIN) -> Leaf:
        """`leaf` with the signatures of these people."""
        sigs: list[Sig] = [statement.sign(leaf, origin, key(admin.name), admin.rid) for admin in admins]
        return msgspec.structs.replace(leaf, sigs=sigs)


def a_nonce() -> str:
    return nonce()
