# SPDX-License-Identifier: Apache-2.0
"""The clocks of law that an incident started: which, since when, until when, and whether its report was handed in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from answerable.config import IncidentsConfig
from answerable.model.records import EventSaid, Incident
from answerable.redlines import deadlines, regimes
from answerable.redlines.desk import STRANGER
from answerable.redlines.regimes import Clock, Regime
from answerable.redlines.table import lines

MAX_REPEATS: Final = 26  # of a report that is due again and again: two years of every four weeks


@dataclass(frozen=True, slots=True)
class Running:
    """One clock. name: ``regime/clock``, as people say that it was filed; start, due: ms UTC; filed: when its report
    was handed in, 0 while it was not; waits: it starts when another report was filed, which has not been."""

    regime: Regime
    clock: Clock
    name: str
    start: int
    due: int
    filed: int
    waits: bool = False

    @property
    def open(self) -> bool:
        return not self.filed and not self.waits

    def overdue(self, now_ms: int) -> bool:
        return self.open and now_ms > self.due


def harms_of(incident: Incident, words: Iterable[EventSaid]) -> tuple[tuple[str, ...], int, bool]:
    """(harms, since when they are known ms UTC, whether a person said so). The newest classification counts; without
    one what was declared, or what the table says that such a line may mean."""
    # An order of officers has no red line, and no harm until a person says which.
    harms, aware, judged = lines()[incident.line].harms if incident.line in lines() else (), incident.at, False
    for word in words:
        facts = _facts(word)
        if word.what == "incident.declared" and word.rid in incident.evidence and facts.get("harms"):
            harms, judged = tuple(facts["harms"]), True
        if word.what == "incident.classified" and facts.get("incident") == incident.rid:
            harms, aware, judged = tuple(facts["harms"]), min(int(facts["aware"]), word.at), True
    return harms, aware, judged


def running(
    incident: Incident, words: Sequence[EventSaid], config: IncidentsConfig, *, places: Iterable[str], tier: int
) -> list[Running]:
    """The clocks of every regime that binds, soonest first. A planted incident and one of an evaluation start none; nor
    do, unless a person said that harm was done, a yellow one and one on the word of a stranger."""
    harms, aware, judged = harms_of(incident, words)
    believed = incident.level == "red" and incident.withheld != STRANGER
    if incident.planted or incident.evaluation or not (believed or judged):
        return []
    filed: dict[str, list[int]] = {}
    for word in words:
        facts = _facts(word)
        if word.what == "report.filed" and facts.get("incident") == incident.rid:
            filed.setdefault(str(facts.get("clock", "")), []).append(word.at)
    found: list[Running] = []
    where = frozenset(places)
    for each in regimes.regimes().regime:
        on = deadlines.on_day(aware, each.zone)
        binding = next(b for b in regimes.bindings(config, places=where, tier=tier, on=on) if b.regime is each)
        if binding.binds:
            for clock in regimes.clocks(each, harms):
                found.extend(_started(each, clock, aware, filed, harms))
    return sorted(found, key=lambda run: (run.waits, run.due, run.name))


def _started(
    each: Regime, clock: Clock, aware: int, filed: dict[str, list[int]], harms: Iterable[str]
) -> Iterable[Running]:
    name = f"{each.id}/{clock.id}"
    own = sorted(filed.get(name, []))
    start = aware
    if clock.after:
        # Of the clocks that it follows, those that run: the first report that was filed starts it.
        running_ids = {run.id for run in regimes.clocks(each, tuple(harms))}
        before = [at for run in clock.after if run in running_ids for at in filed.get(f"{each.id}/{run}", [])]
        if not before:
            yield Running(each, clock, name, 0, 0, 0, waits=True)
            return
        start = min(before)
    for count in range(MAX_REPEATS if clock.repeats else 1):
        done = own[count] if count < len(own) else 0
        end = deadlines.due(clock, start, each.zone)
        yield Running(each, clock, name, start, end, done)
        if not done:
            return
        start = end


def _facts(word: EventSaid) -> dict[str, Any]:
    try:
        facts = msgspec.json.decode(word.facts or "{}")
    except msgspec.DecodeError:
        return {}
    return facts if isinstance(facts, dict) else {}
