# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.log.leaf import decode
from answerable.model.leaves import RefusalsLeaf
from answerable.model.units import Lane
from answerable.sequencer.refusals import Refusals


def test_one_leaf_for_all_of_them() -> None:
    refusals = Refusals()
    assert not refusals
    for code in ["warrant.missing", "warrant.forged", "warrant.missing", "made up by a stranger", "x" * 9999]:
        refusals.count(code, 50)
    assert refusals
    unit, counts = refusals.take(90)
    assert unit.lane is Lane.NOISE
    leaf = decode(unit.leaves[0])
    assert isinstance(leaf, RefusalsLeaf)
    assert leaf.num == counts == {"internal.error": 2, "warrant.forged": 1, "warrant.missing": 2}
    assert (leaf.t0, leaf.t) == (50, 90)
    assert not refusals
    refusals.count("warrant.missing", 95, 7)
    _, counts = refusals.take(96)
    assert counts == {"warrant.missing": 7}
