# SPDX-License-Identifier: Apache-2.0
"""Reports and forms as Markdown, in English and Chinese."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from answerable.redlines import deadlines
from answerable.redlines.forms import OPEN, Form, PageOfFacts, answer
from answerable.redlines.regimes import Regime

LONG: Final = 160
HEADS: Final = (
    ("line", "What", "事由"),
    ("time", "When", "时间"),
    ("parties", "Who answers", "责任主体"),
    ("system", "System", "系统"),
    ("harms", "Harm", "损害"),
    ("seen", "What the detector saw", "检测器所见"),
    ("measures", "What was done", "已采取的措施"),
    ("reach", "Reach, by ring", "波及范围（分圈）"),
    ("violations", "After the order", "命令之后"),
    ("proofs", "Proofs", "证明"),
)


def page(report: PageOfFacts, lang: str = "en", zone: str = "") -> str:
    """The page of facts."""
    zh = lang == "zh"
    title = ("事件" if zh else "Incident") if report.line is not None else ("终止令" if zh else "Stop order")
    out = [f"# {title} {report.id}", ""]
    if report.planted:
        out += [
            (
                "**检测器的植入测试，并非真实事件。**"
                if zh
                else "**Planted: a test of the detector. Nothing happened.**"
            ),
            "",
        ]
    if report.evaluation:
        out += [
            (
                "**由评测诱发：已记录，不构成事件。**"
                if zh
                else "**Provoked by an evaluation: recorded, and no incident.**"
            ),
            "",
        ]
    out += ["| | |", "| --- | --- |"]
    out += [f"| {cell(two if zh else one)} | {cell(answer(report, fact, zone, lang))} |" for fact, one, two in HEADS]
    if report.copy:
        out.append(f"| {'副本' if zh else 'Copy'} | {cell(report.copy)} |")
    if report.withheld:
        out.append(f"| {'未下令的原因' if zh else 'Why no order'} | `{report.withheld}` |")
    if report.line is not None:
        ask = report.line.officers_zh if zh else report.line.officers
        out.append(f"| {'交由官员' if zh else 'For officers'} | {cell(ask)} |")
    out += _orders(report, zone, zh) + _holders(report, zone, zh) + _actions(report, zone, zh) + _leaves(report, zh)
    out += _clocks(report, zh)
    if report.checkpoint:
        out += ["", f"## {'检查点' if zh else 'Checkpoint'}", "", "```", *_note(report), "```"]
    return "\n".join(out) + "\n"


def _note(report: PageOfFacts) -> list[str]:
    """The signed note; of signatures that nobody reads by eye the beginning. The JSON holds it whole."""
    return [line if len(line) <= LONG else line[:LONG] + "…" for line in report.checkpoint.rstrip("\n").split("\n")]


def form(filled: Form, regime: Regime, lang: str = "en") -> str:
    """A regime's form, and the page of facts behind it."""
    zh = lang == "zh"
    out = [f"# {filled.name_zh if zh else filled.name}", ""]
    out += [
        f"{'依据' if zh else 'Source'}: {filled.source}",
        "",
        f"{'核对' if zh else 'Checked'}: {filled.checked}",
        "",
    ]
    if filled.clocks:
        out += [
            "| "
            + (" | ".join(("期限", "截止", "提交对象", "已提交") if zh else ("clock", "due", "to", "filed")))
            + " |"
        ]
        out += ["| --- | --- | --- | --- |"]
        for clock in filled.clocks:
            due = clock.written or ("自前一报告提交时起算" if zh else "starts when the report before it is filed")
            filed = deadlines.written(clock.filed, regime.zone) if clock.filed else "-"
            out.append(f"| {clock.name} | {due} | {cell(clock.to_zh if zh else clock.to)} | {filed} |")
        out.append("")
    for each in regime.fields:
        out += [f"## {each.name_zh if zh else each.name}", "", filled.fields[each.id] or OPEN[zh], ""]
    facts = page(filled.report, lang, regime.zone)
    return "\n".join(out) + "\n" + facts.replace("\n## ", "\n### ").replace("# ", "## ", 1)


def cell(text: str) -> str:
    """Text that cannot leave its cell: names come from strangers."""
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())


def _table(title: str, head: Iterable[str], rows: list[list[str]]) -> list[str]:
    if not rows:
        return []
    names = list(head)
    lines = ["", f"## {title}", "", "| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    return lines + ["| " + " | ".join(cell(each) for each in row) + " |" for row in rows]


def _orders(report: PageOfFacts, zone: str, zh: bool) -> list[str]:
    head = ("命令", "种类", "范围", "提交时间", "签署", "时限 ms", "理由") if zh else (
        "order", "kind", "scope", "committed", "by", "bound ms", "reason"
    )  # fmt: skip
    rows = [
        [
            o.rid,
            o.kind,
            f"{o.scope} {o.what}",
            deadlines.written(o.at, zone),
            ", ".join(o.by),
            str(o.bound_ms),
            o.reason,
        ]
        for o in report.orders
    ]
    return _table("命令" if zh else "Orders", head, rows)


def _holders(report: PageOfFacts, zone: str, zh: bool) -> list[str]:
    head = (
        ("持有者", "收到", "末次行为", "在途", "状态")
        if zh
        else ("holder", "received", "last action", "in flight", "state")
    )
    rows = [
        [r.holder, deadlines.written(r.received, zone), deadlines.written(r.last, zone), str(r.in_flight), r.state]
        for r in report.receipts
    ]
    return _table("回执" if zh else "Receipts", head, rows)


def _actions(report: PageOfFacts, zone: str, zh: bool) -> list[str]:
    head = ("记录", "时间", "行为", "裁决", "结果") if zh else ("record", "at", "act", "decision", "ended")
    rows = [[a.rid, deadlines.written(a.at, zone), a.act, a.decision, a.ended or "-"] for a in report.around]
    return _table("前后的行为" if zh else "Actions around it", head, rows)


def _leaves(report: PageOfFacts, zh: bool) -> list[str]:
    head = ("记录", "种类", "序号", "SHA-256") if zh else ("record", "kind", "index", "SHA-256")
    rows = [[leaf.rid, leaf.kind, str(leaf.index), leaf.digest] for leaf in report.evidence]
    return _table("证据" if zh else "Evidence", head, rows)


def _clocks(report: PageOfFacts, zh: bool) -> list[str]:
    head = ("期限", "截止", "提交对象", "来源") if zh else ("clock", "due", "to", "source")
    waiting = "自前一报告提交时起算" if zh else "starts when the report before it is filed"
    rows = [
        [c.title_zh if zh else c.title, c.written or waiting, c.to_zh if zh else c.to, c.source] for c in report.clocks
    ]
    return _table("法定报告期限" if zh else "Clocks of law", head, rows)
