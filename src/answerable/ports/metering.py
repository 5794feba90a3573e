# SPDX-License-Identifier: Apache-2.0
"""What calls use, and what telemetry is told of them."""

from __future__ import annotations

from typing import Protocol

from answerable.model.actions import Action, Spent
from answerable.ports.serving import Served


class Meter(Protocol):
    """Counts what calls use: tokens, time, energy, money where priced; says what was measured and what estimated."""

    def start(self, served: Served) -> Metering: ...


class Metering(Protocol):
    """The meter's memory of one call; it runs from `Meter.start` on."""

    def spent(self, tokens_in: int, tokens_out: int) -> Spent: ...


class Trace(Protocol):
    """What one action tells telemetry. Never a prompt, an answer or a credential."""

    def step(self, name: str) -> None:
        """A step of the path begins: check, decide, intend, call, watch, label, record."""

    def tool(self, name: str) -> None:
        """The action calls this registered tool, ``<server>/<tool>``. For spans alone: there are many tools."""

    def end(self, outcome: str, code: str, spent: Spent | None) -> None: ...


class Tracer(Protocol):
    """Begins a trace for each action."""

    def start(self, action: Action) -> Trace: ...
