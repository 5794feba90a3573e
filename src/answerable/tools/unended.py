# SPDX-License-Identifier: Apache-2.0
"""Which holds may still wait for people (`docs/spec/approval.md`): so that who asks anew looks at those, and not at all
that were ever asked."""

from __future__ import annotations

from collections.abc import Iterable

from answerable.model.holds import Hold


class Unended:
    """holds: as they are now, the oldest first; from then on it is told of each row that is committed. Used from one
    thread."""

    __slots__ = ("_holds",)

    def __init__(self, holds: Iterable[Hold] = ()) -> None:
        self._holds: dict[str, Hold] = {}
        for hold in holds:
            self.take(hold)

    def take(self, hold: Hold) -> None:
        """The row of a hold as it is from now on."""
        if hold.spent or hold.rejected:
            self.end(hold.rid)
        else:
            self._holds[hold.rid] = hold

    def end(self, hold: str) -> None:
        """It can never wait again: it was used or rejected, its time is over, or it has no row any more. hold: rid."""
        self._holds.pop(hold, None)

    def left(self) -> tuple[Hold, ...]:
        """Those that have not ended as far as is known, the oldest first."""
        return tuple(self._holds.values())
