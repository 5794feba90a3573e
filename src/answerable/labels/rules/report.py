# SPDX-License-Identifier: Apache-2.0
"""What was checked, as JSON (docs/spec/label-check.md), as text, and as a page of its own in Markdown or HTML."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from answerable.labels.rules.book import READ, Book, Rule
from answerable.labels.rules.verdicts import NAMES, Checked, Finding, Verdict, worst

VERSION: Final = 1
_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}th,td{border:1px solid #999;padding:.3rem .5rem;text-align:left;"
    "vertical-align:top;overflow-wrap:anywhere}.noncompliant{font-weight:bold}"
)
_SIGNS: Final = {
    Verdict.COMPLIANT: "+",
    Verdict.NONCOMPLIANT: "-",
    Verdict.NOT_FOUND: "0",
    Verdict.INCONCLUSIVE: "?",
}


@dataclass(frozen=True, slots=True)
class Report:
    """files: (name, what was found), in the order in which they were named; ai, deployer, on: as it was asked;
    language: en or zh."""

    book: Book
    files: Sequence[tuple[str, Checked]]
    on: date
    ai: bool
    deployer: bool
    language: str

    @property
    def verdict(self) -> Verdict:
        return worst(checked.verdict for _, checked in self.files)

    def counts(self) -> dict[Verdict, int]:
        found = Counter(checked.verdict for _, checked in self.files)
        return {each: found[each] for each in Verdict}


def as_json(report: Report) -> dict[str, Any]:
    """`docs/spec/label-check.schema.json` says what each member is."""
    zh = report.language == "zh"
    return {
        "version": VERSION,
        "rules": report.book.id,
        "title": _title(report.book, zh),
        "on": report.on.isoformat(),
        "ai": report.ai,
        "deployer": report.deployer,
        "language": report.language,
        "verdict": str(report.verdict),
        "counts": {str(each): count for each, count in report.counts().items()},
        "files": [_file(name, checked, zh) for name, checked in report.files],
        "duties": [_duty(each, zh) for each in report.book.duties],
    }


def _duty(rule: Rule, zh: bool) -> dict[str, str]:
    return {
        "rule": rule.id,
        "clause": rule.clause,
        "title": _title(rule, zh),
        "source": rule.source,
        "read": rule.read,
    }


def _file(name: str, checked: Checked, zh: bool) -> dict[str, Any]:
    return {
        "file": name,
        "format": checked.format,
        "medium": checked.medium,
        "by_ai": checked.by_ai,
        "verdict": str(checked.verdict),
        "problem": {"code": checked.code, "detail": _pick(zh, checked.problem, checked.problem_zh)}
        if checked.problem
        else None,
        "findings": [_finding(each, zh) for each in checked.findings],
    }


def _finding(found: Finding, zh: bool) -> dict[str, Any]:
    rule = found.rule
    return {
        "rule": rule.id,
        "clause": rule.clause,
        "title": _title(rule, zh),
        "verdict": str(found.verdict),
        "counts": found.counts,
        "detail": _pick(zh, found.told.detail, found.told.detail_zh),
        "remedy": "" if found.verdict is Verdict.COMPLIANT else _pick(zh, rule.remedy, rule.remedy_zh),
        "source": rule.source,
        "read": rule.read,
        "from": rule.from_.isoformat(),
    }


def lines(report: Report) -> list[str]:
    """For a terminal: each file with its clauses, and what is to be done about those that count."""
    zh = report.language == "zh"
    out: list[str] = []
    for name, checked in report.files:
        out.append(f"{name}: {_name(checked.verdict, zh)}" + (f" ({checked.format})" if checked.format else ""))
        if checked.problem:
            out.append(f"  ? {_pick(zh, checked.problem, checked.problem_zh)}")
        elif not checked.findings:
            out.append(_pick(zh, "  + no clause of these rules is about it", "  + 无适用条款"))
        for each in checked.findings:
            told = _pick(zh, each.told.detail, each.told.detail_zh)
            out.append(f"  {_SIGNS[each.verdict]} {_title(each.rule, zh)} ({each.rule.clause})")
            out.append(f"    {_name(each.verdict, zh)}: {told}")
            if each.verdict is Verdict.NONCOMPLIANT or (each.counts and each.verdict is Verdict.INCONCLUSIVE):
                out.append(f"    → {_pick(zh, each.rule.remedy, each.rule.remedy_zh)}")
    return [*out, summary(report)]


def summary(report: Report) -> str:
    zh = report.language == "zh"
    told = "; ".join(f"{_name(each, zh)} {count}" for each, count in report.counts().items() if count)
    return f"{report.book.id}: {told or _pick(zh, 'no files', '无文件')}"


def markdown(report: Report) -> str:
    """One page, with the duties that no file shows at its end."""
    zh = report.language == "zh"
    out = [f"# {_pick(zh, 'Labels checked', '标识检查报告')}", "", *_facts(report, zh), ""]
    for name, checked in report.files:
        out += [f"## {_md(name)}: {_name(checked.verdict, zh)}", "", _md(_about(checked, zh)), ""]
        if checked.findings:
            out += ["| " + " | ".join(_head(zh)) + " |", "| --- | --- | --- | --- |"]
            out += ["| " + " | ".join(map(_md, cells)) + " |" for cells in _rows(checked.findings, zh)]
            out.append("")
    out += [f"## {_pick(zh, 'What no file can show', '文件本身无法体现的义务')}", ""]
    out += [f"- {_md(rule.clause)}: {_md(_title(rule, zh))}" for rule in report.book.duties]
    return "\n".join(out) + "\n"


def page(report: Report) -> str:
    """The same in HTML: no script, nothing from elsewhere."""
    zh = report.language == "zh"
    title = _pick(zh, "Labels checked", "标识检查报告")
    out = [
        f'<!doctype html><html lang="{report.language}"><head><meta charset="utf-8"><title>{title}</title>',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1>",
        *(f"<p>{_h(each)}</p>" for each in _facts(report, zh) if each),
    ]
    for name, checked in report.files:
        out += [f"<h2>{_h(name)}: {_name(checked.verdict, zh)}</h2>", f"<p>{_h(_about(checked, zh))}</p>"]
        if checked.findings:
            out.append("<table><tr>" + "".join(f"<th>{each}</th>" for each in _head(zh)) + "</tr>")
            for each, cells in zip(checked.findings, _rows(checked.findings, zh), strict=True):
                out.append(f'<tr class="{each.verdict}">' + "".join(f"<td>{_h(cell)}</td>" for cell in cells) + "</tr>")
            out.append("</table>")
    out.append(f"<h2>{_pick(zh, 'What no file can show', '文件本身无法体现的义务')}</h2><ul>")
    out += [f"<li>{_h(rule.clause)}: {_h(_title(rule, zh))}</li>" for rule in report.book.duties]
    return "\n".join([*out, "</ul></body></html>"]) + "\n"


def _facts(report: Report, zh: bool) -> list[str]:
    stated = _pick(zh, "stated by who asked", "由检查者声明")
    found = _pick(zh, "as its label says", "以文件标识为准")
    return [
        f"{_title(report.book, zh)}. {_pick(zh, 'In force on', '适用日期')} {report.on.isoformat()}.",
        "",
        f"{_pick(zh, 'Made by AI', '人工智能生成')}: {stated if report.ai else found}. {summary(report)}.",
        "",
        " ".join(report.book.note.split()),
    ]


def _about(checked: Checked, zh: bool) -> str:
    if checked.problem:
        return _pick(zh, checked.problem, checked.problem_zh)
    known = _pick(
        zh,
        "known to be made by AI" if checked.by_ai else "nothing says that AI made it",
        "已知为人工智能生成" if checked.by_ai else "无信息表明由人工智能生成",
    )
    if not checked.findings:
        known += _pick(zh, "; no clause of these rules is about it", "；无适用条款")
    return f"{checked.format}: {known}"


def _head(zh: bool) -> tuple[str, ...]:
    return ("条款", "结论", "所见", "处理") if zh else ("Clause", "Verdict", "Seen", "Remedy")


def _rows(findings: Iterable[Finding], zh: bool) -> list[tuple[str, ...]]:
    return [
        (
            f"{each.rule.clause}: {_title(each.rule, zh)} ({_read(each.rule, zh)})",
            _name(each.verdict, zh) + ("" if each.counts else _pick(zh, " (does not count)", "（不计入）")),
            _pick(zh, each.told.detail, each.told.detail_zh),
            "" if each.verdict is Verdict.COMPLIANT else _pick(zh, each.rule.remedy, each.rule.remedy_zh),
        )
        for each in findings
    ]


def _read(rule: Rule, zh: bool) -> str:
    return {"source": "已读原文转载", "quoted": "据他人引述", "notes": "据本项目设计说明"}[rule.read] if zh else (
        f"read: {READ[rule.read]}"
    )  # fmt: skip


def _title(of: Book | Rule, zh: bool) -> str:
    return of.title_zh if zh else of.title


def _name(verdict: Verdict, zh: bool) -> str:
    return NAMES[verdict][zh]


def _pick(zh: bool, english: str, chinese: str) -> str:
    return chinese if zh else english


def _h(text: str) -> str:
    return html.escape(text.encode("utf-8", "backslashreplace").decode())


def _md(text: str) -> str:
    """Names of files and what stands in them are strangers' words: nothing of it is markup."""
    plain = " ".join(text.encode("utf-8", "backslashreplace").decode().split())
    for each in "\\`*_[]<>|#&":
        plain = plain.replace(each, "\\" + each if each not in "<>&" else html.escape(each))
    return plain
