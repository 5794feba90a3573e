# SPDX-License-Identifier: Apache-2.0
"""How much that turns out to be worthless is looked at, by address: a signature costs more to check than to invent."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Final

BURST: Final = 200  # refusals of one address that are borne at once
A_SECOND: Final = 5.0  # and how many are forgiven in a second
REMEMBERED: Final = 10_000  # addresses


class Refusals:
    """now: seconds on a monotonic clock. Used on one event loop."""

    def __init__(self, now: Callable[[], float], burst: int = BURST, forgiven: float = A_SECOND) -> None:
        self._now = now
        self._burst = burst
        self._forgiven = forgiven
        self._of: dict[str, tuple[float, float]] = {}  # address -> (refusals not yet forgiven, when that was counted)

    def too_many(self, address: str) -> bool:
        return self._left(address) >= self._burst

    def count(self, address: str, many: int = 1) -> None:
        """So many more. When too many addresses are remembered, those that are forgiven go first, then the oldest."""
        left = self._left(address)
        if address not in self._of and len(self._of) >= REMEMBERED:
            self._of = {name: entry for name, entry in self._of.items() if self._left(name) > 0}
            # Many at once: to look at all of them again for the next stranger would cost more than he does.
            for name in tuple(islice(self._of, max(0, len(self._of) - REMEMBERED * 9 // 10))):
                del self._of[name]
        self._of[address] = (left + many, self._now())

    def _left(self, address: str) -> float:
        count, when = self._of.get(address, (0.0, 0.0))
        return max(0.0, count - (self._now() - when) * self._forgiven)
