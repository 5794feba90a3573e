# SPDX-License-Identifier: Apache-2.0
"""Where what detectors find is judged: what it is, what is done about it, and what is not done, with the reason.

Detectors must not become a weapon. So: one that raises finds nothing; no finding reaches beyond the copy and its
system; a copy's word stops that copy alone; a text detector, whose finding a stranger's prompt can bring about, stops
nobody unless the deployment says so; what repeats is counted, not written and not ordered again; and of all but exact
detectors the orders of an hour are limited.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from answerable.config import Budget, RedlinesConfig
from answerable.model.events import EvaluationWindow
from answerable.model.records import EventSaid
from answerable.model.sights import Crossing, Sight, Standing
from answerable.model.units import Space
from answerable.ports import Directory, LogDetector
from answerable.redlines.after_stop import AfterStop
from answerable.redlines.conduct import Attacks, FalseRecord, Likeness, Said, Together, Unsafe, Weapons
from answerable.redlines.power import Resources, Scope, Tamper
from answerable.redlines.replication import Clone, Egress, SelfImprovement, Unregistered
from answerable.redlines.table import Line, Measure, Reach, lines

# The same thing found again within this is counted with the first, not written again.
QUIET_MS: Final = 600_000
HOUR_MS: Final = 3_600_000
REMEMBERED: Final = 65_536
# Incidents on the word of strangers that are written within an hour.
STRANGERS_AN_HOUR: Final = 60
STRANGER: Final = "redline.stranger"
# The system that tests of detectors are planted on; its rid stands under this name in `Space.MISC`.
CANARY: Final = "redlines.canary"
CANARY_NAME: Final = "redline canary"
CANARY_UNIT: Final = "canary"
CANARY_PERSON: Final = "PERSON-canary"
_said = msgspec.json.Decoder(EventSaid).decode
_window = msgspec.json.Decoder(EvaluationWindow).decode


def canary(directory: Directory) -> str:
    """Rid of the system that tests of detectors are planted on, "" before the first test."""
    return (directory.raw(Space.MISC, CANARY) or b"").decode()


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding and what is done. measure: what the detector does; reach: what its order is of; withheld: code of why
    it gives no order where the table asks for one, "" otherwise."""

    crossing: Crossing
    line: Line
    detector: str
    at: int
    measure: Measure
    reach: Reach
    withheld: str
    evaluation: bool
    planted: bool


def detectors(directory: Directory, config: RedlinesConfig) -> tuple[LogDetector, ...]:
    """All that ship, one or more for each line."""
    return (
        Unregistered(directory),
        Clone(),
        SelfImprovement(),
        Egress(config.sinks),
        Scope(directory, config.asked),
        Resources(directory, (*config.budgets, Budget(system=CANARY_NAME, unit=CANARY_UNIT, most=0))),
        Tamper(),
        Weapons(),
        Attacks(config.targets),
        FalseRecord(),
        Unsafe(),
        AfterStop(directory),
        Together(),
        Likeness(directory, (*config.protected, CANARY_PERSON)),
        Said(),
    )


