# SPDX-License-Identifier: Apache-2.0
"""What `test_replay` shows of whole rows, here of their refusals."""

from __future__ import annotations

import pytest

from answerable.log.leaf import decode, rid
from answerable.model.leaves import EraseLeaf, GrantLeaf, PreserveLeaf, ReadLeaf, RevokeLeaf
from answerable.registry.book import Book
from answerable.sequencer.replay_privacy import erasure, grant, hold, reading, revocation
from tests.whole_life import whole_life


def test_statements_of_nobody_and_about_nothing_are_not_told() -> None:
    life = whole_life()
    leaves = {rid(data): decode(data) for data in life.leaves}
    nothing = Book("x.example")
    seen = set()
    for its, leaf in leaves.items():
        match leaf:
            case EraseLeaf():
                assert erasure(life.book, leaf, its)[0].key == leaf.of
                refused = [lambda leaf=leaf, its=its: erasure(nothing, leaf, its)]
            case GrantLeaf():
                assert grant(life.book, leaf, its, leaves.get)[0].key == its
                refused = [
                    lambda leaf=leaf, its=its: grant(nothing, leaf, its, leaves.get),
                    lambda leaf=leaf, its=its: grant(life.book, leaf, its, lambda _: None),
                ]
            case RevokeLeaf():
                assert revocation(life.book, leaf, its)[0].key == leaf.grant
                refused = [lambda leaf=leaf, its=its: revocation(nothing, leaf, its)]
            case ReadLeaf():
                assert reading(life.book, leaf, its)[0].key == its
                refused = [lambda leaf=leaf, its=its: reading(nothing, leaf, its)]
            case PreserveLeaf():
                assert hold(life.book, leaf, its, "")[2].key == leaf.n
                refused = [lambda leaf=leaf, its=its: hold(nothing, leaf, its, "")]
            case _:
                continue
        seen.add(type(leaf))
        for each in refused:
            with pytest.raises(ValueError, match=r"nobody|no party|no action|not held|never given"):
                each()
    assert len(seen) == 5
