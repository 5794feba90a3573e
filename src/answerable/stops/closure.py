# SPDX-License-Identifier: Apache-2.0
"""What a stop reaches: the closure over weights edges, twins with the same digests, and dependents apart.

Weights edges (copy, quantized, finetune, adapter, merge, distilled, made) close over, to any depth. The same weights
under another name, and what descends from those, are reached too. Systems that only `use` a stopped one are degraded:
they lose it, and are not stopped. All is counted from the directory's lineage index; rows are looked up when they are
shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from answerable.admission.wide import MAX_LISTED
from answerable.errors import Refused
from answerable.model.records import Copy, System
from answerable.model.rows import Rows
from answerable.model.terms import Scope, World
from answerable.ports import Directory, Reach


@dataclass(frozen=True, slots=True)
class Reached:
    """All by registry number. root: rid, or a world's name, or ""; num: of a root system, else 0.

    reach: the systems; users: those that lose a model and are not stopped. copy: the one copy that is reached, in place
    of all. digested: whether the digests are stopped too.
    """

    directory: Directory
    scope: Scope
    root: str
    num: int
    reach: Reach
    users: Reach
    copy: Copy | None = None
    digested: bool = False

    @property
    def twins(self) -> tuple[int, ...]:
        """Numbers that the root's number alone would not stop, sorted. Walks through them."""
        if not self.digested:
            return ()
        twins = set(self.reach.by_twins())
        if self.scope is Scope.LINEAGE:
            odd = (self.directory.by_number(num) for num in self.directory.odd() if num in self.reach)
            twins.update(each.num for each in odd if each and self.num not in (each.num, *each.ancestors))
        return tuple(sorted(twins))

    @property
    def systems(self) -> Rows[System]:
        return _rows(self.directory, self.reach)

    @property
    def dependents(self) -> Rows[System]:
        return _rows(self.directory, self.users)

    @property
    def copies(self) -> Rows[Copy]:
        """Running copies, by system."""
        if self.copy is not None:
            copy = self.copy
            return Rows(1, lambda: (copy,))
        return Rows(self.reach.copies(), lambda: _copies(self.directory, self.reach))

    @property
    def losing(self) -> Rows[Copy]:
        """Running copies of the dependents: they run on, without the model."""
        return Rows(self.users.copies(), lambda: _copies(self.directory, self.users))

    @property
    def digest_count(self) -> int:
        return self.reach.digest_count() if self.digested else 0

    @property
    def digests(self) -> tuple[str, ...]:
        """What may not come back under a new name, sorted. Walks through all systems."""
        if not self.digested:
            return ()
        return tuple(sorted({digest for system in self.systems for digest in system.digests}))

    def listed(self) -> tuple[str, ...]:
        """The digests as an order's row holds them: sorted; above 4,096 one entry ``sha256-list:<n>:<hex>``."""
        if self.digest_count <= MAX_LISTED:
            return self.digests
        found = self.reach.digest_list()
        return (summary(self.digests),) if found is None else (f"sha256-list:{found[0]}:{found[1]}",)


def summary(digests: tuple[str, ...]) -> str:
    """One entry for many digests: their number and the SHA-256 of the sorted list, one a line."""
    return f"sha256-list:{len(digests)}:{sha256(chr(10).join(sorted(digests)).encode()).hexdigest()}"


def reached(directory: Directory, root: str, scope: Scope) -> Reached:
    """What an order with this root and scope reaches now. root: rid, public id or name; "" for `Scope.ALL`.

    Raises Refused ``stop.root_unknown``, ``stop.ambiguous`` for a name that several systems bear.
    """
    if scope is Scope.COPY:
        copy = directory.copy(root)
        system = directory.system(copy.system) if copy else None
        if copy is None or system is None:
            raise _unknown(scope, root)
        alone = directory.reach((system.num,), descend=False)
        return Reached(directory, scope, copy.rid, 0, alone, alone.without(alone), copy=copy)
    if scope in (Scope.SYSTEM, Scope.LINEAGE):
        return _of_system(directory, root, scope)
    if scope is Scope.PARTY:
        party = directory.party(root)
        if party is None:
            raise _unknown(scope, root)
        root = party.rid
        hit = directory.where(party=root)
    elif scope is Scope.WORLD:
        if root not in World.__members__.values():
            raise _unknown(scope, root)
        hit = directory.where(world=root)
    else:
        if root:
            raise _unknown(scope, root)
        hit = directory.where()
    return Reached(directory, scope, root, 0, hit, directory.users(hit))


def _of_system(directory: Directory, ref: str, scope: Scope) -> Reached:
    root = directory.system(ref)
    if root is None:
        raise _unknown(scope, ref)
    if len(called := directory.called(ref)) > 1:
        # A stop of the newest would leave running the one that was meant.
        raise Refused("stop.ambiguous", name=ref, ids=", ".join(each.id for each in called[-4:]))
    descend = scope is Scope.LINEAGE
    whole = directory.reach((root.num,), descend=descend, twins=True)
    return Reached(directory, scope, root.rid, root.num, whole, directory.users(whole), digested=True)


def alone(hit: Reached) -> Reached:
    """The one system, or copy, of an order that reaches nothing else: without twins, descendants and digests. Others
    hold the same weights, and did nothing."""
    directory = hit.directory
    if hit.copy is not None:
        return hit
    reach = directory.reach((hit.num,), descend=False)
    return Reached(directory, hit.scope, hit.root, hit.num, reach, directory.users(reach))


def dependents(directory: Directory, systems: Iterable[System]) -> Rows[System]:
    """Systems that use one of `systems`, or use one that does; without `systems` themselves."""
    given = directory.reach([system.num for system in systems], descend=False)
    return _rows(directory, directory.users(given))


def _rows(directory: Directory, reach: Reach) -> Rows[System]:
    return Rows(len(reach), lambda: (row for num in reach if (row := directory.by_number(num)) is not None))


def _copies(directory: Directory, reach: Reach) -> Iterator[Copy]:
    for num in reach.running():
        system = directory.by_number(num)
        if system is not None:
            yield from directory.copies_of(system.rid)


def _unknown(scope: Scope, root: str) -> Refused:
    return Refused("stop.root_unknown", scope=scope.value, root=root[:128])
