# SPDX-License-Identifier: Apache-2.0
"""Rates: so many calls in so many seconds (`docs/spec/budgets.md`). Kept in memory alone, by the monotonic clock: a
restart forgets what was called before it, as it forgets who was waiting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from answerable.errors import Refused
from answerable.model.budgets import Rate
from answerable.tools.accounts import Account, pots
from answerable.tools.windows import Window

SECOND_MS: Final = 1_000
# Sums are looked through once in so many calls: those of who is gone are forgotten.
TIDY: Final = 1_024

Pot = tuple[int, str]  # seconds, whose


class Rates:
    """Every rate of one gateway. Used on one event loop; times in ms of a monotonic clock."""

    def __init__(self, rates: Sequence[Rate]) -> None:
        self.rates = tuple(rates)
        self._sums: dict[Pot, Window] = {}
        self._counted = 0

    def limits(self, who: Account, tool_rate: int = 0) -> list[tuple[int, Pot]]:
        """(calls, sum) of every rate that `who` is held to. tool_rate: calls a minute that the tool itself takes from
        everybody together, 0 for no limit of its own."""
        found = [(rate.calls, (rate.seconds, name)) for rate in self.rates for name in pots(rate, who)]
        if tool_rate:
            found.append((tool_rate, (60, f"every tool={who.tool}")))
        return found

    def check(self, limits: Sequence[tuple[int, Pot]], now: int) -> None:
        """Return if one more call fits. Raises Refused ``rate.exceeded`` with the seconds after which it would."""
        for calls, pot in limits:
            window = self._window(pot)
            window.advance(now)
            if window.used >= calls:
                free = window.frees(window.used - calls + 1)
                wait = max(1, -(-(free - now) // SECOND_MS)) if free else pot[0]
                raise Refused("rate.exceeded", rate=f"{calls} in {pot[0]} s ({pot[1] or 'all'})", retry_s=wait)

    def count(self, limits: Sequence[tuple[int, Pot]], now: int) -> None:
        """A call was let through."""
        for pot in {pot for _, pot in limits}:
            self._window(pot).add(now, used=1)
        self._counted += 1
        if self._counted % TIDY == 0:
            self._tidy(now)

    def _window(self, pot: Pot) -> Window:
        window = self._sums.get(pot)
        if window is None:
            window = self._sums[pot] = Window(pot[0] * SECOND_MS)
        return window

    def _tidy(self, now: int) -> None:
        for pot, window in list(self._sums.items()):
            window.advance(now)
            if window.empty:
                del self._sums[pot]
