# SPDX-License-Identifier: Apache-2.0
"""`calls`: tool calls whose end nobody saw. Each blocks the same call until a person says whether it ran."""

from __future__ import annotations

import argparse
from typing import Any, Final

from answerable.cli.parser import Parser, children
from answerable.cli.talk import emit, pick, table, when

EXAMPLES: Final = """\
  answerable calls ls                                                      what waits to be settled
  answerable calls settle RECORD_ID --outcome done --reason "the bank has it" --as anna
  answerable calls settle RECORD_ID --outcome undone --reason "never came"     the same call may run again
"""


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    new_verb = children(parser)
    new_verb("ls", "tool calls whose end nobody saw").set_defaults(run=ls)
    settling: Parser = new_verb("settle", "say whether a call ran; a person in office signs")
    settling.examples = EXAMPLES
    settling.add_argument("record", metavar="RECORD_ID", help="of the call, as `calls ls` shows it")
    settling.add_argument(
        "--outcome", required=True, choices=("done", "undone"), help="done: it ran; undone: it did not, and may run"
    )
    settling.add_argument(
        "--reason", required=True, help="how that is known; kept apart from the log, which commits to it"
    )
    settling.set_defaults(run=settle)


def ls(args: argparse.Namespace) -> int:
    from answerable.cli.session import session

    found = session(args).get("/calls")
    head = ("record", "since", "system", "tool", "state")
    zh = ("记录", "时间", "系统", "工具", "状态")
    emit(args, found, table([pick(*words) for words in zip(head, zh, strict=True)], [_row(each) for each in found]))
    return 0


def _row(each: dict[str, Any]) -> list[str]:
    state = each["state"] if not each["running"] else pick("under way", "进行中")
    return [each["record"], when(each["since"]), each["system"], f"{each['server']}/{each['tool']}", state]


def settle(args: argparse.Namespace) -> int:
    import msgspec

    from answerable.cli import drafts
    from answerable.cli.session import session, signers
    from answerable.cli.statements import said
    from answerable.model.calls import Verdict
    from answerable.model.terms import AdminRole
    from answerable.privacy.statements import Words
    from answerable.tools.settling import Why, statement

    here = session(args)
    words = Words.of("reason", args.reason)
    leaf = statement(args.record, Verdict(args.outcome), Why(words.salt, words.body))
    leaf = drafts.signed(leaf, here.origin, signers(args, AdminRole.VIEWER))
    done = here.post("/calls/settle", {"settle": msgspec.to_builtins(leaf), "reason": said(words)})
    emit(args, done, [_told(done)])
    return 0


def _told(done: dict[str, Any]) -> str:
    if done["blocks"]:
        return pick(
            f"SETTLED: {done['record']} ran. The same call is not run again.",
            f"已裁定：{done['record']} 已执行，同一调用不再执行。",
        )
    return pick(
        f"SETTLED: {done['record']} did not run. The same call may run.",
        f"已裁定：{done['record']} 未执行，同一调用可再次执行。",
    )
