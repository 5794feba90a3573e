# SPDX-License-Identifier: Apache-2.0
"""`redlines`: what must never come about, what watches it, and when that was last tested."""

from __future__ import annotations

import argparse
from typing import Any, Final

from answerable.cli.parser import Parser, children
from answerable.cli.talk import emit, pick, say, table, when

EXAMPLES: Final = """\
  answerable redlines ls                          each line, what its detector does here, its last test
  answerable redlines test                        plant an event for each on the canary, and wait for its detector
  answerable redlines test RL6 weights.egress     ... for these
  answerable redlines evaluation base-model --line RL3 --minutes 120 --as officer-1
"""
MOST_MINUTES: Final = 1_440


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    new_verb = children(parser)
    new_verb("ls", "red lines and the tests of their detectors").set_defaults(run=ls)
    testing = new_verb("test", "plant a test for each line, on the canary alone")
    testing.add_argument("lines", nargs="*", metavar="LINE", help="id or event; all of them if none is named")
    testing.set_defaults(run=test)
    window = new_verb("evaluation", "say that a system is being evaluated, and which lines that may provoke")
    window.add_argument("system", metavar="SYSTEM")
    window.add_argument("--line", action="append", required=True, metavar="LINE")
    window.add_argument("--minutes", type=int, default=60, help=f"from now on, at most {MOST_MINUTES}")
    window.add_argument("--suite", default="", help="its name")
    window.set_defaults(run=evaluation)


def ls(args: argparse.Namespace) -> int:
    from answerable.cli.session import session

    found = session(args).get("/redlines")
    head = [
        pick("line", "红线"),
        pick("yellow", "黄"),
        pick("red", "红"),
        pick("last test", "上次测试"),
        pick("what", "内容"),
    ]
    rows = [
        [each["id"], each["yellow"], f"{each['red']} ({each['reach']})", _tested(each), each[pick("name", "name_zh")]]
        for each in found
    ]
    emit(args, found, table(head, rows))
    return 1 if any(each["overdue"] for each in found) else 0


def _tested(each: dict[str, Any]) -> str:
    if not each["tested"]:
        return pick("never", "从未") + (pick(", OVERDUE", "，逾期") if each["overdue"] else "")
    outcome = (
        pick(f"found in {each['test_ms']} ms", f"{each['test_ms']} 毫秒内发现")
        if each["passed"]
        else pick("MISSED", "未发现")
    )
    return f"{when(each['tested'])} {outcome}" + (
        pick(", OVERDUE", "，逾期") if each["overdue"] and each["passed"] else ""
    )


def test(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.model.terms import AdminRole

    say("Planting; a line may take some seconds.", "正在植入；每条红线可能需要数秒。")
    here = session(args, AdminRole.OPERATOR)
    names = args.lines or [each["id"] for each in here.get("/redlines")]
    done: list[dict[str, Any]] = []
    for name in names:
        done += here.post("/redlines/test", {"lines": [name]})
    rows = [
        [
            each["line"],
            pick(f"found in {each['ms']} ms", f"{each['ms']} 毫秒内发现")
            if each["found"]
            else pick("MISSED", "未发现"),
            each["incident"][:12] or "-",
            each["order"][:12] or "-",
        ]
        for each in done
    ]
    head = [pick("line", "红线"), pick("outcome", "结果"), pick("incident", "事件"), pick("order", "命令")]
    emit(args, done, table(head, rows))
    return 0 if all(each["found"] for each in done) else 1


def evaluation(args: argparse.Namespace) -> int:
    import time

    from answerable.cli.incidents import tell
    from answerable.cli.session import part, session
    from answerable.errors import Refused
    from answerable.model.events import EvaluationWindow
    from answerable.model.terms import AdminRole
    from answerable.redlines.table import line

    lines = [line(name) for name in args.line]
    if fixed := [each.id for each in lines if not each.provokable]:
        raise Refused("admin.request", detail=f"no evaluation excuses {', '.join(fixed)}")
    if not 0 < args.minutes <= MOST_MINUTES:
        raise Refused("admin.request", detail=f"--minutes is not from 1 to {MOST_MINUTES}")
    here = session(args, AdminRole.OFFICER)
    system = here.get(f"/systems/{part(args.system)}")["rid"]
    until = time.time_ns() // 1_000_000 + args.minutes * 60_000
    done = tell(here, EvaluationWindow(until=until, lines=tuple(each.id for each in lines), suite=args.suite), system)
    emit(args, done, [pick(f"Until {when(until)}: {done['rid']}", f"至 {when(until)}：{done['rid']}")])
    return 0
