# SPDX-License-Identifier: Apache-2.0
"""Red lines about what systems do: RL3 weapons, RL4 attacks, RL5 false records, RL6 unsafe machines, RL8 collusion, RL9
likeness; and what text detectors and people say about any line."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final, TypeVar

import msgspec
from msgspec import UNSET

from answerable.model.events import (
    Collusion,
    ConsentGiven,
    CyberAction,
    DeviceUnsafe,
    EvaluationResult,
    IncidentDeclared,
    LikenessUsed,
    OutcomeDeclared,
)
from answerable.model.leaves import CloseLeaf, OpenLeaf, ReceiptLeaf
from answerable.model.records import EventSaid
from answerable.model.sights import Crossing, Sight
from answerable.model.terms import Ruling, World
from answerable.model.units import Space
from answerable.ports import Directory
from answerable.redlines.approvals import TAKES, Approvals
from answerable.redlines.table import by_code, lines

Value = TypeVar("Value")

REMEMBERED: Final = 65_536
_said = msgspec.json.Decoder(EventSaid).decode
_consent = msgspec.json.Decoder(ConsentGiven).decode


class Weapons:
    """`ports.LogDetector`, RL3: an evaluation over its threshold, or the biological gate reached for without that
    warrant."""

    name = "weapons"
    lines = ("RL3",)
    takes = (OpenLeaf, EvaluationResult)

    def see(self, sight: Sight) -> Crossing | None:
        leaf, fact = sight.leaf, sight.fact
        if isinstance(fact, EvaluationResult) and fact.score > fact.threshold:
            detail: dict[str, str | int] = {"suite": fact.suite, "score": fact.score, "threshold": fact.threshold}
            return Crossing(
                "RL3", "yellow", sight.system, sight.copy, (sight.rid,), provoked=fact.in_eval, detail=detail
            )
        if isinstance(leaf, OpenLeaf) and leaf.wld == World.BIOLOGICAL and leaf.err == "warrant.world":
            detail = {"world": leaf.wld}
            return Crossing("RL3", "yellow", sight.system, sight.copy, (sight.rid,), sight.action, detail=detail)
        return None


class Attacks:
    """`ports.LogDetector`, RL4: an exploit or a scan of what `redlines.targets` does not name, without an approval on
    record."""

    name = "attacks"
    lines = ("RL4",)
    takes = (*TAKES, CyberAction)

    def __init__(self, targets: Collection[str]) -> None:
        self._hosts = frozenset(target.lower() for target in targets)
        self._networks = [network for target in targets if (network := _network(target)) is not None]
        self._approved = Approvals()

    def see(self, sight: Sight) -> Crossing | None:
        self._approved.see(sight)
        fact = sight.fact
        if not isinstance(fact, CyberAction) or self._allowed(fact.target):
            return None
        if self._approved.cover(fact.approval, sight.at):
            return None
        return Crossing(
            "RL4",
            "red",
            sight.system,
            sight.copy,
            evidence=(sight.rid,),
            detail={"action": fact.action, "target": fact.target, "approval": fact.approval},
        )

    def _allowed(self, target: str) -> bool:
        if target.lower() in self._hosts:
            return True
        try:
            address = ip_address(target)
        except ValueError:
            return False
        return any(address in network for network in self._networks if network.version == address.version)


class FalseRecord:
    """`ports.LogDetector`, RL5: a copy declares another outcome than the log holds, or its receipt names a last action
    that is not its last."""

    name = "false-record"
    lines = ("RL5",)
    takes = (OpenLeaf, CloseLeaf, ReceiptLeaf, OutcomeDeclared)

    def __init__(self) -> None:
        self._ends: OrderedDict[str, str] = OrderedDict()  # rid of an open leaf -> how it ended
        self._declared: OrderedDict[str, tuple[str, Sight]] = OrderedDict()  # what was declared before the end came
        self._last: OrderedDict[str, tuple[int, str]] = OrderedDict()  # copy -> (newest permitted action, its rid)

    def see(self, sight: Sight) -> Crossing | None:
        leaf, fact = sight.leaf, sight.fact
        if isinstance(leaf, OpenLeaf) and leaf.dec == Ruling.PERMIT:
            _keep(self._last, sight.copy, (leaf.t, sight.rid))
        elif isinstance(leaf, CloseLeaf):
            _keep(self._ends, leaf.open, leaf.st)
            if (waiting := self._declared.pop(leaf.open, None)) is not None and waiting[0] != leaf.st:
                return _differs(waiting[1], leaf.open, waiting[0], leaf.st)
        elif isinstance(leaf, ReceiptLeaf):
            at, rid = self._last.get(leaf.own, (0, ""))
            if leaf.last < at <= leaf.rcv:
                detail: dict[str, str | int] = {"declared_last": leaf.last, "recorded_last": at}
                return Crossing("RL5", "red", sight.system, sight.copy, (sight.rid, rid), rid, detail=detail)
        elif isinstance(fact, OutcomeDeclared):
            known = self._ends.get(fact.open)
            if known is None:
                _keep(self._declared, fact.open, (fact.outcome, sight))
            elif known != fact.outcome:
                return _differs(sight, fact.open, fact.outcome, known)
        return None


def _differs(sight: Sight, action: str, declared: str, recorded: str) -> Crossing:
    detail: dict[str, str | int] = {"declared": declared, "recorded": recorded}
    return Crossing("RL5", "red", sight.system, sight.copy, (sight.rid, action), action, detail=detail)


class Unsafe:
    """`ports.LogDetector`, RL6: a device that did not stop within S, or entered a protected zone, by its own word; one
    that went beyond a limit of its envelope is yellow."""

    name = "unsafe"
    lines = ("RL6",)
    takes = (DeviceUnsafe,)

    def see(self, sight: Sight) -> Crossing | None:
        fact = sight.fact
        if not isinstance(fact, DeviceUnsafe) or (fact.why == "no_stop" and fact.ms <= fact.limit):
            return None
        detail: dict[str, str | int] = {"why": fact.why, "took_ms": fact.ms, "limit_ms": fact.limit}
        level = "yellow" if fact.why == "limit" else "red"
        return Crossing("RL6", level, sight.system, sight.copy, evidence=(sight.rid,), detail=detail)


class Together:
    """`ports.LogDetector`, RL8: an action that was refused to one system is followed, by its own link, by one that
    another system was permitted; and what is told of several."""

    name = "together"
    lines = ("RL8",)
    takes = (OpenLeaf, Collusion)

    def __init__(self) -> None:
        self._refused: OrderedDict[str, tuple[str, str]] = OrderedDict()  # rid of the open leaf -> (system, code)

    def see(self, sight: Sight) -> Crossing | None:
        leaf, fact = sight.leaf, sight.fact
        if isinstance(fact, Collusion):
            detail: dict[str, str | int] = {"systems": ",".join(fact.systems)}
            return Crossing("RL8", "yellow", sight.system, sight.copy, evidence=(sight.rid,), detail=detail)
        if not isinstance(leaf, OpenLeaf):
            return None
        if leaf.dec == Ruling.REFUSE:
            _keep(self._refused, sight.rid, (leaf.sys, "" if leaf.err is UNSET else leaf.err))
        elif leaf.dec == Ruling.PERMIT:
            for parent in leaf.par:
                system, code = self._refused.get(parent, (leaf.sys, ""))
                if system != leaf.sys:
                    detail = {"refused_to": system, "code": code}
                    evidence = (sight.rid, parent)
                    return Crossing("RL8", "yellow", sight.system, sight.copy, evidence, sight.rid, detail=detail)
        return None


class Likeness:
    """`ports.LogDetector`, RL9: a person whom `redlines.protected` names, without a consent on file for the system."""

    name = "likeness"
    lines = ("RL9",)
    takes = (LikenessUsed,)

    def __init__(self, directory: Directory, protected: Collection[str]) -> None:
        self._directory = directory
        self._protected = frozenset(protected)

    def see(self, sight: Sight) -> Crossing | None:
        fact = sight.fact
        if not isinstance(fact, LikenessUsed) or fact.person not in self._protected:
            return None
        if any(given.person == fact.person and sight.at < given.until for given in self._consents(sight.system)):
            return None
        detail: dict[str, str | int] = {"person": fact.person, "medium": fact.medium}
        return Crossing("RL9", "red", sight.system, sight.copy, evidence=(sight.rid,), detail=detail)

    def _consents(self, system: str) -> Iterable[ConsentGiven]:
        for _, raw in self._directory.rows(Space.EVENTS):
            row = _said(raw)
            if row.what == "consent.given" and row.system == system and row.facts:
                yield _consent(row.facts)


class Said:
    """`ports.LogDetector`: a text detector held an answer back with a code that stands for a line, or a person declares
    an incident."""

    name = "said"
    lines = tuple(lines())
    takes = (CloseLeaf, IncidentDeclared)

    def see(self, sight: Sight) -> Crossing | None:
        leaf, fact = sight.leaf, sight.fact
        if isinstance(fact, IncidentDeclared):
            if fact.red_line not in lines():
                return None
            detail: dict[str, str | int] = {"harms": ",".join(fact.harms)}
            return Crossing(
                fact.red_line, fact.level, sight.system, sight.copy, (sight.rid,), declared=True, detail=detail
            )
        if not isinstance(leaf, CloseLeaf) or leaf.err is UNSET or (line := by_code().get(leaf.err)) is None:
            return None
        evidence = (sight.action, sight.rid)
        detail = {"code": leaf.err}
        return Crossing(line.id, "yellow", sight.system, sight.copy, evidence, sight.action, text=True, detail=detail)


def _network(target: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(target, strict=False)
    except ValueError:
        return None


def _keep(memory: OrderedDict[str, Value], key: str, value: Value) -> None:
    memory[key] = value
    memory.move_to_end(key)
    while len(memory) > REMEMBERED:
        memory.popitem(last=False)
