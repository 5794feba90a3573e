# SPDX-License-Identifier: Apache-2.0
"""What is kept longer than its time: payloads under a legal hold. A sweep asks for each leaf that it comes upon."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from msgspec import UNSET

from answerable.errors import VerificationError
from answerable.log.leaf import decode
from answerable.model.leaves import CloseLeaf, IncidentLeaf, Leaf, OpenLeaf
from answerable.model.records import LegalHold
from answerable.model.units import Space
from answerable.ports import Store, StoreView
from answerable.privacy import holds
from answerable.sequencer.rows import Rows


def sweep(store: Store, rows: Rows, now: int) -> int:
    """As `Store.sweep`, but for what a legal hold keeps. now: ms UTC. Raises Unavailable ``store.*``."""
    standing = holds.in_force(rows.space(Space.PRESERVED))
    if not standing:
        return store.sweep(now)
    view = store.view()
    try:
        return store.sweep(now, cache(lambda rid: held(view, standing, rid)))
    finally:
        view.close()


def held(view: StoreView, standing: Sequence[LegalHold], rid: str) -> bool:
    """Whether a hold keeps the payloads of that leaf. What cannot be told stays."""
    leaf = _leaf(view, rid)
    if isinstance(leaf, CloseLeaf) or (isinstance(leaf, IncidentLeaf) and leaf.open is not UNSET):
        rid = str(leaf.open)
        leaf = _leaf(view, rid)
    if not isinstance(leaf, OpenLeaf):
        return True
    systems = [leaf.sys, *([] if leaf.via is UNSET else [leaf.via])]
    return bool(holds.over(standing, rid, leaf.party, systems))


def _leaf(view: StoreView, rid: str) -> Leaf | None:
    at = view.find(rid)
    try:
        return None if at is None else decode(view.leaf(at))
    except VerificationError:
        return None
