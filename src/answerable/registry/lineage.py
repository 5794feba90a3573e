# SPDX-License-Identifier: Apache-2.0
"""What a system came from, what came from it, and what depends on it.

Ancestors and descendants run over weights edges (finetune, adapter, merge, quantized, distilled, copy, made).
Dependents run over `uses` edges: they lose a model that is stopped, but are not stopped themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from answerable.errors import Refused
from answerable.model.records import Edge, System
from answerable.model.rows import Rows
from answerable.ports import Directory, Reach

# A warrant carries 256 numbers, its own system's included (`docs/spec/warrant.md`): a bound on a credential's size.
MAX_ANCESTORS: Final = 255


def ancestors(directory: Directory, edges: Iterable[Edge]) -> tuple[System, ...]:
    """All systems that something with these `edges` descends from, by registry number.

    Raises Refused ``system.parent`` for an edge to nothing, ``system.lineage`` past 255 ancestors.
    """
    found: dict[str, System] = {}
    waiting = [edge.parent for edge in edges if edge.relation.weights]
    while waiting:
        rid = waiting.pop()
        if rid in found:
            continue
        parent = directory.system(rid)
        if parent is None:
            raise Refused("system.parent", parent=rid)
        if len(found) == MAX_ANCESTORS:
            raise Refused("system.lineage", most=MAX_ANCESTORS)
        found[parent.rid] = parent
        waiting.extend(edge.parent for edge in parent.edges if edge.relation.weights)
    return tuple(sorted(found.values(), key=lambda system: system.num))


def descendants(directory: Directory, system: System) -> Rows[System]:
    """All systems of any depth that came from `system`, without it, by registry number."""
    roots = (system.num,)
    return rows(directory, directory.reach(roots).without(directory.reach(roots, descend=False)))


def dependents(directory: Directory, systems: Iterable[System]) -> Rows[System]:
    """All systems that use one of `systems`, or use one that does, without them, by registry number."""
    numbers = [system.num for system in systems]
    return rows(directory, directory.users(directory.reach(numbers, descend=False)))


def family(directory: Directory, system: System) -> tuple[Rows[System], Rows[System]]:
    """(descendants, dependents of the system and its descendants)."""
    below = directory.reach((system.num,))
    alone = directory.reach((system.num,), descend=False)
    return rows(directory, below.without(alone)), rows(directory, directory.users(below))


def rows(directory: Directory, reached: Reach) -> Rows[System]:
    """The systems of a set, looked up when they are asked for."""
    return Rows(len(reached), lambda: (row for num in reached if (row := directory.by_number(num)) is not None))