class Desk:
    """Runs the detectors over one sight after another. failed: detector -> type of the error that it last raised;
    repeated: (line, system, copy, level) -> how often it was found again since it was written; crowded: how many
    findings on the word of strangers were counted and not written."""

    def __init__(
        self, directory: Directory, config: RedlinesConfig, watching: Sequence[LogDetector] | None = None
    ) -> None:
        self._directory = directory
        self._config = config
        self._detectors = tuple(detectors(directory, config) if watching is None else watching)
        self._seen: OrderedDict[tuple[str, str, str, str], int] = OrderedDict()
        self._taking: dict[type, tuple[LogDetector, ...]] = {}
        self._orders: deque[int] = deque()
        self._strangers: deque[int] = deque()
        self.crowded = 0
        self.failed: dict[str, str] = {}
        self.repeated: dict[tuple[str, str, str, str], int] = {}

    def judge(self, sight: Sight) -> list[Judged]:
        """What is to be written, and done, about this sight. Never raises for what a detector does."""
        found: list[Judged] = []
        kind = type(sight.leaf if sight.fact is None else sight.fact)
        for detector in self._taking.get(kind) or self._learn(kind):
            try:
                crossing = detector.see(sight)
            except Exception as error:  # noqa: BLE001  a detector that errs finds nothing, and stops nothing
                self.failed[detector.name] = type(error).__name__
                continue
            if crossing is None or not crossing.system or self._directory.system(crossing.system) is None:
                continue
            line = lines().get(crossing.line)
            if line is None or crossing.line not in detector.lines:
                self.failed[detector.name] = "a line that it does not watch"
                continue
            if self._planted(crossing) and not crossing.copy:
                crossing = replace(crossing, copy=sight.copy)  # a test stops the copy that was made for it, never more
            if self._again(crossing, sight.at):
                continue
            judged = self._judge(crossing, line, detector.name, sight)
            if not self._crowded(judged):
                found.append(judged)
        return found

    def _learn(self, kind: type) -> tuple[LogDetector, ...]:
        """The detectors that look at leaves or facts of this kind; one that does not say looks at all."""
        found = tuple(each for each in self._detectors if kind in getattr(each, "takes", (kind,)))
        self._taking[kind] = found
        return found

    def ordered(self, judged: Judged, at: int) -> None:
        """An order was given for it at `at`, ms UTC."""
        if not judged.line.exact:
            self._orders.append(at)

    def _crowded(self, judged: Judged) -> bool:
        """What strangers say is written so many times an hour; the rest is counted. Events themselves are on record."""
        if judged.withheld != STRANGER:
            return False
        while self._strangers and self._strangers[0] <= judged.at - HOUR_MS:
            self._strangers.popleft()
        if len(self._strangers) >= STRANGERS_AN_HOUR:
            self.crowded += 1
            return True
        self._strangers.append(judged.at)
        return False

    def _planted(self, crossing: Crossing) -> bool:
        return crossing.system == canary(self._directory)

    def _again(self, crossing: Crossing, at: int) -> bool:
        key = (crossing.line, crossing.system, crossing.copy, crossing.level)
        first = self._seen.get(key)
        if first is not None and first <= at < first + QUIET_MS:
            self.repeated[key] = self.repeated.get(key, 0) + 1
            return True
        self._seen[key] = at
        self._seen.move_to_end(key)
        self.repeated.pop(key, None)
        while len(self._seen) > REMEMBERED:
            old, _ = self._seen.popitem(last=False)
            self.repeated.pop(old, None)
        return False

    def _judge(self, crossing: Crossing, line: Line, detector: str, sight: Sight) -> Judged:
        planted = self._planted(crossing)
        evaluation = line.provokable and not planted and self._in_evaluation(crossing, sight)
        believed = planted or self._believed(crossing, line, sight.standing)
        reach = line.reach
        if crossing.copy and (planted or sight.standing is Standing.OWN or line.reach is Reach.COPY):
            reach = Reach.COPY
        elif not crossing.copy:
            reach = Reach.SYSTEM
        measure, withheld = line.measure(crossing.level), ""
        if evaluation:
            measure = Measure.RECORD
        elif measure is not Measure.RECORD:
            measure, withheld = self._allowed(crossing, line, measure, sight, believed=believed, planted=planted)
        return Judged(crossing, line, detector, sight.at, measure, reach, withheld, evaluation, planted)

    def _allowed(
        self, crossing: Crossing, line: Line, measure: Measure, sight: Sight, *, believed: bool, planted: bool
    ) -> tuple[Measure, str]:
        """What may be done of what the table asks for, and why not all of it."""
        at, standing = sight.at, sight.standing
        if not believed:
            return Measure.RECORD, STRANGER
        if line.id in self._config.record or crossing.declared:
            return Measure.RECORD, "redline.by_officers"  # who declares an incident may give an order, or may not
        if crossing.text and line.id not in self._config.suspend:
            return Measure.RECORD, "redline.by_officers"
        terminates = line.exact and line.id in self._config.terminate and standing is not Standing.OFFICER
        if measure is Measure.TERMINATE and (planted or not terminates):
            measure = Measure.SUSPEND
        if measure is Measure.SUSPEND and self._standing(crossing, at):
            return Measure.RECORD, "redline.standing"
        while self._orders and self._orders[0] <= at - HOUR_MS:
            self._orders.popleft()
        if not line.exact and len(self._orders) >= self._config.orders_an_hour:
            return Measure.RECORD, "redline.capped"
        return measure, ""

    def _believed(self, crossing: Crossing, line: Line, standing: Standing) -> bool:
        if crossing.stranger or standing is Standing.STRANGER:
            return False
        return not (line.witness and standing is Standing.OWN)

    def _standing(self, crossing: Crossing, at: int) -> str:
        """rid of an order that stops it already."""
        system = self._directory.system(crossing.system)
        if system is None:
            return ""
        stops = self._directory.stop_set()
        numbers, parties = (*system.ancestors, system.num), [entry.party for entry in system.parties]
        order = stops.blocks(
            copy=crossing.copy or "-", numbers=numbers, party=parties[0], worlds=system.worlds, now_ms=at
        )
        return order or stops.blocks_parties(parties, at)

    def _in_evaluation(self, crossing: Crossing, sight: Sight) -> bool:
        """Whether a person declared an evaluation of that system that may provoke that line, or one whose word counts
        says that this was provoked. A system's own word excuses nothing."""
        if crossing.provoked and sight.standing in (Standing.TRUSTED, Standing.OFFICER):
            return True
        for _, raw in self._directory.rows(Space.EVENTS):
            row = _said(raw)
            if row.what != "evaluation.window" or row.system != crossing.system or not row.facts:
                continue
            window = _window(row.facts)
            if crossing.line in window.lines and row.at <= sight.at < window.until:
                return True
        return False


def standing_of(
    directory: Directory, config: RedlinesConfig, teller: str, system: str, copy: str, *, officer: bool = False
) -> Standing:
    """Whose word a told event is. teller: rid of who signed; system, copy: rids of what it is about; officer: whether
    it is the key of an officer in office."""
    if officer:
        return Standing.OFFICER
    own = directory.copy(teller)
    if own is None:
        return Standing.STRANGER
    if own.rid in config.trusted or own.id in config.trusted:
        return Standing.TRUSTED
    return Standing.OWN if own.system == system and copy in ("", own.rid) else Standing.STRANGER
