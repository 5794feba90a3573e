# SPDX-License-Identifier: Apache-2.0
"""`log monitor`: recompute a log from its tiles and tell what should not be there, once or for good."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any, Final

from answerable.cli.every import add_every, repeat, seconds
from answerable.cli.log_mirror import add_source_options, trust_of
from answerable.cli.parser import NewVerb, Parser
from answerable.cli.talk import emit, language, pick, when

EXAMPLES: Final = """\
  answerable log monitor https://log.example.com/ --trust trust.txt --state log.state
  answerable log monitor ./mirror --trust trust.txt --state log.state --every 10s --json
  answerable log monitor                            this store's own log
"""
FOUND: Final = 1


def add(new_verb: NewVerb) -> None:
    parser: Parser = new_verb("monitor", "recompute a log from its tiles; status 1 if anything is wrong")
    parser.examples = EXAMPLES
    parser.add_argument("source", nargs="?", metavar="SOURCE", help="folder or http(s) address; this store if not told")
    add_source_options(parser)
    parser.add_argument("--state", type=Path, metavar="FILE", help="where it stands; without it all is read each time")
    parser.add_argument("--deadline", type=seconds, default=900.0, metavar="15m", help="by when an action must end")
    parser.add_argument("--tolerance", type=seconds, default=10.0, metavar="10s", help="by how much clocks may differ")
    parser.add_argument("--all", action="store_true", help="tell what earlier rounds found too")
    add_every(parser, "again each so often; once if not told")
    parser.set_defaults(run=monitor)


def monitor(args: argparse.Namespace) -> int:
    from answerable.app import tiling
    from answerable.cli.where import place
    from answerable.log.trust import Trust
    from answerable.net.source import open_source
    from answerable.tiles.monitor import Monitor
    from answerable.tiles.state import State
    from answerable.verify.audit.auditor import Limits

    trust = trust_of(args)
    if args.source:
        source = open_source(args.source, ca_file=args.ca_file)
    else:
        source = tiling.live(place(args).config)
        trust = Trust(trust.logs)  # its own newest head has no cosignatures yet
    state = State(args.state)
    watcher = Monitor(
        source,
        trust,
        state,
        lambda: time.time_ns() // 1_000_000,
        limits=Limits(round(args.deadline * 1000), round(args.tolerance * 1000)),
        keep=args.state.with_name(args.state.name + ".evidence") if args.state else None,
    )
    found = 0
    earlier = list(state.findings()) if args.all else []
    rounds = 0

    def work() -> None:
        nonlocal found, rounds
        done = watcher.round()
        found += len(done.findings)
        rounds += 1
        if args.every and rounds > 1 and not done.findings:
            return  # a daemon is silent while all is well
        shown = [*earlier, *(finding.as_dict() for finding in done.findings)] if rounds == 1 else [
            finding.as_dict() for finding in done.findings
        ]  # fmt: skip
        data = {"origin": done.origin, "size": done.size, "before": done.before, "head": done.head, "findings": shown}
        if args.every and args.json:
            print(json.dumps(data, ensure_ascii=False), flush=True)
        else:
            of = done.origin or source.name  # where nothing that it says can be believed, it has no name of its own
            emit(args, data, [*map(line, shown), summary(of, done.size, done.before, len(done.findings))])

    try:
        repeat(work, args.every, lambda text: print(text, file=sys.stderr, flush=True))
    finally:
        state.close()
        source.close()
    return FOUND if found or earlier else 0


def line(finding: dict[str, Any]) -> str:
    """A finding for people: code, place and time, what it is, what to do."""
    chinese = language() == "zh"
    place = f" {finding['rid']}" if finding["rid"] else ""
    reason, remedy = (finding["reason_zh"], finding["remedy_zh"]) if chinese else (finding["reason"], finding["remedy"])
    return f"{finding['code']}  {when(finding['at'])}{place}\n  {reason}\n  → {remedy}"


def summary(origin: str, size: int, before: int, found: int) -> str:
    if not found:
        return pick(
            f"{origin}: {size} leaves, {size - before} of them new; nothing found.",
            f"{origin}：共 {size} 条叶子，新增 {size - before} 条；未发现问题。",
        )
    return pick(
        f"{origin}: {size} leaves, {size - before} of them new; {found} found.",
        f"{origin}：共 {size} 条叶子，新增 {size - before} 条；发现 {found} 个问题。",
    )
