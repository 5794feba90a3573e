# SPDX-License-Identifier: Apache-2.0
"""Approvals on record, as detectors remember them: what as many people agreed to as it needs, and until when
(`docs/spec/approval.md`). Bounded: the oldest is forgotten first, and what was forgotten covers nothing.

The log counts each person once a hold, whatever keys they have: two signatures in it are two people.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from answerable.model.leaves import ApprovalLeaf, HoldLeaf, KeyLeaf, PlantedLeaf
from answerable.model.sights import Sight

REMEMBERED: Final = 65_536
TAKES: Final = (HoldLeaf, ApprovalLeaf, PlantedLeaf, KeyLeaf)  # of what a detector that asks must be shown


@dataclass(slots=True)
class _Held:
    need: int
    exp: int
    dig: str
    votes: dict[str, str] = field(default_factory=dict)  # key -> the digest that it agreed to
    leaves: list[str] = field(default_factory=list)


class Approvals:
    """most: how many holds are remembered."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._held: OrderedDict[str, _Held] = OrderedDict()  # rid of a hold -> what was said of it
        self._of: dict[str, str] = {}  # rid of an approval leaf -> rid of its hold

    def see(self, sight: Sight) -> None:
        """Remember what this sight says about an approval, if it does."""
        leaf = sight.leaf
        if isinstance(leaf, HoldLeaf):
            self._held[sight.rid] = _Held(leaf.need, leaf.exp, leaf.dig)
            while len(self._held) > self._most:
                self._forget(next(iter(self._held)))
        elif isinstance(leaf, ApprovalLeaf):
            self._voted(leaf, sight.rid)
        elif isinstance(leaf, PlantedLeaf):
            self._forget(leaf.hold)
        elif isinstance(leaf, KeyLeaf) and leaf.end is True:
            for held in self._held.values():
                held.votes.pop(leaf.prev if isinstance(leaf.prev, str) else "", None)

    def cover(self, approval: str, at: int) -> bool:
        """Whether the hold with that rid, or the one that the approval leaf with that rid is about, was agreed to by as
        many people as it needs, at that instant, ms UTC."""
        held = self._held.get(self._of.get(approval, approval))
        if held is None or at >= held.exp:
            return False
        return 0 < held.need <= sum(dig == held.dig for dig in held.votes.values())

    def _voted(self, leaf: ApprovalLeaf, rid: str) -> None:
        held = self._held.get(leaf.hold)
        if held is None:
            return
        if leaf.dec == "reject":
            self._forget(leaf.hold)
            return
        if leaf.dec == "escalate":
            told = leaf.x.get("answerable.needs") if isinstance(leaf.x, dict) else None
            people = told.get("people") if isinstance(told, dict) else None
            held.need = people if isinstance(people, int) else 0
            return
        held.dig = leaf.dig
        held.votes.update({sig.key: leaf.dig for sig in leaf.sigs})
        held.leaves.append(rid)
        self._of[rid] = leaf.hold

    def _forget(self, hold: str) -> None:
        held = self._held.pop(hold, None)
        for rid in held.leaves if held is not None else ():
            self._of.pop(rid, None)
