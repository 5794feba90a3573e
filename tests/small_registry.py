# SPDX-License-Identifier: Apache-2.0
"""A registry that commits for real, in memory: units are checked against their expectations and written whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, Protocol

import msgspec

from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce, salt
from answerable.errors import Refused
from answerable.log import leaf as leaves
from answerable.log.commitment import check
from answerable.log.statement import to_sign
from answerable.model.leaves import Leaf
from answerable.model.records import Admin, Party, Stop, System
from answerable.model.terms import AdminRole, Relation, Role, SystemKind
from answerable.model.units import EPOCH, Drop, Expect, Payload, Put, Space, Unit
from answerable.registry import admins, copies, keys, parties, systems, transfers
from answerable.registry.book import Book
from answerable.registry.ids import unassigned_uscc
from answerable.registry.planned import encode_row
from answerable.registry.requests import (
    EdgeSpec,
    EnrolAdmin,
    EnrolKey,
    PartySpec,
    RegisterParty,
    RegisterSystem,
    StartCopy,
    TransferSystem,
    VouchParty,
)

ORIGIN = "registry.example/log"
DOMAIN = "registry.example"


class Plan(Protocol):
    @property
    def unit(self) -> Unit: ...

    @property
    def rid(self) -> str: ...


def digest(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


class Registry:
    """`now` is the wall clock, ms UTC; tests move it by hand."""

    def __init__(self) -> None:
        self.now = 1_763_782_764_000
        self.rows: dict[Space, dict[str, bytes]] = {space: {} for space in Space}
        self.leaves: list[bytes] = []
        self.payloads: list[Payload] = []
        self.book = Book(DOMAIN)
        self._seed = 0
        self.write(Unit(effects=(Put(Space.MISC, "origin", ORIGIN.encode()),)))

    # -- the ledger ---------------------------------------------------------------------------------------------------

    def write(self, unit: Unit) -> None:
        """As the sequencer does: all of it, or Refused ``log.conflict``."""
        for expect in unit.expect:
            if self.rows[expect.space].get(expect.key) != expect.value:
                raise Refused("log.conflict")
        rids = {leaves.rid(data): leaves.decode(data) for data in unit.leaves}
        for payload in unit.payloads:
            held: Any = rids[payload.rid]
            basis = payload.group == "basis"
            commitment = held.x["answerable.basis"] if basis else getattr(held.c, payload.group)
            check(commitment, payload.group, payload.salt, payload.body)
        for effect in unit.effects:
            if isinstance(effect, Drop):
                self.rows[effect.space].pop(effect.key, None)
            else:
                self.rows[effect.space][effect.key] = effect.value
        self.leaves.extend(unit.leaves)
        self.book.apply(unit.effects)
        self.book.learn(unit.payloads)
        self.payloads.extend(unit.payloads)

    def commit(self, planned: Plan) -> str:
        """Write, then raise the plan's own refusal if it has one; else its rid."""
        self.write(planned.unit)
        if (refusal := getattr(planned, "refusal", None)) is not None:
            raise refusal
        return planned.rid

    def reload(self) -> Book:
        """A new book from the rows, as after a restart."""
        book = Book.load(DOMAIN, lambda space: self.rows[space].items())
        book.learn(self.payloads)
        return book

    # -- short ways to have something --------------------------------------------------------------------------------

    def party(self, name: str = "A firm", *, id: str = "", vouched: bool = False) -> Party:
        self._seed += 1
        request = RegisterParty(id=id or unassigned_uscc(f"{name} {self._seed}"), name=name)
        rid = self.commit(parties.register(self.book, request, self.now))
        found = self.book.party(rid)
        assert found is not None
        if vouched:
            self.vouch(found)
            found = self.book.party(rid)
            assert found is not None
        return found

    def person(self, name: str = "A person") -> Party:
        self._seed += 1
        text = hashlib.sha256(f"{name} {self._seed}".encode()).hexdigest()
        opaque = "".join("abcdefghijklmnopqrstuvwxyz234567"[int(c, 16)] for c in text[:26])
        return self.party(name, id=f"PERSON-{opaque}")

    def registrar(self) -> tuple[Party, str, Key]:
        """A registrar, the rid of its key, and the key; the same at each call."""
        if not hasattr(self, "_registrar"):
            party = self.party("A registrar")
            key, rid = self.key(party, registrar=True)
            self._registrar = (party, rid, key)
        return self._registrar

    def key(self, party: Party, *, registrar: bool = False) -> tuple[Key, str]:
        key = Key.generate()
        request = EnrolKey(party=party.rid, key=b64u(key.public), registrar=registrar, nonce=nonce(), signature="")
        signed = sign(keys.enrol_statement(party, request), key)
        request = msgspec.structs.replace(request, signature=signed)
        return key, self.commit(keys.enrol(self.book, request, self.now, by=self.administrator()))

    def vouching(self, party: Party) -> VouchParty:
        registrar, rid, key = self.registrar()
        drawn, salted = nonce(), b64u(salt())
        signed = sign(parties.vouch_statement(party, registrar, drawn=drawn, salt=salted), key)
        return VouchParty(party=party.rid, key=rid, nonce=drawn, salt=salted, signature=signed)

    def vouch(self, party: Party) -> str:
        return self.commit(parties.vouch(self.book, self.vouching(party), self.now))

    def admin(self, person: Party, *roles: AdminRole, by: str | None = None) -> tuple[Key, str]:
        key = Key.generate()
        request = EnrolAdmin(person=person.rid, key=b64u(key.public), roles=roles, nonce=nonce(), signature="")
        signed = sign(admins.enrol_statement(person, request), key)
        request = msgspec.structs.replace(request, signature=signed)
        asked = self.administrator() if by is None else by
        return key, self.commit(admins.enrol(self.book, request, self.now, by=asked))

    def administrator(self) -> str:
        """rid of an administrator's key, "" if there is none yet."""
        able = (a for a in self.book.admins() if AdminRole.ADMINISTRATOR in a.roles and not a.ended)
        first: Admin | None = next(able, None)
        return first.rid if first else ""

    def request(self, party: Party, name: str = "model", **changes: Any) -> RegisterSystem:
        """An ordinary internal model of one party; `edges` may be (parent, relation) pairs."""
        edges: Iterable[tuple[System, Relation]] = changes.pop("edges", ())
        base = RegisterSystem(
            name=name,
            version="1",
            kind=SystemKind.MODEL,
            parties=(PartySpec(party=party.rid, role=Role.PROVIDER),),
            edges=tuple(EdgeSpec(parent=parent.rid, relation=relation) for parent, relation in edges),
        )
        return msgspec.structs.replace(base, **changes)

    def system(self, party: Party, name: str = "model", **changes: Any) -> System:
        rid = self.commit(systems.register(self.book, self.request(party, name, **changes), self.now))
        found = self.book.system(rid)
        assert found is not None
        return found

    def starting(self, system: System, key: Key | None = None, **changes: Any) -> StartCopy:
        key = key or Key.generate()
        request = StartCopy(system=system.rid, key=b64u(key.public), nonce=nonce(), signature="", process="pid:4711:99")
        request = msgspec.structs.replace(request, **changes)
        return msgspec.structs.replace(request, signature=sign(copies.start_statement(system, request), key))

    def copy(self, system: System, key: Key | None = None) -> str:
        return self.commit(copies.start(self.book, self.starting(system, key), self.now))

    def selling(self, system: System, old: Party, new: Party, role: Role = Role.PROVIDER) -> TransferSystem:
        old_key, old_rid = self.key(old)
        new_key, new_rid = self.key(new)
        request = TransferSystem(
            system=system.rid, role=role, old=old.rid, new=new.rid, nonce=nonce(),
            old_key=old_rid, old_signature="", new_key=new_rid, new_signature="",
        )  # fmt: skip
        leaf = transfers.transfer_statement(system, old, new, request)
        return msgspec.structs.replace(request, old_signature=sign(leaf, old_key), new_signature=sign(leaf, new_key))

    def stop(
        self, over: System, /, *, kind: str = "terminate", scope: str = "lineage", until: int = 0, **changes: Any
    ) -> str:
        """A stop row as `stops` writes it, for tests of what the registry does with one."""
        self._seed += 1
        row = Stop(
            rid=f"{self._seed:0>32}".replace("0", "a").replace("1", "b"), kind=kind, scope=scope, root=over.rid,
            num=over.num, digests=over.digests, twins=(), at=self.now, until=until, reason="", officers=(),
        )  # fmt: skip
        row = msgspec.structs.replace(row, **changes)
        epoch = self.rows[Space.COUNTERS].get(EPOCH)
        self.write(
            Unit(
                effects=(
                    Put(Space.STOPS, row.rid, encode_row(row)),
                    Put(Space.COUNTERS, EPOCH, str(int(epoch or b"0") + 1).encode()),
                ),
                expect=(Expect(Space.COUNTERS, EPOCH, epoch),),
            )
        )
        return row.rid


def sign(leaf: Leaf, key: Key, origin: str = ORIGIN) -> str:
    return b64u(key.sign(to_sign(leaf, origin)))
