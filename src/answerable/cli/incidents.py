# SPDX-License-Identifier: Apache-2.0
"""`incidents`: red lines that were neared or crossed, each with its page of facts; the reports that law asks for, their
forms and their clocks. What only a person can say (that something happened, what harm it did, that a report was handed
in) is told as an event that the person signs."""

from __future__ import annotations

import argparse
import re
from typing import Any, Final

from answerable.cli.parser import Parser, children
from answerable.cli.talk import emit, language, pick, say, table, when

EXAMPLES: Final = """\
  answerable incidents ls                                     what happened, and which report is due next
  answerable incidents show ID                                the page of facts of one, or of a stop order
  answerable incidents report ID --regime eu-nis2 --format md its form, filled in from records
  answerable incidents clocks                                 every report that is due, the soonest first
  answerable incidents regimes base-model                     which regimes bind, and why
  answerable incidents declare base-model --line RL6 --level red --harm health --as officer-1
  answerable incidents classify ID --harm personal-data --aware 2026-11-22T08:00:00+01:00 --as officer-1
  answerable incidents filed ID --clock eu-nis2/warning --as officer-1
"""
SHORT: Final = 12  # letters of a record id on a terminal


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    new_verb = children(parser)
    listing = new_verb("ls", "incidents, the oldest first")
    listing.add_argument("--all", action="store_true", help="tests and evaluations too")
    listing.set_defaults(run=ls)
    showing = new_verb("show", "the page of facts")
    _id(showing)
    _format(showing)
    showing.set_defaults(run=show)
    reporting = new_verb("report", "a regime's form, filled in")
    _id(reporting)
    reporting.add_argument("--regime", required=True, metavar="R", help="its id: `answerable incidents regimes`")
    _format(reporting)
    reporting.set_defaults(run=report)
    new_verb("clocks", "reports that are due").set_defaults(run=clocks)
    binding = new_verb("regimes", "reporting regimes, and which bind")
    binding.add_argument("system", nargs="?", default="", metavar="SYSTEM")
    binding.set_defaults(run=regimes)
    declaring = new_verb("declare", "say that a red line was neared or crossed")
    declaring.add_argument("system", metavar="SYSTEM")
    declaring.add_argument("--line", required=True, metavar="RL", help="its id or event: `answerable redlines ls`")
    declaring.add_argument("--level", choices=("yellow", "red"), default="red")
    declaring.add_argument("--harm", action="append", default=[], metavar="HARM")
    declaring.set_defaults(run=declare)
    classifying = new_verb("classify", "say what harm an incident did: the clocks of law follow")
    _id(classifying)
    classifying.add_argument("--harm", action="append", required=True, metavar="HARM")
    classifying.add_argument(
        "--aware", default="", metavar="TIME", help="since when that is known, ISO 8601 with offset"
    )
    classifying.set_defaults(run=classify)
    filing = new_verb("filed", "say that a report was handed in")
    _id(filing)
    filing.add_argument("--clock", required=True, metavar="REGIME/CLOCK")
    filing.set_defaults(run=filed)


def ls(args: argparse.Namespace) -> int:
    from answerable.cli.session import session

    found = session(args).get("/incidents", all="1" if args.all else "")
    head = ("incident", "at", "line", "level", "system", "did", "due")
    zh = ("事件", "时间", "红线", "级别", "系统", "处置", "报告截止")
    emit(args, found, table([pick(*words) for words in zip(head, zh, strict=True)], [_row(each) for each in found]))
    return 0


def _row(each: dict[str, Any]) -> list[str]:
    row = each["incident"]
    mark = (
        pick(" (test)", "（测试）")
        if row["planted"]
        else pick(" (evaluation)", "（评测）")
        if row["evaluation"]
        else ""
    )
    did = row["measure"] + (f" ({row['withheld']})" if row["withheld"] else "")
    due = f"{when(each['due'])} {each['clock']}" if each["due"] else "-"
    line = row["line"] or pick("order", "命令")
    return [row["rid"][:SHORT], when(row["at"]), line + mark, row["level"], each["system"], did, due]


def show(args: argparse.Namespace) -> int:
    from answerable.cli.session import part, session

    found = session(args).get(f"/incidents/{part(args.id)}", lang=args.lang or language())
    return _document(args, found["report"], found["markdown"])


def report(args: argparse.Namespace) -> int:
    from answerable.cli.session import part, session

    found = session(args).get(f"/incident-reports/{part(args.id)}", regime=args.regime, lang=args.lang or language())
    return _document(args, found["form"], found["markdown"])


def _document(args: argparse.Namespace, data: Any, markdown: str) -> int:
    args.json = args.json or args.format == "json"
    emit(args, data, markdown.rstrip("\n").split("\n"))
    return 0


