# SPDX-License-Identifier: Apache-2.0
"""What must hold of a log after any fault."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from pathlib import Path

from answerable.log import checkpoint
from answerable.log.leaf import decode, rid
from answerable.log.merkle import consistency_proof, verify_consistency
from answerable.model.leaves import CloseLeaf
from answerable.model.units import Space
from answerable.ports import Store
from tests.ledger import VKEY, guard_at, recomputed, sequencer_over, sqlite_store


def heard(lines: Iterable[str]) -> tuple[set[str], list[bytes]]:
    """The acknowledged record ids and the published checkpoints among a victim's whole lines."""
    acknowledged = {line for line in lines if len(line) == 32}
    return acknowledged, [base64.b64decode(line[1:]) for line in lines if line.startswith("=")]


async def check(
    folder: Path, acknowledged: set[str], notes: Iterable[bytes], make: Callable[[Path], Store] = sqlite_store
) -> int:
    """Start again, as the program does, and look at everything; returns the number of leaves."""
    store = make(folder)
    sequencer = sequencer_over(store, guard_at(folder))
    await sequencer.start()
    note = await sequencer.published()
    view = store.view()
    leaves = view.leaves(0, 1 << 40)
    rids = {rid(data) for data in leaves}
    lost = acknowledged - rids
    assert not lost, f"{len(lost)} acknowledged records are lost"
    assert len(rids) == len(leaves)
    assert recomputed(view) == view.head()  # type: ignore[arg-type]
    size, root = view.head()
    if size:
        signed = checkpoint.verify(note, [VKEY])
        assert (signed.size, signed.root) == (size, root)
    for earlier in notes:
        old = checkpoint.verify(earlier, [VKEY])
        verify_consistency(old.size, old.root, size, root, consistency_proof(view.tile, old.size, size))
    closed = [leaf.open for leaf in map(decode, leaves) if isinstance(leaf, CloseLeaf)]
    assert len(closed) == len(set(closed)), "an action was closed twice"
    assert len(leaves) == 2 * len(closed), "an action was not settled"
    assert list(store.rows(Space.OPENS)) == []
    for its in list(acknowledged)[:40]:
        group = "in" if its in set(closed) else "out"
        found = view.payload(its, group)
        assert found is not None, "an acknowledged payload is lost"
        assert found[1] in (b"what is asked", b"what is said")
    view.close()
    await sequencer.close()
    return len(leaves)
