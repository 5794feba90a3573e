# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from hashlib import sha256

import pytest

from answerable.model.terms import Criticality, World
from answerable.ports import Group
from answerable.registry.lines import Lines
from tests.fleet import sha


@pytest.mark.parametrize("compress", [False, True])
def test_counts_by_class_without_a_look_at_rows(*, compress: bool) -> None:
    if compress:
        pytest.importorskip("numpy")
    lines = Lines(compress=compress)
    mild = (0, (World.INFORMATION,), Criticality.ORDINARY)
    grave = (4, (World.PHYSICAL,), Criticality.CRITICAL)
    for num, kind, copies in ((1, mild, 2), (2, grave, 0), (3, mild, 5)):
        lines.add(
            num, kind, ("p",), weights=(1,) if num > 1 else (), uses=(), digests=(sha("x"),), firsts=(1,), copies=copies
        )
    reach = lines.reach((1,), descend=True, twins=True)
    assert sorted(reach.groups(), key=lambda group: group.tier) == [Group(*mild, 2, 7), Group(*grave, 1, 0)]
    assert (len(reach), reach.copies(), list(reach.running())) == (3, 7, [1, 3])
    assert list(reach.without(lines.reach((1,), descend=False, twins=False))) == [2, 3]
    assert reach.digest_count() == 1
    if compress:
        assert reach.digest_list() == (1, sha256(sha("x").encode()).hexdigest())
    nothing = reach.without(reach)
    assert (len(nothing), nothing.copies(), list(nothing.groups()), nothing.digest_count()) == (0, 0, [], 0)
