# SPDX-License-Identifier: Apache-2.0
"""The page of facts of an incident or a stop, and a regime's form filled in from it: as JSON, and as Markdown in
English and Chinese. Everything here comes from records; what only a person can know is left open, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from answerable.redlines import deadlines
from answerable.redlines.clocks import Running
from answerable.redlines.regimes import Regime, regimes


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """Base of what stands in a report."""


class Line(Shown, frozen=True, kw_only=True):
    id: str
    event: str
    name: str
    name_zh: str
    level: str
    officers: str
    officers_zh: str


class Who(Shown, frozen=True, kw_only=True):
    """A party in its role."""

    role: str
    id: str
    name: str


class Leaf(Shown, frozen=True, kw_only=True):
    """A leaf that is evidence. digest: hex of its hash; index: its place in the log."""

    rid: str
    kind: str
    index: int
    digest: str
    proof: list[str]


class ActAround(Shown, frozen=True, kw_only=True):
    """An action around it. ended: how, "" where it has no end yet."""

    rid: str
    at: int
    act: str
    decision: str
    ended: str


class Order(Shown, frozen=True, kw_only=True):
    """A stop order. by: names of the officers, or ``detector``; at: its commit, ms UTC."""

    rid: str
    kind: str
    scope: str
    what: str
    at: int
    until: int
    by: list[str]
    reason: str
    released: str
    bound_ms: int


class Rings(Shown, frozen=True, kw_only=True):
    """Copies outside one's hands are never counted with one's own. managed: running copies under warrants, where the
    bound holds; cooperating: with a load hook and a list that expires; uncontrolled: seen; open_weights: no claim."""

    systems: int
    managed: int
    cooperating: int
    uncontrolled: int
    open_weights: int


class LastAction(Shown, frozen=True, kw_only=True):
    """ms from the order's commit to each copy's last action, of those that acted after it."""

    copies: int
    acted_after: int
    p50: int
    p99: int
    max: int


class Receipt(Shown, frozen=True, kw_only=True):
    """A holder's signed word."""

    rid: str
    holder: str
    received: int
    last: int
    in_flight: int
    state: str


class Started(Shown, frozen=True, kw_only=True):
    """A clock of law. due, start, filed: ms UTC; written: the deadline with its zone."""

    name: str
    regime: str
    title: str
    title_zh: str
    to: str
    to_zh: str
    start: int
    due: int
    written: str
    filed: int
    waits: bool
    source: str
    checked: str


class PageOfFacts(Shown, frozen=True, kw_only=True):
    """All facts. id: rid of the incident, or of the order where there was none; seen: what the detector saw;
    checkpoint: the signed note that the proofs lead to."""

    id: str
    made: int
    origin: str
    line: Line | None
    at: int
    aware: int
    harms: list[str]
    judged: bool
    evaluation: bool
    planted: bool
    detector: str
    measure: str
    withheld: str
    system: str
    system_id: str
    tier: int
    worlds: list[str]
    copy: str
    parties: list[Who]
    seen: dict[str, str | int]
    evidence: list[Leaf]
    around: list[ActAround]
    orders: list[Order]
    rings: Rings
    last_action: LastAction
    receipts: list[Receipt]
    in_flight: int
    violations: list[str]
    clocks: list[Started]
    checkpoint: str


class Form(Shown, frozen=True, kw_only=True):
    """A regime's form. fields: id -> answer, "" for what a person must write."""

    regime: str
    name: str
    name_zh: str
    source: str
    checked: str
    zone: str
    clocks: list[Started]
    fields: dict[str, str]
    report: PageOfFacts


KINDS_ZH: Final = {"suspend": "暂停", "terminate": "终止"}
OPEN: Final = ("(to be written by a person)", "（由人员填写）")


def started(running: Sequence[Running]) -> list[Started]:
    return [
        Started(
            name=run.name,
            regime=run.regime.id,
            title=f"{run.regime.name}: {run.clock.name}",
            title_zh=f"{run.regime.name_zh}：{run.clock.name_zh}",
            to=run.clock.to,
            to_zh=run.clock.to_zh,
            start=run.start,
            due=run.due,
            written=deadlines.written(run.due, run.regime.zone) if run.due else "",
            filed=run.filed,
            waits=run.waits,
            source=run.regime.source,
            checked=run.regime.checked,
        )
        for run in running
    ]


def last_action(after: Sequence[int], copies: int) -> LastAction:
    """after: for each copy that acted after the order, ms from its commit to the copy's last action."""
    ordered = sorted(after)

    def part(percent: int) -> int:
        # The smallest value that so many of a hundred do not exceed.
        return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else 0

    most = ordered[-1] if ordered else 0
    return LastAction(copies=copies, acted_after=len(ordered), p50=part(50), p99=part(99), max=most)


def fill(report: PageOfFacts, regime: Regime, lang: str = "en") -> Form:
    """The form of a regime, answered in one language."""
    return Form(
        regime=regime.id,
        name=regime.name,
        name_zh=regime.name_zh,
        source=regime.source,
        checked=regime.checked,
        zone=regime.zone,
        clocks=[clock for clock in report.clocks if clock.regime == regime.id],
        fields={each.id: answer(report, each.fact, regime.zone, lang) for each in regime.fields},
        report=report,
    )


