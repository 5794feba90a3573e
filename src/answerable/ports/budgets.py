# SPDX-License-Identifier: Apache-2.0
"""What an action may use: taken before it happens, settled when it has ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from answerable.model.actions import Action, Spent
from answerable.model.budgets import Settled
from answerable.model.terms import Outcome
from answerable.model.tools import Tool
from answerable.model.units import Rider
from answerable.model.warrants import Bearer


class Reservation(Protocol):
    """What one action may use. It counts in memory from the moment that it was given out."""

    @property
    def told(self) -> Mapping[str, Any]:
        """Members for the open leaf's `x`: what it is and for whom, so that rows can be told again from leaves."""

    @property
    def ceiling(self) -> int:
        """Tokens that one answer was reserved, where a budget counts them or what they cost; 0 where none does."""

    def open(self, rid: str) -> Rider:
        """What joins the unit of the open leaf `rid`."""

    def close(self, outcome: Outcome, spent: Spent | None, *, sent: bool) -> Settled:
        """What joins the unit of the close leaf. spent: None where the upstream was never asked; sent: whether anything
        reached it. Of an unknown outcome everything that was reserved is used. Not called where no close leaf is
        written: then everything that was reserved goes on counting."""

    def let_go(self) -> None:
        """No unit with `open` was written, and none will be: nothing counts any more. Safe to call twice."""


class Budgets(Protocol):
    """Rates and budgets together. One that limits nothing costs nothing."""

    def covers(self, action: Action, caller: Bearer, tool: Tool) -> bool:
        """Whether a budget stands for each of the tool's meters, of this caller; True where it has none."""

    def reserve(self, action: Action, caller: Bearer, tool: Tool | None) -> Reservation | None:
        """Count the call and reserve what it may use; None where nothing limits it. tool: the registered tool, None
        for a generation. Called once, after everything else that may refuse. Raises Refused ``rate.exceeded``
        (`retry_s`), ``budget.spent`` (`budget`, `left`, `frees`), ``budget.untold`` (the arguments do not say how much
        the call may use)."""
