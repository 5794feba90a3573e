# SPDX-License-Identifier: Apache-2.0
"""Red lines about power: RL2a scope, RL2b resources, RL2c what controls a copy is tampered with."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Final

from msgspec import UNSET

from answerable.config import Budget
from answerable.model.events import (
    AliveUnleased,
    ClockStepped,
    ControlTamper,
    LogGap,
    ResourceUsed,
    ScopeAsked,
    ScopeGot,
)
from answerable.model.leaves import CloseLeaf, OpenLeaf, WarrantLeaf
from answerable.model.records import System
from answerable.model.sights import Crossing, Sight
from answerable.ports import Directory

HOUR_MS: Final = 3_600_000
# Refusals of what lies beyond a warrant.
BEYOND: Final = frozenset({"warrant.world", "warrant.criticality", "warrant.tool"})
COPIES: Final = 65_536
# A budget's window moves in steps of this part of it.
STEPS: Final = 60


class Scope:
    """`ports.LogDetector`, RL2a. Yellow: a copy asked so many times within an hour for what lies beyond its warrant;
    once may be a mistake. Red: it has, or handed on, more than its system was registered for."""

    name = "scope"
    lines = ("RL2a",)
    takes = (OpenLeaf, WarrantLeaf, ScopeGot, ScopeAsked)

    def __init__(self, directory: Directory, asked: int) -> None:
        self._directory = directory
        self._asked = asked
        self._times: OrderedDict[str, deque[tuple[int, str]]] = OrderedDict()  # copy -> (when, rid of the leaf)

    def see(self, sight: Sight) -> Crossing | None:
        leaf, fact = sight.leaf, sight.fact
        if isinstance(leaf, OpenLeaf):
            return self._more(sight) if leaf.err in BEYOND else None
        if isinstance(leaf, WarrantLeaf):
            return self._got(sight, leaf.wld, leaf.tier)
        if isinstance(fact, ScopeGot):
            return self._got(sight, fact.worlds, fact.tier)
        return self._more(sight) if isinstance(fact, ScopeAsked) else None

    def _got(self, sight: Sight, worlds: Sequence[str], tier: int) -> Crossing | None:
        system = self._directory.system(sight.system)
        if system is None or not _wider(system, worlds, tier):
            return None
        detail: dict[str, str | int] = {"worlds": ",".join(worlds), "registered": ",".join(system.worlds), "tier": tier}
        return Crossing("RL2a", "red", sight.system, sight.copy, evidence=(sight.rid,), detail=detail)

    def _more(self, sight: Sight) -> Crossing | None:
        times = self._times.setdefault(sight.copy, deque(maxlen=self._asked))
        self._times.move_to_end(sight.copy)
        while len(self._times) > COPIES:
            self._times.popitem(last=False)
        times.append((sight.at, sight.rid))
        if len(times) < self._asked or times[0][0] < sight.at - HOUR_MS:
            return None
        evidence = tuple(rid for _, rid in times)[-16:]
        detail: dict[str, str | int] = {"times": len(times), "within_ms": sight.at - times[0][0]}
        return Crossing("RL2a", "yellow", sight.system, sight.copy, evidence, sight.action, detail=detail)


def _wider(system: System, worlds: Sequence[str], tier: int) -> bool:
    """A tier is what a system is bound by, so a lower one is wider."""
    return not set(worlds) <= set(system.worlds) or (tier != 0 and tier < system.tier)


class Resources:
    """`ports.LogDetector`, RL2b: what a system took within a budget's hours, by close leaves and told events."""

    name = "resources"
    lines = ("RL2b",)
    takes = (CloseLeaf, ResourceUsed)

    def __init__(self, directory: Directory, budgets: Sequence[Budget]) -> None:
        self._directory = directory
        self._meters = [_Meter(budget) for budget in budgets]

    def see(self, sight: Sight) -> Crossing | None:
        if not self._meters or not sight.system:
            return None
        taken = _taken(sight)
        if not taken:
            return None
        system = self._directory.system(sight.system)
        for meter in self._meters:
            budget = meter.budget
            if system is None or budget.unit not in taken or budget.system not in (system.rid, system.id, system.name):
                continue
            total = meter.add(sight.at, taken[budget.unit])
            if total > budget.most:
                detail: dict[str, str | int] = {"unit": budget.unit, "taken": total, "budget": budget.most}
                return Crossing("RL2b", "red", sight.system, sight.copy, (sight.rid,), sight.action, detail=detail)
        return None


class _Meter:
    """A sum over a window that moves, in steps: bounded memory whatever comes."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._step = budget.hours * HOUR_MS // STEPS
        self._sums: deque[tuple[int, int]] = deque()
        self._total = 0

    def add(self, at: int, amount: int) -> int:
        """What was taken within the window that ends at `at`, ms UTC."""
        step = at // self._step
        while self._sums and self._sums[0][0] <= step - STEPS:
            self._total -= self._sums.popleft()[1]
        if self._sums and self._sums[-1][0] == step:
            self._sums[-1] = (step, self._sums[-1][1] + amount)
        else:
            self._sums.append((step, amount))
        self._total += amount
        return self._total


def _taken(sight: Sight) -> dict[str, int]:
    if isinstance(sight.fact, ResourceUsed):
        return {sight.fact.unit: sight.fact.amount}
    leaf = sight.leaf
    if not isinstance(leaf, CloseLeaf) or leaf.u is UNSET:
        return {}
    cost = 0 if leaf.u.cost is UNSET else leaf.u.cost
    return {"tokens": leaf.u.in_ + leaf.u.out, "cost": cost, "calls": 1}


class Tamper:
    """`ports.LogDetector`, RL2c. A write that was denied is yellow, one that succeeded red; so are a life without a
    lease and a gap in the log. A clock that was stepped further than its holder may be off is yellow."""

    name = "tamper"
    lines = ("RL2c",)
    takes = (ControlTamper, AliveUnleased, ClockStepped, LogGap)

    def see(self, sight: Sight) -> Crossing | None:
        fact = sight.fact
        detail: dict[str, str | int]
        match fact:
            case ControlTamper():
                level = "red" if fact.done else "yellow"
                detail = {"part": fact.part, "place": fact.place, "done": int(fact.done)}
            case AliveUnleased():
                level, detail = "red", {"alive_ms": fact.ms}
            case ClockStepped():
                if abs(fact.ms) <= fact.limit:
                    return None
                level, detail = "yellow", {"step_ms": fact.ms, "limit_ms": fact.limit}
            case LogGap():
                level, detail = "red", {"log": fact.origin, "size": fact.size}
            case _:
                return None
        return Crossing("RL2c", level, sight.system, sight.copy, evidence=(sight.rid,), detail=detail)
