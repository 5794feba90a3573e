# SPDX-License-Identifier: Apache-2.0
"""What a stop reaches: the closure over weights edges, twins with the same digests, and dependents apart.

Weights edges (copy, quantized, finetune, adapter, merge, distilled) close over, to any depth. The same weights under
another name, and what descends from those, are reached too. Systems that only `use` a stopped one are degraded: they
lose it, and are not stopped.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from answerable.errors import Refused
from answerable.model.records import Copy, System
from answerable.model.terms import Relation, Scope, World
from answerable.ports import Directory


@dataclass(frozen=True, slots=True)
class Reached:
    """All by registry number. root: rid, or a world's name, or ""; num: of a root system, else 0.

    twins: numbers that the root's number alone would not stop. digests: what may not come back under a new name.
    """

    scope: Scope
    root: str
    num: int
    systems: tuple[System, ...]
    copies: tuple[Copy, ...]
    twins: tuple[int, ...]
    digests: tuple[str, ...]
    dependents: tuple[System, ...]


def reached(directory: Directory, root: str, scope: Scope) -> Reached:
    """What an order with this root and scope reaches now. root: rid, public id or name; "" for `Scope.ALL`.

    Raises Refused ``stop.root_unknown``, ``stop.ambiguous`` for a name that several systems bear.
    """
    if scope is Scope.COPY:
        copy = directory.copy(root)
        system = directory.system(copy.system) if copy else None
        if copy is None or system is None:
            raise _unknown(scope, root)
        return Reached(scope, copy.rid, 0, (system,), (copy,), (), (), ())
    if scope in (Scope.SYSTEM, Scope.LINEAGE):
        return _of_system(directory, root, scope)
    if scope is Scope.PARTY:
        party = directory.party(root)
        if party is None:
            raise _unknown(scope, root)
        root = party.rid
        hit = [s for s in directory.systems() if any(entry.party == root for entry in s.parties)]
    elif scope is Scope.WORLD:
        if root not in World.__members__.values():
            raise _unknown(scope, root)
        hit = [s for s in directory.systems() if root in s.worlds]
    else:
        if root:
            raise _unknown(scope, root)
        hit = list(directory.systems())
    systems = _ordered(hit)
    return Reached(scope, root, 0, systems, _copies(directory, systems), (), (), dependents(directory, systems))


def _of_system(directory: Directory, ref: str, scope: Scope) -> Reached:
    root = directory.system(ref)
    if root is None:
        raise _unknown(scope, ref)
    if len(called := directory.called(ref)) > 1:
        # A stop of the newest would leave running the one that was meant.
        raise Refused("stop.ambiguous", name=ref, ids=", ".join(each.id for each in called[-4:]))
    found = {root.rid: root}
    if scope is Scope.LINEAGE:
        _descend(directory, found)
    # Twins bring descendants, and those bring digests, so until nothing is added.
    while True:
        size = len(found)
        for digest in {digest for system in found.values() for digest in system.digests}:
            for twin in directory.by_digest(digest):
                found.setdefault(twin.rid, twin)
        if scope is Scope.LINEAGE:
            _descend(directory, found)
        if len(found) == size:
            break
    systems = _ordered(found.values())
    if scope is Scope.LINEAGE:
        twins = tuple(s.num for s in systems if s.num != root.num and root.num not in s.ancestors)
    else:
        twins = tuple(s.num for s in systems if s.num != root.num)
    digests = tuple(sorted({digest for system in systems for digest in system.digests}))
    return Reached(
        scope,
        root.rid,
        root.num,
        systems,
        _copies(directory, systems),
        twins,
        digests,
        dependents(directory, systems),
    )


def dependents(directory: Directory, systems: Iterable[System]) -> tuple[System, ...]:
    """Systems that use one of `systems`, or use one that does; without `systems` themselves."""
    seen = {system.rid for system in systems}
    waiting, found = list(seen), []
    while waiting:
        for child, relation in directory.children(waiting.pop()):
            if relation == Relation.USES and child.rid not in seen:
                seen.add(child.rid)
                found.append(child)
                waiting.append(child.rid)
    return _ordered(found)


def _descend(directory: Directory, found: dict[str, System]) -> None:
    waiting = list(found)
    while waiting:
        for child, relation in directory.children(waiting.pop()):
            # A relation that this version does not know is taken for a weights edge: it reaches further, not less.
            if relation != Relation.USES and child.rid not in found:
                found[child.rid] = child
                waiting.append(child.rid)


def _copies(directory: Directory, systems: Iterable[System]) -> tuple[Copy, ...]:
    return tuple(copy for system in systems for copy in directory.copies_of(system.rid) if not copy.ended)


def _ordered(systems: Iterable[System]) -> tuple[System, ...]:
    return tuple(sorted(systems, key=lambda system: system.num))


def _unknown(scope: Scope, root: str) -> Refused:
    return Refused("stop.root_unknown", scope=scope.value, root=root[:128])
