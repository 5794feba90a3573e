# SPDX-License-Identifier: Apache-2.0
"""The directory: everything registered, in memory, as it stands after the newest commit. Implements `ports.Directory`.

It holds no truth of its own: it is built from the rows of the store, and follows each committed unit's effects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

import msgspec

from answerable.admission.stopset import StopSet
from answerable.errors import Unavailable
from answerable.model.records import Admin, Copy, Handle, Node, Party, PartyKey, Stop, System
from answerable.model.terms import PartyKind, Relation
from answerable.model.units import EPOCH, Effect, Payload, Put, Space
from answerable.ports import Reach
from answerable.registry.compact import Shared
from answerable.registry.lines import Lines

Row = TypeVar("Row")

# Systems that are taken into the lines at once: nobody who asks waits for more.
TOGETHER: Final = 64
# What changes with every action and is never looked up here.
_SKIPPED: Final = frozenset({Space.OPENS})
# What changes with actions, and is looked up by whom it is about alone: what was decided of others stays decided.
_CHURN: Final = frozenset({Space.HELD, Space.CALLS, Space.BUDGETS})
_decoders: Final[dict[Space, Callable[[bytes], Any]]] = {
    space: msgspec.json.Decoder(row).decode
    for space, row in (
        (Space.PARTIES, Party),
        (Space.SYSTEMS, System),
        (Space.COPIES, Copy),
        (Space.ADMINS, Admin),
        (Space.PARTY_KEYS, PartyKey),
        (Space.NODES, Node),
        (Space.HANDLES, Handle),
        (Space.STOPS, Stop),
    )
}


class Book:
    """All lookups are dictionary look-ups. Used from the event loop's thread alone."""

    def __init__(self, domain: str) -> None:
        self.domain = domain
        self.changes = 0  # units that changed something here; caches over the registry are as old as this
        self._raw: dict[Space, dict[str, bytes]] = {space: {} for space in Space if space not in _SKIPPED}
        self._rows: dict[Space, dict[str, Any]] = {space: {} for space in _decoders}
        self._names: dict[str, list[str]] = {}  # name -> rids of its live systems, the newest last
        self._persons: dict[str, str] = {}  # rid of a natural person's party -> name, which stands in no row
        self._numbers: dict[int, str] = {}
        self._digests: dict[str, int | list[int]] = {}  # digest -> number of its holder, or of all in order
        self._lines = Lines()
        self._shared = Shared()
        self._waiting: list[str] = []  # rids of systems that the lines lack so far: rows of a store come in any order
        self._odd: set[int] = set()  # systems whose list of ancestors does not name a parent
        self._stop_set: tuple[bytes | None, StopSet] | None = None
        self._copies: dict[str, dict[str, None]] = {}  # system rid -> rids of its running copies, in order

    @classmethod
    def load(cls, domain: str, rows: Callable[[Space], Iterable[tuple[str, bytes]]]) -> Book:
        """Everything that a store holds. rows: `Store.rows`. Raises Unavailable ``system.damaged`` if the rows cannot
        be read or contradict each other."""
        book = cls(domain)
        for space in book._raw:
            for key, value in rows(space):
                try:
                    book._put(space, key, bytes(value))
                except msgspec.MsgspecError:
                    raise Unavailable("system.damaged", row=f"{space.value}/{key}") from None
        book._check()
        book._lined().settle()  # now, and not while somebody waits for the first preview
        return book

    @property
    def epoch(self) -> int:
        """Number of changes to the set of stops."""
        return int(self._raw[Space.COUNTERS].get(EPOCH, b"0"))

    def apply(self, effects: Iterable[Effect]) -> None:
        """Follow a committed unit. The rows were written by this version, so they can be read."""
        touched = False
        for effect in effects:
            if effect.space in _SKIPPED:
                continue
            touched = touched or effect.space not in _CHURN
            if isinstance(effect, Put):
                self._put(effect.space, effect.key, effect.value)
            else:
                self._drop(effect.space, effect.key)
        self.changes += touched
        if len(self._waiting) >= TOGETHER:
            self._lined()

    def learn(self, payloads: Iterable[Payload]) -> None:
        """The names of natural persons, from what is kept beside their leaves."""
        for payload in payloads:
            row = self._rows[Space.PARTIES].get(payload.rid) if payload.group == "name" else None
            if row is not None and row.kind is PartyKind.PERSON and payload.rid not in self._raw[Space.ERASURES]:
                self._persons[payload.rid] = payload.body.decode()

    def party(self, ref: str) -> Party | None:
        found: Party | None = self._find(Space.PARTIES, Space.PARTY_IDS, ref)
        return found if found is None else self._named(found)

    def system(self, ref: str) -> System | None:
        found: System | None = self._find(Space.SYSTEMS, Space.SYSTEM_IDS, ref)
        if found is None and (called := self._names.get(ref)):
            found = self._rows[Space.SYSTEMS][called[-1]]
        return found

    def called(self, name: str) -> tuple[System, ...]:
        return tuple(self._rows[Space.SYSTEMS][rid] for rid in self._names.get(name, ()))

    def copy(self, ref: str) -> Copy | None:
        found: Copy | None = self._find(Space.COPIES, Space.COPY_IDS, ref)
        return found

    def admin(self, rid: str) -> Admin | None:
        found: Admin | None = self._rows[Space.ADMINS].get(rid)
        return found if found is None else self._called(found)

    def admins(self) -> Iterable[Admin]:
        return tuple(map(self._called, self._rows[Space.ADMINS].values()))

    def party_keys(self) -> Iterable[PartyKey]:
        """Every key that was enrolled for a party, withdrawn ones included."""
        return self._rows[Space.PARTY_KEYS].values()

    def node(self, rid: str) -> Node | None:
        return self._rows[Space.NODES].get(rid)

    def nodes(self) -> Iterable[Node]:
        """Every gateway node that was enrolled, withdrawn ones included."""
        return self._rows[Space.NODES].values()

    def handle(self, digest: str) -> Handle | None:
        return self._rows[Space.HANDLES].get(digest)

    def handles(self) -> Iterable[Handle]:
        return self._rows[Space.HANDLES].values()

    def parties(self) -> Iterable[Party]:
        return tuple(map(self._named, self._rows[Space.PARTIES].values()))

    def systems(self) -> Iterable[System]:
        return self._rows[Space.SYSTEMS].values()

    def copies(self) -> Iterable[Copy]:
        """All copies, ended ones included."""
        return self._rows[Space.COPIES].values()

    def copies_of(self, system: str) -> Iterable[Copy]:
        rows = self._rows[Space.COPIES]
        return [rows[rid] for rid in self._copies.get(system, ())]

    def children(self, system: str) -> Iterable[tuple[System, str]]:
        parent = self._rows[Space.SYSTEMS].get(system)
        if parent is None:
            return ()
        children = [self._system(num) for num in self._lined().children(parent.num)]
        return [(row, edge.relation.value) for row in children for edge in row.edges if edge.parent == system]

    def by_number(self, num: int) -> System | None:
        return self._rows[Space.SYSTEMS].get(self._numbers.get(num, ""))

    def by_digest(self, digest: str) -> Iterable[System]:
        return [self._system(num) for num in self._holders(digest)]

    def reach(self, roots: Iterable[int], *, descend: bool = True, twins: bool = False) -> Reach:
        return self._lined().reach(roots, descend=descend, twins=twins)

    def where(self, *, party: str = "", world: str = "") -> Reach:
        return self._lined().where(party=party, world=world)

    def users(self, of: Reach) -> Reach:
        return self._lined().users(of)

    def odd(self) -> Iterable[int]:
        """Numbers of systems whose list of ancestors does not name all of their parents: none, but in damaged rows."""
        return self._odd

    def stops(self) -> Iterable[Stop]:
        return self._rows[Space.STOPS].values()

    def stop_set(self) -> StopSet:
        raw = self._raw[Space.COUNTERS].get(EPOCH)
        if self._stop_set is None or self._stop_set[0] != raw:
            self._stop_set = raw, StopSet.of(self.stops(), epoch=self.epoch)
        return self._stop_set[1]

    def raw(self, space: Space, key: str) -> bytes | None:
        return self._raw[space].get(key) if space in self._raw else None

    def count(self, space: Space) -> int:
        return len(self._raw.get(space, ()))

    def rows(self, space: Space) -> Iterable[tuple[str, bytes]]:
        """Every encoded row of a space, oldest first."""
        return tuple(self._raw.get(space, {}).items())

    def _find(self, rows: Space, ids: Space, ref: str) -> Any:
        found = self._rows[rows].get(ref)
        if found is None and (rid := self._raw[ids].get(ref)) is not None:
            found = self._rows[rows].get(rid.decode())
        return found

    def _named(self, row: Party) -> Party:
        name = self._persons.get(row.rid)
        return row if name is None else msgspec.structs.replace(row, name=name)

    def _called(self, row: Admin) -> Admin:
        name = self._persons.get(row.person)
        return row if name is None else msgspec.structs.replace(row, name=name)

    def _put(self, space: Space, key: str, value: bytes) -> None:
        decode = _decoders.get(space)
        if decode is None:
            if space is Space.ERASURES:
                self._persons.pop(key, None)
            self._raw[space][key] = value
            return
        row = decode(value)
        if space is Space.SYSTEMS:
            self._shared.system(row, key, self._rows[Space.SYSTEMS])
        known = key in self._rows[space]
        self._raw[space][key] = value
        self._rows[space][key] = row
        if space is Space.SYSTEMS:
            self._index(row) if not known else self._renewed(row)
        elif space is Space.COPIES:
            running = self._copies.setdefault(row.system, {})
            if row.ended:
                running.pop(row.rid, None)
            else:
                running[row.rid] = None
            system = self._rows[Space.SYSTEMS].get(row.system)
            if system is not None and self._lines.knows(system.num):
                self._lines.runs(system.num, len(running))
        elif space is Space.STOPS:
            self._stop_set = None

    def _index(self, system: System) -> None:
        """A system's edges, number, digests and name never change; a transfer replaces its row alone."""
        self._numbers[system.num] = system.rid
        for digest in system.digests:
            holders = self._digests.setdefault(digest, system.num)
            if isinstance(holders, list):
                holders.append(system.num)
            elif holders != system.num:
                self._digests[digest] = [holders, system.num]
        self._waiting.append(system.rid)
        # One that was born dead takes no name: else anybody could shadow a system by registering a dead one.
        if not system.dead:
            called = self._names.setdefault(system.name, [])
            called.append(system.rid)
            called.sort(key=lambda rid: self._rows[Space.SYSTEMS][rid].num)  # rows of a store come in any order

    def _renewed(self, system: System) -> None:
        """A row was replaced: other parties, after a transfer."""
        if self._lines.knows(system.num):
            self._lines.moved(system.num, (entry.party for entry in system.parties))
            self._look(system)

    def _lined(self) -> Lines:
        """The lines, with every system in them. Raises Unavailable ``system.damaged``."""
        if self._waiting:
            self._lines.expect(len(self._waiting))
            for rid in self._waiting:
                self._line(self._rows[Space.SYSTEMS][rid])
            self._waiting.clear()
        return self._lines

    def _line(self, system: System) -> None:
        rows = self._rows[Space.SYSTEMS]
        # A relation that this version does not know is taken for a weights edge: it reaches further, not less.
        self._lines.add(
            system.num,
            (system.tier, system.worlds, system.criticality),
            (entry.party for entry in system.parties),
            weights=[rows[edge.parent].num for edge in system.edges if edge.relation != Relation.USES],
            uses=[rows[edge.parent].num for edge in system.edges if edge.relation == Relation.USES],
            digests=system.digests,
            firsts=[self._holders(digest)[0] for digest in system.digests],
            copies=len(self._copies.get(system.rid, ())),
        )
        self._look(system)

    def _look(self, system: System) -> None:
        parents = (edge.parent for edge in system.edges if edge.relation != Relation.USES)
        if any(self._rows[Space.SYSTEMS][parent].num not in system.ancestors for parent in parents):
            self._odd.add(system.num)
        else:
            self._odd.discard(system.num)

    def _holders(self, digest: str) -> list[int]:
        held = self._digests.get(digest, [])
        return held if isinstance(held, list) else [held]

    def _system(self, num: int) -> System:
        found: System = self._rows[Space.SYSTEMS][self._numbers[num]]
        return found

    def _drop(self, space: Space, key: str) -> None:
        """Only rows that were never a party, system, copy, key or stop are dropped: those are kept for ever."""
        if space in _decoders and space is not Space.HANDLES:
            raise Unavailable("system.damaged", row=f"{space.value}/{key}")
        self._raw[space].pop(key, None)
        if space is Space.HANDLES:
            self._rows[space].pop(key, None)

    def _check(self) -> None:
        """What the plan functions keep true: a parent is older than its child, so no lineage is a circle, and
        everything that a row names is there."""
        systems = self._rows[Space.SYSTEMS]
        for system in systems.values():
            parents = [systems.get(edge.parent) for edge in system.edges]
            good = all(parent is not None and parent.num < system.num for parent in parents)
            good = good and all(entry.party in self._rows[Space.PARTIES] for entry in system.parties)
            if not good or len(system.parties) == 0:
                raise Unavailable("system.damaged", row=f"systems/{system.rid}")
        for copy in self._rows[Space.COPIES].values():
            if copy.system not in systems:
                raise Unavailable("system.damaged", row=f"copies/{copy.rid}")
