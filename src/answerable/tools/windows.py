# SPDX-License-Identifier: Apache-2.0
"""A sum over a window of time that moves, in steps: its memory is bounded whatever comes.

What falls into a step counts until the whole step lies outside the window. So a little counts for up to one part in
`STEPS` longer than asked for, and nothing ever for less.
"""

from __future__ import annotations

from collections import deque
from typing import Final

STEPS: Final = 288  # five minutes of a day


class Window:
    """Two sums side by side: what is reserved, and what was used. Times in ms, of one clock; they may come late, never
    by more than the window."""

    __slots__ = ("_order", "_step", "_sums", "_width", "reserved", "used")

    def __init__(self, width_ms: int) -> None:
        """width_ms: at least 1."""
        self._step = max(1, -(-width_ms // STEPS))
        self._width = width_ms
        self._sums: dict[int, list[int]] = {}  # step -> [reserved, used]
        self._order: deque[int] = deque()  # the steps, ascending
        self.reserved = 0
        self.used = 0

    @staticmethod
    def longest(width_ms: int) -> int:
        """How long after it began something counts at most."""
        return width_ms + max(1, -(-width_ms // STEPS))

    @property
    def empty(self) -> bool:
        """Whether nothing is counted."""
        return not self._order

    def add(self, at: int, *, reserved: int = 0, used: int = 0) -> None:
        """Count what began at `at`. Negative amounts take back what was counted at the same instant, as far as that is
        still counted."""
        step = at // self._step
        sums = self._sums.get(step)
        if sums is None:
            if reserved < 0 or used < 0:
                return  # it is not counted any more
            sums = self._sums[step] = [0, 0]
            self._enter(step)
        sums[0] += reserved
        sums[1] += used
        self.reserved += reserved
        self.used += used

    def holds(self, at: int) -> bool:
        """Whether what began at `at` is counted at all."""
        return at // self._step in self._sums

    def advance(self, now: int) -> None:
        """Count no longer what has left the window."""
        order = self._order
        while order and self._end(order[0]) <= now:
            reserved, used = self._sums.pop(order.popleft())
            self.reserved -= reserved
            self.used -= used

    def frees(self, amount: int = 1) -> int:
        """When at least `amount` less is counted than now; 0 if that never is."""
        gone = 0
        for step in self._order:
            gone += sum(self._sums[step])
            if gone >= amount:
                return self._end(step)
        return 0

    def _end(self, step: int) -> int:
        return (step + 1) * self._step + self._width

    def _enter(self, step: int) -> None:
        if not self._order or step > self._order[-1]:
            self._order.append(step)
            return
        late = []
        while self._order and self._order[-1] > step:
            late.append(self._order.pop())
        self._order.append(step)
        self._order.extend(reversed(late))
