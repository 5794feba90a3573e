# SPDX-License-Identifier: Apache-2.0
"""The lineage edges of a registration: resolved, and checked to make sense together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from answerable.errors import Refused
from answerable.model.records import Edge
from answerable.model.terms import Relation, SystemKind
from answerable.ports import Directory
from answerable.registry.requests import EdgeSpec

# What stands beside the one parent of a quantized form or a copy: several parents, and who made it.
_BESIDE: Final = frozenset({Relation.MERGE, Relation.MADE})


def resolve(directory: Directory, kind: SystemKind, specs: Iterable[EdgeSpec], *, own: str) -> tuple[Edge, ...]:
    """Edges by the parents' rids, sorted, as the leaf holds them.

    own: what the new system itself is called so far (its id, its announcement): an edge to it is a cycle. No other
    cycle can arise, since a parent must be registered before its child and an edge never changes; `Book.load` checks
    that it did not. Raises Refused ``system.cycle|parent|ambiguous|relation``.
    """
    edges = []
    for spec in specs:
        if own and spec.parent == own:
            raise Refused("system.cycle", system=own)
        parent = directory.system(spec.parent)
        if parent is None:
            raise Refused("system.parent", parent=spec.parent)
        if len(called := directory.called(spec.parent)) > 1:
            # An edge is for ever: it must not fall on the newest of several by chance.
            raise Refused("system.ambiguous", name=spec.parent, ids=", ".join(each.id for each in called[-4:]))
        if spec.relation is Relation.USES and kind is SystemKind.MODEL:
            # Else a derivative could hide its lineage behind an edge that stop orders do not follow.
            raise Refused("system.relation", problem="a model does not use, it descends")
        edges.append(Edge(parent=parent.rid, relation=spec.relation))
    found = tuple(sorted(edges, key=lambda edge: (edge.parent, edge.relation)))
    if len({edge.parent for edge in found}) != len(found):
        raise Refused("system.relation", problem="one parent is named twice")
    merges = [edge for edge in found if edge.relation is Relation.MERGE]
    if len(merges) == 1:
        raise Refused("system.relation", problem="a merge has two parents or more")
    single = [edge for edge in found if edge.relation.weights and edge.relation not in _BESIDE]
    whole = [edge for edge in single if edge.relation in (Relation.QUANTIZED, Relation.COPY)]
    if whole and len(single) + len(merges) > 1:
        raise Refused("system.relation", problem="a quantized form or a copy has one parent")
    return found
