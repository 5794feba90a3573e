# SPDX-License-Identifier: Apache-2.0
from answerable.model.terms import Criticality, Effect, Relation, Standing


def test_all_relations_but_uses_are_weights_edges() -> None:
    assert {r for r in Relation if not r.weights} == {Relation.USES}


def test_criticality_ranks_rise_in_order() -> None:
    assert [c.rank for c in Criticality] == [0, 1, 2, 3]
    assert Criticality.CRITICAL.rank > Criticality.SENSITIVE.rank > Criticality.ORDINARY.rank


def test_standings_are_listed_weakest_first() -> None:
    assert list(Standing) == ["declared", "vouched", "proven"]


def test_what_calls_no_tool_has_no_effect_of_one() -> None:
    assert list(Effect) == ["none", "read", "write", "irreversible"]
