# SPDX-License-Identifier: Apache-2.0
"""How people decided about holds, summed as it happens (`docs/spec/approval.md`): so that who asks how an approver
decides does not look through all that was ever asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from answerable.model.holds import Ballot, Hold

_COLUMNS: Final = {
    Ballot.APPROVE: "approved",
    Ballot.REJECT: "rejected",
    Ballot.MODIFY: "passed",
    Ballot.ESCALATE: "passed",
}


class Sums(msgspec.Struct):
    """Of one person. approved, rejected, passed: of real holds, and of planted ones not yet opened; planted: opened
    ones that the person decided about; caught: rejected of them; key: rid of the key leaf that signed last."""

    key: str = ""
    approved: int = 0
    rejected: int = 0
    passed: int = 0
    planted: int = 0
    caught: int = 0


class Tally:
    """holds: as they are now. One decision a person and hold counts: the last one."""

    __slots__ = ("_of", "_people", "_unopened")

    def __init__(self, holds: Iterable[Hold] = ()) -> None:
        self._of: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {}  # rid of a hold -> (person, columns)
        self._people: dict[str, Sums] = {}
        self._unopened: dict[str, int] = {}  # rid of a planted hold -> its end, ms UTC
        for hold in holds:
            self.take(hold)

    def take(self, hold: Hold) -> None:
        """The row of a hold as it is from now on."""
        self.drop(hold.rid)
        if hold.planted and not hold.opened:
            self._unopened[hold.rid] = hold.exp
        if not hold.votes:
            return
        last = {vote.person: vote for vote in hold.votes}
        counts = tuple((person, _columns(hold, vote.dec)) for person, vote in last.items())
        for person, columns in counts:
            sums = self._people.setdefault(person, Sums())
            sums.key = last[person].key
            for column in columns:
                setattr(sums, column, getattr(sums, column) + 1)
        self._of[hold.rid] = counts

    def drop(self, hold: str) -> None:
        """There is no such row, or it is another one now."""
        self._unopened.pop(hold, None)
        for person, columns in self._of.pop(hold, ()):
            sums = self._people[person]
            for column in columns:
                setattr(sums, column, getattr(sums, column) - 1)
            if not (sums.approved or sums.rejected or sums.passed or sums.planted):
                del self._people[person]

    def people(self) -> Iterator[tuple[str, Sums]]:
        """(rid of a person, sums) of everybody who ever decided about one."""
        return iter(self._people.items())

    def unopened(self, now_ms: int) -> list[str]:
        """rids of planted holds whose time is over and that were not opened yet, the oldest first."""
        return [rid for rid, end in self._unopened.items() if now_ms >= end]


def _columns(hold: Hold, dec: Ballot) -> tuple[str, ...]:
    if not (hold.planted and hold.opened and dec in (Ballot.APPROVE, Ballot.REJECT)):
        return (_COLUMNS[dec],)
    return ("planted", "caught") if dec is Ballot.REJECT else ("planted",)