def clocks(args: argparse.Namespace) -> int:
    from answerable.cli.session import session

    found = session(args).get("/incident-clocks")
    head = [pick("due", "截止"), pick("clock", "期限"), pick("incident", "事件"), pick("to", "提交对象")]
    rows = [
        [
            each["clock"]["written"] + (pick("  OVERDUE", "  已逾期") if each["overdue"] else ""),
            each["clock"]["name"],
            each["incident"][:SHORT],
            each["clock"][pick("to", "to_zh")],
        ]
        for each in found
    ]
    emit(args, found, table(head, rows))
    return 1 if any(each["overdue"] for each in found) else 0


def regimes(args: argparse.Namespace) -> int:
    from answerable.cli.session import session

    found = session(args).get("/regimes", system=args.system)
    head = [
        pick("regime", "制度"),
        pick("binds", "适用"),
        pick("why", "原因"),
        pick("clocks", "期限"),
        pick("checked", "核对"),
    ]
    rows = [
        [
            each["id"],
            pick("yes", "是") if each["binds"] else pick("no", "否"),
            each["why"],
            "; ".join(each["clocks"]),
            each["checked"],
        ]
        for each in found
    ]
    emit(args, found, table(head, rows))
    return 0


def declare(args: argparse.Namespace) -> int:
    from answerable.cli.session import part, session
    from answerable.model.events import IncidentDeclared
    from answerable.redlines.regimes import check_harms
    from answerable.redlines.table import line

    here = session(args, _role())
    system = here.get(f"/systems/{part(args.system)}")["rid"]
    fact = IncidentDeclared(red_line=line(args.line).id, level=args.level, harms=check_harms(args.harm))
    done = tell(here, fact, system)
    emit(args, done, [done["rid"]])
    say(
        "Told; the incident follows at once: `answerable incidents ls`.",
        "已报告；事件随即生成：`answerable incidents ls`。",
    )
    return 0


def classify(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.model.events import IncidentClassified
    from answerable.redlines.regimes import check_harms

    here = session(args, _role())
    row = _find(here, args.id)
    aware = _time(args.aware) if args.aware else row["at"]
    fact = IncidentClassified(incident=row["rid"], harms=check_harms(args.harm), aware=aware)
    done = tell(here, fact, row["system"])
    emit(args, done, [done["rid"]])
    return 0


def filed(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.errors import Refused
    from answerable.model.events import ReportFiled
    from answerable.redlines.regimes import regime

    here = session(args, _role())
    name, _, clock = args.clock.partition("/")
    if clock not in {each.id for each in regime(name).clock}:
        raise Refused(
            "incident.regime", regime=args.clock, known=", ".join(f"{name}/{c.id}" for c in regime(name).clock)
        )
    row = _find(here, args.id)
    done = tell(here, ReportFiled(incident=row["rid"], clock=args.clock), row["system"])
    emit(args, done, [done["rid"]])
    return 0


def tell(here: Any, fact: Any, system: str) -> Any:
    """Sign a person's word about a system, and tell it. here: a session; system: rid. Raises Refused ``redline.*``."""
    import time

    import msgspec

    from answerable.admission.reports import make

    made = make(
        fact, system=system, by=here.person.kid, origin=here.origin, key=here.person.key, at=time.time_ns() // 1_000_000
    )
    return here.post("/events", msgspec.to_builtins(made))


def _find(here: Any, name: str) -> Any:
    """rid, time and system of an incident, or of a stop order of one system. Raises Refused ``incident.unknown``."""
    from answerable.cli.session import part
    from answerable.errors import Refused

    report = here.get(f"/incidents/{part(name)}")["report"]
    if not report["system_id"]:
        raise Refused("incident.unknown", incident=name)
    system = here.get(f"/systems/{part(report['system_id'])}")["rid"]
    return {"rid": report["id"], "at": report["at"], "system": system}


def _time(text: str) -> int:
    """ms UTC. Raises Refused ``admin.request`` for a time without its offset: an hour is a deadline here."""
    from datetime import datetime

    from answerable.errors import Refused

    try:
        at = datetime.fromisoformat(re.sub("Z$", "+00:00", text))
    except ValueError:
        at = datetime.min
    if at.tzinfo is None:
        raise Refused("admin.request", detail="--aware is no time with an offset, as 2026-11-22T08:00:00+01:00")
    return int(at.timestamp() * 1000)


def _role() -> Any:
    from answerable.model.terms import AdminRole

    return AdminRole.OFFICER


def _id(parser: Parser) -> None:
    parser.add_argument("id", metavar="ID", help="record id of an incident (its first letters do) or a stop order")


def _format(parser: Parser) -> None:
    parser.add_argument("--format", choices=("md", "json"), default="md")
    parser.add_argument("--lang", choices=("en", "zh"), default="", help="if not told, as the terminal")