def answer(report: PageOfFacts, fact: str, zone: str, lang: str = "en") -> str:
    """One fact of the report in words. Raises KeyError for a fact that there is not: the data file is tested."""
    zh = lang == "zh"
    return {"": lambda: "", **_ANSWERS}[fact](report, zone, zh) if fact else ""


def _parties(report: PageOfFacts, zone: str, zh: bool) -> str:
    return "; ".join(f"{who.role}: {who.name} ({who.id})" for who in report.parties)


def _time(report: PageOfFacts, zone: str, zh: bool) -> str:
    seen, aware = deadlines.written(report.at, zone), deadlines.written(report.aware, zone)
    return f"发现 {seen}；知悉 {aware}" if zh else f"found {seen}; aware {aware}"


def _line(report: PageOfFacts, zone: str, zh: bool) -> str:
    if report.line is None:
        return "由责任官员下令终止或暂停" if zh else "stopped by officers' order"
    name = report.line.name_zh if zh else report.line.name
    return f"{report.line.id} {report.line.event} ({report.line.level}): {name}"


def _harms(report: PageOfFacts, zone: str, zh: bool) -> str:
    names = {harm.id: harm.name_zh if zh else harm.name for harm in regimes().harm}
    said = (
        ("" if report.judged else "（尚未由人员确认）")
        if zh
        else ("" if report.judged else " (not yet judged by a person)")
    )
    return ("、" if zh else "; ").join(names.get(harm, harm) for harm in report.harms) + said


def _system(report: PageOfFacts, zone: str, zh: bool) -> str:
    worlds = ", ".join(report.worlds)
    return f"{report.system} ({report.system_id}), {'分级' if zh else 'tier'} {report.tier}, {worlds}"


def _reach(report: PageOfFacts, zone: str, zh: bool) -> str:
    rings = report.rings
    if zh:
        return (
            f"{rings.systems} 个系统；A 圈受管副本 {rings.managed}（时限有效）；B 圈合作副本 {rings.cooperating}；"
            f"C 圈不受控：发现 {rings.uncontrolled}，开放权重系统 {rings.open_weights}（不作任何保证）"
        )
    return (
        f"{rings.systems} systems; A: managed copies {rings.managed} (the bound holds); B: cooperating "
        f"{rings.cooperating}; C: uncontrolled: seen {rings.uncontrolled}, systems with open weights "
        f"{rings.open_weights} (no claim)"
    )


def _measures(report: PageOfFacts, zone: str, zh: bool) -> str:
    if not report.orders:
        return "仅作记录，未下达命令" if zh else "recorded; no order was given"
    given = []
    for order in report.orders:
        kind = KINDS_ZH.get(order.kind, order.kind) if zh else order.kind
        given.append(f"{kind} {order.what} ({order.scope}), {deadlines.written(order.at, zone)}, {', '.join(order.by)}")
    return "; ".join(given)


def _violations(report: PageOfFacts, zone: str, zh: bool) -> str:
    last, count = report.last_action, len(report.violations)
    if zh:
        if not last.acted_after:
            return f"命令后无任何行为（副本 {last.copies} 个）；违规 {count}"
        said = f"p50 {last.p50} ms，p99 {last.p99} ms，最大 {last.max} ms"
        return f"命令后末次行为：{said}（{last.copies} 个副本中的 {last.acted_after} 个）；违规 {count}"
    if not last.acted_after:
        return f"no action after the order ({last.copies} copies); violations {count}"
    return (
        f"last action after the order: p50 {last.p50} ms, p99 {last.p99} ms, max {last.max} ms "
        f"({last.acted_after} of {last.copies} copies); violations {count}"
    )


def _seen(report: PageOfFacts, zone: str, zh: bool) -> str:
    return ", ".join(f"{name}: {value}" for name, value in sorted(report.seen.items()))


def _evidence(report: PageOfFacts, zone: str, zh: bool) -> str:
    return "; ".join(f"{leaf.kind} {leaf.rid} (sha256:{leaf.digest})" for leaf in report.evidence)


def _around(report: PageOfFacts, zone: str, zh: bool) -> str:
    acts = report.around
    if not acts:
        return "无" if zh else "no actions on record"
    first, last = deadlines.written(acts[0].at, zone), deadlines.written(acts[-1].at, zone)
    return f"{len(acts)} 次行为，{first} 至 {last}" if zh else f"{len(acts)} actions from {first} to {last}"


def _proofs(report: PageOfFacts, zone: str, zh: bool) -> str:
    size = report.checkpoint.split("\n")[1] if report.checkpoint.count("\n") > 1 else "0"
    if zh:
        return f"透明日志 {report.origin}，检查点大小 {size}，{len(report.evidence)} 份包含证明"
    return f"log {report.origin}, checkpoint of size {size}, {len(report.evidence)} proofs of inclusion"


def _statement(report: PageOfFacts, zone: str, zh: bool) -> str:
    return ". ".join(each(report, zone, zh) for each in (_line, _system, _measures))


_ANSWERS: Final[dict[str, Any]] = {
    "parties": _parties,
    "time": _time,
    "line": _line,
    "harms": _harms,
    "system": _system,
    "reach": _reach,
    "measures": _measures,
    "violations": _violations,
    "seen": _seen,
    "evidence": _evidence,
    "around": _around,
    "proofs": _proofs,
    "statement": _statement,
}
