# SPDX-License-Identifier: Apache-2.0
"""What a tier asks for at each moment: build, sale, use. `duties.toml` is the table; here are the means to check it.

A duty is met, lapsed, or not yet checkable because the means do not exist; the last is always listed, with its reason,
and is never counted as met. A lapsed duty refuses the act and, for a running copy, the next warrant.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from answerable.errors import Refused
from answerable.model.records import System
from answerable.model.terms import Moment, Role, Standing
from answerable.ports import Directory
from answerable.registry import admins, tables, tiers
from answerable.registry.tiers import Tiering

# Roles that make a party answer for what a system does; insurers, registrars and authorities vouch, cover or oversee.
ANSWERING: Final = frozenset({Role.PROVIDER, Role.DEPLOYER, Role.IMPORTER, Role.DISTRIBUTOR, Role.OPERATOR})
# What the gateway writes labels for today (`formats`).
LABELLED: Final = frozenset({"text"})


class State(StrEnum):
    MET = "met"
    LAPSED = "lapsed"
    UNCHECKED = "not_yet_checkable"


@dataclass(frozen=True, slots=True)
class Duty:
    """One duty of one system at one moment. why, why_zh: why it is not checkable, or what would meet it."""

    id: str
    tier: int
    moment: Moment
    state: State
    words: str
    words_zh: str
    why: str = ""
    why_zh: str = ""


@dataclass(frozen=True, slots=True)
class _Case:
    directory: Directory
    system: System
    tiering: Tiering


def assess(directory: Directory, system: System, moment: Moment, *, tiering: Tiering | None = None) -> tuple[Duty, ...]:
    """Every duty that the system has at `moment`, lowest tier first. tiering: if the caller has it already."""
    case = _Case(directory, system, tiering or tiers.of(directory, system))
    tier = max(system.tier, case.tiering.tier)
    return tuple(
        _judge(row, moment, case)
        for row in tables.duties().duty
        if row.tier <= tier and moment in row.moments and _holds(row.only, case)
    )


def enforce(directory: Directory, system: System, moment: Moment, *, tiering: Tiering | None = None) -> None:
    """Raises Refused ``system.duty`` for the first duty that lapsed."""
    for duty in assess(directory, system, moment, tiering=tiering):
        if duty.state is State.LAPSED:
            raise Refused(
                "system.duty",
                duty=duty.id,
                tier=max(system.tier, duty.tier),
                moment=moment.value,
            )


def lapsed(directory: Directory, system: System, moment: Moment = Moment.USE) -> tuple[str, ...]:
    """Ids of the duties that can be checked and are not met."""
    return tuple(duty.id for duty in assess(directory, system, moment) if duty.state is State.LAPSED)


class Watch:
    """`lapsed` at the moment of use for the path, where it is asked for each action: remembered until the registry
    changes. `changes` tells how often it did (`Book.changes`)."""

    def __init__(self, directory: Directory, changes: Callable[[], int]) -> None:
        self._directory = directory
        self._changes = changes
        self._seen = -1
        self._known: dict[str, tuple[str, ...]] = {}

    def lapsed(self, system: System) -> tuple[str, ...]:
        """Ids of the duties that can be checked and are not met now."""
        now = self._changes()
        if now != self._seen:
            self._known.clear()
            self._seen = now
        found = self._known.get(system.rid)
        if found is None:
            found = self._known[system.rid] = lapsed(self._directory, system)
        return found

    def met(self, system: System) -> bool:
        """Whether no duty that can be checked has lapsed."""
        return not self.lapsed(system)


def _holds(only: tables.Only, case: _Case) -> bool:
    return (
        (only.opaque is None or only.opaque is (case.system.opaque is not None))
        and (only.provisional is None or only.provisional is any(r.provisional for r in case.tiering.reasons))
        and (only.worlds is None or not only.worlds.isdisjoint(case.system.worlds))
    )


def _judge(row: tables.DutyRow, moment: Moment, case: _Case) -> Duty:
    # A row without a check has no means; a check may also find that they do not reach this system.
    state = _CHECKS[row.check](case) if row.check else State.UNCHECKED
    why, why_zh = {
        State.MET: ("", ""),
        State.LAPSED: (row.remedy, row.remedy_zh),
        State.UNCHECKED: (row.missing, row.missing_zh),
    }[state]
    return Duty(row.id, row.tier, moment, state, row.words, row.words_zh, why, why_zh)


def _met(yes: bool) -> State:
    return State.MET if yes else State.LAPSED


def _answered(case: _Case) -> State:
    return _met(any(entry.role in ANSWERING for entry in case.system.parties))


def _identified(case: _Case) -> State:
    answering = [case.directory.party(e.party) for e in case.system.parties if e.role in ANSWERING]
    return _met(bool(answering) and all(p is not None and p.standing is not Standing.DECLARED for p in answering))


def _licensed(case: _Case) -> State:
    return _met(bool(case.system.licence))


def _pinned(case: _Case) -> State:
    return _met(bool(case.system.digests) or case.system.opaque is not None)


def _labels(case: _Case) -> State:
    words = tables.capabilities()
    made = {name for name in case.system.capabilities if name in words and words[name].generates}
    return State.MET if made <= LABELLED else State.UNCHECKED


def _insured(case: _Case) -> State:
    return _met(any(entry.role is Role.INSURER for entry in case.system.parties))


def _path(_: _Case) -> State:
    # What the path does by itself for every action, whatever the system: it holds by construction.
    return State.MET


_CHECKS: Final[dict[str, Callable[[_Case], State]]] = {
    "answered": _answered,
    "identified": _identified,
    "licensed": _licensed,
    "pinned": _pinned,
    "labels": _labels,
    "insured": _insured,
    "path": _path,
    "two_officers": lambda case: _met(admins.officers(case.directory) >= 2),
    "three_officers": lambda case: _met(admins.officers(case.directory) >= 3),
}
