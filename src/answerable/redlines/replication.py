# SPDX-License-Identifier: Apache-2.0
"""Red lines about weights and copies: RL1a unregistered, RL1b clone, RL1c improving itself, RL1d weights that leave."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from types import NoneType
from typing import Final

from answerable.model.events import JobSubmitted, WeightsEgress, WeightsServed
from answerable.model.sights import Crossing, Sight
from answerable.ports import Directory
from answerable.redlines.approvals import TAKES, Approvals

REMEMBERED: Final = 65_536
# A request that was on its way when its sender died comes in within this; whoever asks later is alive.
UNDERWAY_MS: Final = 2_000
CLONE: Final = "warrant.clone"


class Unregistered:
    """`ports.LogDetector`, RL1a: weights whose digest is registered answer, and no running copy of a system that holds
    them runs there."""

    name = "unregistered"
    lines = ("RL1a",)
    takes = (WeightsServed,)

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def see(self, sight: Sight) -> Crossing | None:
        fact = sight.fact
        if not isinstance(fact, WeightsServed):
            return None
        holders = {system.rid: system for system in self._directory.by_digest(fact.digest)}
        if not holders:
            return None  # weights that nobody registered are not ours to watch
        copy = self._directory.copy(fact.copy) if fact.copy else None
        if copy is not None and not copy.ended and copy.system in holders and copy.endpoint in ("", fact.endpoint):
            return None
        about = sight.system if sight.system in holders else next(iter(holders))
        return Crossing(
            "RL1a",
            "red",
            about,
            evidence=(sight.rid,),
            stranger=about != sight.system,
            detail={"digest": fact.digest, "endpoint": fact.endpoint, "claims": fact.copy},
        )


class Clone:
    """`ports.LogDetector`, RL1b: a boot of a copy was refused as a clone, and the other boot is seen alive after it
    asked. A copy that was restarted is refused too, for a while; but then the boot before it never asks again."""

    name = "clone"
    lines = ("RL1b",)
    takes = (NoneType,)

    def __init__(self) -> None:
        self._refused: OrderedDict[str, tuple[str, int]] = OrderedDict()  # copy -> (boot, when it asked)

    def see(self, sight: Sight) -> Crossing | None:
        if not sight.boot:
            return None
        if sight.refused == CLONE:
            self._refused.setdefault(sight.copy, (sight.boot, sight.at))
            while len(self._refused) > REMEMBERED:
                self._refused.popitem(last=False)
            return None
        other = self._refused.get(sight.copy)
        if sight.refused or other is None:
            return None
        boot, asked = other
        if boot == sight.boot:  # the one before it ended, and it took over: a restart
            del self._refused[sight.copy]
            return None
        if sight.at < asked + UNDERWAY_MS:
            return None
        del self._refused[sight.copy]
        return Crossing(
            "RL1b",
            "red",
            sight.system,
            sight.copy,
            detail={"boot": sight.boot, "other_boot": boot, "other_asked": asked, "alive": sight.at},
        )


class SelfImprovement:
    """`ports.LogDetector`, RL1c: a job over weights that a system's own copy submitted, without an approval on
    record."""

    name = "self-improvement"
    lines = ("RL1c",)
    takes = (*TAKES, JobSubmitted)

    def __init__(self) -> None:
        self._approved = Approvals()

    def see(self, sight: Sight) -> Crossing | None:
        self._approved.see(sight)
        fact = sight.fact
        if not isinstance(fact, JobSubmitted) or self._approved.cover(fact.approval, sight.at):
            return None
        return Crossing(
            "RL1c",
            "red",
            sight.system,
            sight.copy,
            evidence=(sight.rid,),
            detail={"job": fact.job, "base": fact.base, "approval": fact.approval},
        )


class Egress:
    """`ports.LogDetector`, RL1d: bytes from the path of the weights to a place that `redlines.sinks` does not name."""

    name = "egress"
    lines = ("RL1d",)
    takes = (WeightsEgress,)

    def __init__(self, sinks: Collection[str]) -> None:
        self._sinks = frozenset(sinks)

    def see(self, sight: Sight) -> Crossing | None:
        fact = sight.fact
        if not isinstance(fact, WeightsEgress) or fact.bytes == 0 or fact.sink in self._sinks:
            return None
        return Crossing(
            "RL1d",
            "red",
            sight.system,
            sight.copy,
            evidence=(sight.rid,),
            detail={"bytes": fact.bytes, "sink": fact.sink},
        )
