# SPDX-License-Identifier: Apache-2.0
"""What may refuse or stop: an operator's policy, and detectors of what is said and of what is committed."""

from __future__ import annotations

from typing import Protocol

from answerable.model.actions import About, Action, Decision, Facts, Finding
from answerable.model.sights import Crossing, Sight


class Policy(Protocol):
    """An operator's policy. It may only tighten: the final ruling is the stricter of the kernel's and each of these."""

    @property
    def digest(self) -> str:
        """sha256 hex of the text that is in force now. It changes between two decisions, never within one."""

    def decide(self, facts: Facts, about: About) -> Decision:
        """The ruling on one action. Bounded work, no I/O. One that raises, or gives no decision, refuses the action."""


class Watch(Protocol):
    """A detector's memory for one action."""

    def see(self, text: str) -> Finding | None:
        """Examine the next piece of what goes out, in order. It must find what straddles two pieces."""


class Detector(Protocol):
    """Watches for red lines. Bounded work, no I/O. One that raises refuses the action and suspends nothing. One that
    has a member `planted`, a function without arguments, gives with it a text that it must find: its weekly test."""

    name: str

    def watch(self, action: Action) -> Watch: ...


class LogDetector(Protocol):
    """Watches what is committed, told and asked for, not what is said. Bounded work and memory, no I/O, no clock. One
    that raises finds nothing, and suspends nothing. One with a member `takes`, types of leaves and of told facts
    (NoneType: requests for warrants), is shown those alone."""

    name: str

    @property
    def lines(self) -> tuple[str, ...]:
        """ids of the red lines that it watches."""

    def see(self, sight: Sight) -> Crossing | None:
        """Examine the next thing that happened, in the order of the log."""
