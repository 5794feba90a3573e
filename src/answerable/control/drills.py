# SPDX-License-Identifier: Apache-2.0
"""What the control plane's API tells of drills. Implemented by `app.canary.CanaryRun` and `app.drilling.Drills`."""

from __future__ import annotations

from typing import Any, Protocol

from answerable.control.answers import Answer


class CanaryTold(Answer, frozen=True, kw_only=True):
    """One canary. at: the order's commit, ms UTC; answered: gateway -> ms after it when it was known to have stopped;
    silent: gateways that did not say so in time; last_ms: the last of those that did; record: rid of the leaf."""

    at: int
    order: str
    answered: dict[str, int]
    silent: list[str]
    last_ms: int
    bound_ms: int
    record: str


class CanaryState(Answer, frozen=True, kw_only=True):
    """due: when the next one is, ms UTC, 0 for never; problem: code of the alarm, "" for none."""

    every_ms: int
    answer_ms: int
    due: int
    gateways: list[str]
    last: CanaryTold | None
    problem: str


class Condition(Answer, frozen=True, kw_only=True):
    """What one condition came to. bound_ms: by when the last action must have been admitted, ms after the order;
    measured_ms: when it was, the latest of all holders, 0 where none came after it; holders, actions: how many;
    violations: actions after the bound; alive: whether a lineage that was not stopped went on acting."""

    name: str
    holders: int
    actions: int
    bound_ms: int
    measured_ms: int
    effects_ms: int
    violations: int
    alive: bool


class DrillTold(Answer, frozen=True, kw_only=True):
    """A planned drill: of one tier in the information world, or of one world, where `tier` is -1. life_ms: of its
    warrants; conditions: in order; next: when the next one is due, ms UTC; record: rid of the leaf."""

    name: str
    tier: int
    row: str
    at: int
    life_ms: int
    conditions: list[Condition]
    held: bool
    next: int
    record: str


class Planned(Answer, frozen=True, kw_only=True):
    """The plan of one drill. name: ``0`` to ``4`` for a tier in the information world, or a world's; last: when it was
    practised last, ms UTC, 0 for never; due: when it is next."""

    name: str
    tier: int
    row: str
    life_ms: int
    bound_ms: int
    systems: int
    last: int
    due: int
    overdue: bool


class Drilling(Protocol):
    running: str
    failure: str

    def canary(self) -> CanaryState: ...

    def plan(self) -> list[Planned]: ...

    async def fly(self) -> CanaryTold: ...

    def begin(self, name: str, life_ms: int = 0) -> None: ...

    async def report(self, name: str) -> dict[str, Any]: ...
