# SPDX-License-Identifier: Apache-2.0
"""`drill`: how the last canary went, practising the stop of a tier or a world, and its report as Markdown or JSON."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any, Final

from answerable.cli.parser import Parser, children
from answerable.cli.talk import emit, pick, say, when

EXAMPLES: Final = """\
  answerable drill status                         the last canary, who did not answer, and when each tier is due
  answerable drill canary                         stop a canary on every gateway, now
  answerable drill run --tier 1                   practise the stop of a tier; takes as long as its warrants live
  answerable drill run --tier 1 --life 2          a rehearsal with shorter lives
  answerable drill run --world physical           of what moves: warrants of 2 s
  answerable drill report --tier 1 -o report.md   bound beside measured; --json for JSON
"""
ALARM: Final = 1
POLL_S: Final = 0.5
# Longer than any tier's warrants live, with what comes after.
LONGEST_S: Final = 180.0
TIERS: Final = ("0", "1", "2", "3", "4")
WORLDS: Final = ("biological", "physical")
_WORLDS_ZH: Final = {"biological": "生物界", "physical": "物理界"}


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    new_verb = children(parser)
    new_verb("status", "the last canary and the plan").set_defaults(run=status)
    new_verb("canary", "stop a canary on every gateway, now").set_defaults(run=canary)
    practised = new_verb("run", "practise the stop of one tier or world, with holders that simulate")
    _what(practised)
    practised.add_argument("--life", type=float, default=0.0, metavar="SECONDS",
                           help="shorter lives than its warrants have, for a rehearsal")  # fmt: skip
    practised.add_argument("-o", "--out", type=Path, metavar="FILE", help="write the report there, as Markdown")
    practised.set_defaults(run=practise)
    told = new_verb("report", "the newest report of a tier or world")
    _what(told)
    told.add_argument("-o", "--out", type=Path, metavar="FILE", help="write it there, as Markdown")
    told.set_defaults(run=report)


def _what(parser: argparse.ArgumentParser) -> None:
    one = parser.add_mutually_exclusive_group(required=True)
    one.add_argument("--tier", choices=TIERS, dest="name", metavar="0-4", help="in the information world")
    one.add_argument("--world", choices=WORLDS, dest="name", metavar="WORLD", help=" or ".join(WORLDS))


def status(args: argparse.Namespace) -> int:
    from answerable.cli.session import session

    found = session(args).get("/drills")
    emit(args, found, [*of_canary(found["canary"]), *of_plan(found)])
    return ALARM if found["canary"]["problem"] else 0


def canary(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.model.terms import AdminRole

    told = session(args, AdminRole.OPERATOR).post("/drills/canary", {})
    emit(args, told, flown(told))
    return ALARM if told["silent"] else 0


def practise(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.errors import Unavailable
    from answerable.model.terms import AdminRole

    here = session(args, AdminRole.OPERATOR)
    began = here.post("/drills", {"name": args.name, "life_ms": int(args.life * 1000)})
    what, zh = _names(args.name)
    say(f"Practising the stop of {what} ...", f"正在演练{zh}的终止……")
    last = _last(began, args.name)
    for _ in range(int(LONGEST_S / POLL_S)):
        time.sleep(POLL_S)
        found = here.get("/drills")
        if found["running"] != args.name:
            break
    if found["failure"] or _last(found, args.name) == last:
        raise Unavailable("log.stopped", detail=found["failure"] or "the drill came to no report")
    return _report(args, here.get(f"/drills/{args.name}"))


def report(args: argparse.Namespace) -> int:
    from answerable.cli.session import session

    return _report(args, session(args).get(f"/drills/{args.name}"))


def _names(name: str) -> tuple[str, str]:
    if name in WORLDS:
        return f"the {name} world", _WORLDS_ZH[name]
    return f"tier {name}", f" {name} 级"


def _last(found: dict[str, Any], name: str) -> int:
    return next(int(row["last"]) for row in found["plan"] if row["name"] == name)


def _report(args: argparse.Namespace, told: dict[str, Any]) -> int:
    from answerable.cli.where import write_bytes

    text = markdown(told)
    if args.out is not None:
        write_bytes(str(args.out), text.encode())
        say(f"The report is in {args.out}.", f"报告已写入 {args.out}。")
        emit(args, told, [])
    else:
        emit(args, told, text.splitlines())
    return 0 if told["held"] else ALARM


def of_canary(found: dict[str, Any]) -> list[str]:
    if not found["every_ms"]:
        return [pick("No canary is stopped here ([drill] canary_every_s = 0).", "未启用金丝雀（canary_every_s = 0）。")]
    minutes = found["every_ms"] / 60_000
    lines = [
        pick(
            f"Canary: every {minutes:g} min on {', '.join(found['gateways'])}; next {when(found['due'])}.",
            f"金丝雀：每 {minutes:g} 分钟，网关 {'、'.join(found['gateways'])}；下次 {when(found['due'])}。",
        )
    ]
    if found["last"] is not None:
        lines += flown(found["last"])
    if found["problem"]:
        lines.append(pick(f"ALARM: {found['problem']}", f"警报：{found['problem']}"))
    return lines


def flown(told: dict[str, Any]) -> list[str]:
    at, each = when(told["at"]), ", ".join(f"{name} {ms} ms" for name, ms in told["answered"].items())
    lines = [
        pick(
            f"Stopped {at}; the last gateway after {told['last_ms']} ms (bound {told['bound_ms']} ms): {each}.",
            f"终止于 {at}；最后一个网关 {told['last_ms']} 毫秒（界限 {told['bound_ms']} 毫秒）：{each}。",
        )
    ]
    if told["silent"]:
        names = ", ".join(told["silent"])
        lines.append(pick(f"DID NOT ANSWER: {names}", f"未应答：{names}"))
    return lines


def of_plan(found: dict[str, Any]) -> list[str]:
    lines = [pick("Planned drills, one a quarter:", "计划演练（每季度一次）：")]
    for row in found["plan"]:
        state = pick("DUE NOW", "已到期") if row["overdue"] else pick("due", "下次") + f" {when(row['due'])}"
        last = pick("last", "上次") + f" {when(row['last'])}" if row["last"] else pick("never practised", "从未演练")
        lines.append(
            f"  {pick(*_names(row['name']))} ({row['row']}): {state}; {last}; "
            + pick(
                f"warrants {row['life_ms'] // 1000} s, bound {row['bound_ms']} ms, {row['systems']} systems",
                f"许可 {row['life_ms'] // 1000} 秒，界限 {row['bound_ms']} 毫秒，{row['systems']} 个系统",
            )
        )
    return lines


def markdown(told: dict[str, Any]) -> str:
    """The report for people: bound beside measured."""
    what, zh = _names(told["name"])
    verdict = pick("The bound held.", "界限成立。") if told["held"] else pick("THE BOUND DID NOT HOLD.", "界限不成立。")
    lines = [
        pick(f"# Stop drill, {what} ({told['row']})", f"# 终止演练，{zh}（{told['row']}）"),
        "",
        pick(
            f"{verdict} Order given {when(told['at'])}; warrants of {told['life_ms']} ms; record `{told['record']}`.",
            f"{verdict} 终止令时间 {when(told['at'])}；许可期限 {told['life_ms']} 毫秒；记录 `{told['record']}`。",
        ),
        "",
        pick(
            "| condition | holders | last action: bound (ms) | measured (ms) | last effect: bound (ms) | violations "
            "| others went on |",
            "| 情形 | 持有者 | 最后行为界限（毫秒） | 实测（毫秒） | 最后效果界限（毫秒） | 违反 | 其他谱系照常 |",
        ),
        "| --- | ---: | ---: | ---: | ---: | ---: | --- |",
        *[
            f"| {pick(row['name'], _CONDITIONS.get(row['name'], row['name']))} "
            f"| {row['holders']} | {row['bound_ms']} | {row['measured_ms']} | {row['effects_ms']} "
            f"| {row['violations']} | {pick('yes', '是') if row['alive'] else pick('NO', '否')} |"
            for row in told["conditions"]
        ],
        "",
        pick(f"Next due: {when(told['next'])}.", f"下次到期：{when(told['next'])}。"),
    ]
    return "\n".join(lines) + "\n"


_CONDITIONS: Final = {"healthy": "正常", "push lost": "推送丢失", "partitioned": "网络分区", "clock slow": "时钟偏慢"}
