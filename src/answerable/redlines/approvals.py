# SPDX-License-Identifier: Apache-2.0
"""Approvals on record, as detectors remember them: until when each holds (`docs/spec/leaves.md`, `approval`).
Bounded: the oldest is forgotten first, and what was forgotten covers nothing."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from answerable.model.leaves import ApprovalLeaf
from answerable.model.sights import Sight

REMEMBERED: Final = 65_536


class Approvals:
    """most: how many are remembered."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._ends: OrderedDict[str, int] = OrderedDict()  # rid of an approval -> when it ends, ms

    def see(self, sight: Sight) -> None:
        """Remember what this sight approves, if it does."""
        if isinstance(sight.leaf, ApprovalLeaf) and sight.leaf.dec == "approve":
            self._ends[sight.rid] = sight.leaf.exp
            while len(self._ends) > self._most:
                self._ends.popitem(last=False)

    def cover(self, approval: str, at: int) -> bool:
        """Whether the approval with that rid holds at that instant, ms UTC."""
        return at < self._ends.get(approval, 0)
