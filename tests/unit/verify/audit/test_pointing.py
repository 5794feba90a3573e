# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.model.leaves import KINDS, KeyLeaf, OrderLeaf
from answerable.verify.audit.pointing import POINTS, targets
from tests.small_log import ORIGIN, T0, a_rid, every_kind, hidden, opened, world

RIDS = world().rids


def test_links_of_an_action() -> None:
    found = set(targets(opened(RIDS)))
    assert found == {
        ("sys", "system", RIDS["app"]),
        ("via", "system", RIDS["model"]),
        ("war", "warrant", RIDS["app warrant"]),
        ("vwar", "warrant", RIDS["model warrant"]),
        ("party", "party", RIDS["deployer"]),
    }


@pytest.mark.parametrize(("scope", "kind"), [("lineage", "system"), ("copy", "copy"), ("party", "party"), ("all", "")])
def test_an_orders_root_is_what_its_scope_says(scope: str, kind: str) -> None:
    root = a_rid("root") if kind else ""
    leaf = OrderLeaf(c=hidden(reason=b"x"), dig=[], kind="suspend", n="n", root=root, scope=scope, sigs=[], t=T0)
    assert list(targets(leaf)) == ([("root", kind, root)] if kind else [])


def test_a_key_of_the_log_belongs_to_no_party() -> None:
    leaf = KeyLeaf(n="n", own=ORIGIN, pub="p", t=T0, use="log")
    assert list(targets(leaf)) == []
    person = KeyLeaf(n="n", own=a_rid("person"), pub="p", t=T0, use="admin")
    assert list(targets(person)) == [("own", "party", a_rid("person"))]


def test_the_table_is_of_kinds_and_members_that_exist() -> None:
    for kind, members in POINTS.items():
        assert set(members) <= set(KINDS[kind].__struct_fields__)
    for leaf in every_kind():
        for _, kind, rid in targets(leaf):
            assert kind == "leaf" or kind in POINTS or kind in KINDS
            assert len(rid) == 32
