# SPDX-License-Identifier: Apache-2.0
"""Reading the log's tables, and what a damaged one says."""

from __future__ import annotations

from answerable.log.leaf import leaf_hash
from answerable.model.units import Unit
from answerable.stores.postgres.reads import LogReads
from answerable.stores.postgres.session import Session
from answerable.stores.postgres.store import PostgresStore
from tests.ledger import append, leaf, unavailable


def test_the_edge_at_level_0_is_read_from_the_leaves(store: PostgresStore, beside: Session) -> None:
    leaves = [leaf() for _ in range(700)]
    for at in range(0, 700, 7):
        append(store, Unit(leaves=tuple(leaves[at : at + 7])))
    reads = LogReads(beside)
    hashes = [leaf_hash(data) for data in leaves]
    assert reads.tile(0, 0) == b"".join(hashes[:256])
    assert reads.tile(0, 2) == b"".join(hashes[512:])
    assert reads.tile(0, 3) == reads.tile(0, -1) == reads.tile(2, 0) == b""
    assert [tuple(row) for row in beside.rows("SELECT level, n FROM tile ORDER BY level, n")] == [
        (0, 0),
        (0, 1),
        (1, 0),
    ]
    assert reads.leaves(3, 600) == leaves[3:600]
    assert reads.leaves(699, 9999) == leaves[699:]
    assert reads.leaves(9, 3) == reads.leaves(700, 800) == []
    assert (reads.segment_of(13), reads.leaf(13)) == (7, leaves[13])
    with unavailable("store.absent"):
        reads.leaf(700)


def test_a_segment_that_is_missing_or_broken(store: PostgresStore, beside: Session) -> None:
    for _ in range(4):
        append(store, Unit(leaves=(leaf(), leaf())))
    beside.rows("UPDATE segment SET data = substr(data, 1, 9) WHERE first = 6")
    with unavailable("store.damaged"):
        LogReads(beside).leaf(6)
    beside.rows("DELETE FROM segment WHERE first = 4")
    with unavailable("store.damaged"):
        LogReads(beside).leaves(0, 8)
    with unavailable("store.absent"):
        LogReads(beside).leaf(4)
    assert LogReads(beside).integrity() == []
    beside.rows("DELETE FROM head")
    with unavailable("store.damaged"):
        LogReads(beside).state()
    with unavailable("store.damaged"):
        LogReads(beside).head()
