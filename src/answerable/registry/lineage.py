# SPDX-License-Identifier: Apache-2.0
"""What a system came from, what came from it, and what depends on it.

Ancestors and descendants run over weights edges (finetune, adapter, merge, quantized, distilled, copy). Dependents run
over `uses` edges: they lose a model that is stopped, but are not stopped themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from answerable.errors import Refused
from answerable.model.records import Edge, System
from answerable.ports import Directory

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


def descendants(directory: Directory, system: System) -> tuple[System, ...]:
    """All systems of any depth that came from `system`, without it, by registry number."""
    return _closure(directory, (system,), weights=True)


def dependents(directory: Directory, systems: Iterable[System]) -> tuple[System, ...]:
    """All systems that use one of `systems`, or use one that does, without them, by registry number."""
    return _closure(directory, tuple(systems), weights=False)


def _closure(directory: Directory, roots: tuple[System, ...], *, weights: bool) -> tuple[System, ...]:
    found: dict[str, System] = {}
    seen = {root.rid for root in roots}
    waiting = list(seen)
    while waiting:
        for child, relation in directory.children(waiting.pop()):
            if child.rid not in seen and (str(relation) != "uses") is weights:
                seen.add(child.rid)
                found[child.rid] = child
                waiting.append(child.rid)
    return tuple(sorted(found.values(), key=lambda system: system.num))
