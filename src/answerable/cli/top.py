# SPDX-License-Identifier: Apache-2.0
"""`top`: who does how much, from the newest records of the log."""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any, Final

from answerable.cli.parser import Parser
from answerable.cli.talk import emit, pick, table, when

EXAMPLES: Final = """\
  answerable top                       live, until Ctrl-C
  answerable top --once --json
"""
EVERY_S: Final = 2.0
CLEAR: Final = "\x1b[H\x1b[2J"


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    parser.add_argument("--once", action="store_true", help="one look, no screen")
    parser.add_argument("--last", type=int, default=1000, help="how many records to look at, at most 1000")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from answerable.cli.session import session

    here = session(args)
    once = args.once or args.json or not sys.stdout.isatty()
    while True:
        found = here.get("/activity", last=args.last)
        if once:
            emit(args, found, lines(found))
            return 0
        print(CLEAR + "\n".join(lines(found)), flush=True)
        try:
            time.sleep(EVERY_S)
        except KeyboardInterrupt:
            return 0


def lines(found: dict[str, Any]) -> list[str]:
    """The screen: a line about the service, then the busiest systems first."""
    head = [
        pick("SYSTEM", "系统"),
        pick("COPIES", "副本"),
        pick("ASKED", "请求"),
        pick("REFUSED", "拒绝"),
        pick("ANSWERED", "应答"),
        pick("FAILED", "未完成"),
        pick("TOKENS", "词元"),
        pick("ENERGY J", "能耗 J"),
    ]
    rows = [
        [
            each["name"],
            str(each["copies"]),
            str(each["asked"]),
            str(each["refused"]),
            str(each["answered"]),
            str(each["failed"]),
            f"{each['tokens_in']}+{each['tokens_out']}",
            f"{each['millijoule'] / 1000:.1f}",
        ]
        for each in sorted(found["systems"], key=lambda each: -(each["asked"] + each["answered"]))
    ]
    summary = pick(
        f"{found['flights']} in flight, {found['size']} records; shown: since {when(found['since'])}",
        f"进行中 {found['flights']}，记录 {found['size']} 条；统计自 {when(found['since'])}",
    )
    return [summary, "", *table(head, rows)]
