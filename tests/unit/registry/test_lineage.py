# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused
from answerable.model.records import Edge
from answerable.model.terms import Relation, SystemKind
from answerable.registry import lineage
from tests.small_registry import Registry


def test_ancestors_and_descendants_run_over_weights_and_dependents_over_uses() -> None:
    registry = Registry()
    firm = registry.party()
    base = registry.system(firm, "base")
    other = registry.system(firm, "other")
    merged = registry.system(firm, "merged", edges=[(base, Relation.MERGE), (other, Relation.MERGE)])
    small = registry.system(firm, "small", edges=[(merged, Relation.QUANTIZED)])
    app = registry.system(firm, "app", kind=SystemKind.APPLICATION, edges=[(small, Relation.USES)])
    agent = registry.system(firm, "agent", kind=SystemKind.AGENT, edges=[(app, Relation.USES)])
    book = registry.book
    assert lineage.ancestors(book, small.edges) == (base, other, merged)
    assert small.ancestors == (base.num, other.num, merged.num)
    assert app.ancestors == ()
    assert lineage.descendants(book, base) == (merged, small)
    assert lineage.dependents(book, [base]) == ()
    assert lineage.dependents(book, [small]) == (app, agent)
    assert lineage.dependents(book, [small, app]) == (agent,)


def test_an_unknown_parent_is_refused() -> None:
    with pytest.raises(Refused, match=r"system\.parent"):
        lineage.ancestors(Registry().book, [Edge(parent="a" * 32, relation=Relation.COPY)])


def test_a_lineage_that_no_warrant_can_carry_is_refused() -> None:
    registry = Registry()
    firm = registry.party()
    last = registry.system(firm, "m0")
    for n in range(1, lineage.MAX_ANCESTORS + 1):
        last = registry.system(firm, f"m{n}", edges=[(last, Relation.COPY)])
    assert len(last.ancestors) == lineage.MAX_ANCESTORS
    with pytest.raises(Refused, match=r"system\.lineage"):
        registry.system(firm, "one more", edges=[(last, Relation.COPY)])
