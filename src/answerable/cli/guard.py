# SPDX-License-Identifier: Apache-2.0
"""`guard -- CMD`: run any program under a warrant, enclosed, with one way out; when the warrant ends, so does it.

No warrant, no start. The program finds the gate in OPENAI_BASE_URL and no credential anywhere. What encloses it, and
which promise each part carries, is printed by `--check`; a part that is missing must be named to start without it.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any, Final

from answerable.cli import pinning
from answerable.cli.parser import Parser
from answerable.cli.talk import emit, pick, say, table

EXAMPLES: Final = """\
  answerable guard --check                                    what this machine lets a guard promise
  answerable guard --system helper -- python agent.py         beside the control plane: enrols itself
  answerable guard --enrol helper --out helper.guard          an enrolment for a guard on another host
  answerable guard --enrolment helper.guard -- python agent.py
  answerable guard --enrolment cart.guard --grace 3 --device zenoh:tcp/10.0.0.5:7447#KEY -- ./drive
"""
ENROLMENT: Final = "ANSWERABLE_GUARD_ENROLMENT"
MOST_GRACE_S: Final = 60.0


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="print each primitive and the promise that it carries")
    what.add_argument("--system", metavar="SYSTEM", help="enrol here, over the control socket, as a new copy of it")
    what.add_argument("--enrolment", metavar="FILE", help=f"be the copy that this file names; also {ENROLMENT}")
    what.add_argument("--enrol", metavar="SYSTEM", help="write an enrolment for a guard elsewhere")
    parser.add_argument("--out", metavar="FILE", help="with --enrol: where to")
    parser.add_argument("--gateway", metavar="URL", default="", help="with --enrol: where its calls go, if not here")
    parser.add_argument("--audience", metavar="ID", default="", help="with --enrol: of that gateway, if not ours")
    parser.add_argument(
        "--plane", metavar="URL", action="append", default=[], help="of the holders' plane, if not told"
    )
    parser.add_argument(
        "--relay", metavar="URL", action="append", default=[], help="who only carries orders and pulses"
    )
    parser.add_argument("--ca", metavar="FILE", default="", help="PEM of the authority behind both certificates")
    parser.add_argument("--clock", choices=("ntp", "same-host"), help="with --enrol: how its clock relates to ours")
    pinning.option(parser)
    parser.add_argument("--on-site", metavar="URL", default="", help="an on-site issuer, for when nobody else answers")
    parser.add_argument("--site", metavar="ID", default="", help="the on-site issuer's SPIFFE id")
    group = parser.add_argument_group("what encloses it")
    group.add_argument("--unsafe-without", metavar="NAME", action="append", default=[], help="start without this part")
    group.add_argument("--user", metavar="NAME", help="whom the program runs as; root's default is nobody")
    group.add_argument("--read", metavar="PATH", action="append", default=[], help="it may read this too")
    group.add_argument("--write", metavar="PATH", action="append", default=[], help="it may change this too")
    group.add_argument("--env", metavar="NAME", action="append", default=[], help="it gets this variable all the same")
    group.add_argument("--local-tcp", action="store_true", help="its own processes may connect to each other over TCP")
    group = parser.add_argument_group("how it is stopped")
    group.add_argument("--grace", metavar="S", type=float, default=1.0, help="for all of the plan; then it is killed")
    group.add_argument("--signal", metavar="NAME", action="append", default=[], help="in order; TERM by default")
    group.add_argument("--stop-command", metavar="CMD", default="", help="run by the guard before signals")
    group.add_argument("--device", metavar="ADDRESS#KEY", action="append", default=[], help="a machine, stopped first")
    group.add_argument("--evidence", metavar="DIR", help="where what was done last is kept")
    parser.set_defaults(run=guard)


def guard(args: argparse.Namespace) -> int:
    if args.check:
        return check(args)
    if args.enrol:
        from answerable.cli.guard_enrol import write_enrolment

        return write_enrolment(args)
    if not args.command:
        say("Nothing to run: answerable guard … -- CMD", "没有要运行的程序：answerable guard … -- 命令")
        return 2
    enrolment = args.enrolment or os.environ.get(ENROLMENT, "")
    if not (args.system or enrolment):
        say("Whose warrant? Name --system or --enrolment.", "使用谁的许可？请指定 --system 或 --enrolment。")
        return 2
    from answerable.cli.guard_run import run

    return run(args, Path(enrolment) if enrolment else None)


def check(args: argparse.Namespace) -> int:
    """0 where everything that a start needs is here, else 4."""
    from answerable.guard.primitives import look

    found = look()
    data = [
        {
            "name": each.primitive.name,
            "there": each.there,
            "needed": each.needed,
            "why": each.why,
            "promise": each.primitive.promise,
            "without": each.primitive.without,
        }
        for each in found
    ]
    head = [
        pick(*words)
        for words in (("part", "机制"), ("here", "具备"), ("promise, or what holds without", "承诺，或缺少时的情况"))
    ]
    emit(args, data, table(head, [_row(each) for each in found]))
    return 0 if all(each.there or not each.needed for each in found) else 4


def _row(each: Any) -> tuple[str, str, str]:
    primitive = each.primitive
    if each.there:
        return primitive.name, pick("yes", "是"), pick(primitive.promise, primitive.promise_zh)
    no = pick("no", "否") if each.needed else pick("no (not needed)", "否（非必需）")
    return primitive.name, no, f"{each.why}: {pick(primitive.without, primitive.without_zh)}"
