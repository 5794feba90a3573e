# SPDX-License-Identifier: Apache-2.0
"""`log rebuild`: a damaged or rolled back log, built anew from mirrors, published folders and what it still has."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from answerable.cli.parser import NewVerb, Parser
from answerable.cli.talk import emit, pick

EXAMPLES: Final = """\
  answerable log rebuild --from https://mirror.example.com/log/   leaves and tiles from a mirror, each verified
  answerable log rebuild --from ./mirror --backup ./older-store   names and rows that leaves do not tell: from a backup
  answerable log rebuild                                          tiles, rows and index told again from the own leaves
"""


def add(new_verb: NewVerb) -> None:
    parser: Parser = new_verb("rebuild", "build the log file anew from what can be verified; nothing is signed")
    parser.examples = EXAMPLES
    parser.add_argument("--from", dest="sources", action="append", default=[], metavar="DIR|URL",
                        help="a mirror or published folder of this log; may be given several times")  # fmt: skip
    parser.add_argument("--backup", type=Path, metavar="DIR", help="an older copy of the store")
    parser.add_argument("--ca-file", default="", metavar="FILE", help="PEM of the authorities of an https address")
    parser.add_argument("--give-up-unpublished", action="store_true",
                        help="go on without acknowledged records that no source has")  # fmt: skip
    parser.add_argument("--new-guard", action="store_true", help="the guard is lost too: begin one with what is built")
    parser.set_defaults(run=rebuild)


def rebuild(args: argparse.Namespace) -> int:
    from answerable.app.rebuild import rebuild as build
    from answerable.cli.where import place

    done = build(
        place(args).config,
        args.sources,
        backup=args.backup,
        give_up=args.give_up_unpublished,
        new_guard=args.new_guard,
        ca_file=args.ca_file,
    )
    lines = [
        pick(
            f"{done.size} leaves under the root {done.root.hex()}, by the checkpoint of {done.source}.",
            f"共 {done.size} 片叶子，根为 {done.root.hex()}，依据 {done.source} 的检查点。",
        )
    ]
    if done.before >= 0:
        lines.append(pick(f"The old log had {done.before}.", f"旧日志有 {done.before} 片。"))
    if done.given_up:
        lines.append(
            pick(
                f"GIVEN UP: {done.given_up} acknowledged records are in no source.",
                f"已放弃：{done.given_up} 条已确认的记录不在任何来源中。",
            )
        )
    lines.append(
        pick(
            f"{done.payloads} batches found their payloads again; {done.unnamed} names or reasons are not known.",
            f"{done.payloads} 批找回了载荷；{done.unnamed} 个名称或理由未知。",
        )
    )
    if done.aside is not None:
        lines.append(pick(f"The old log lies in {done.aside}.", f"旧日志位于 {done.aside}。"))
    lines.append(
        pick(
            "Next: answerable log fsck, then answerable serve.", "下一步：answerable log fsck，然后 answerable serve。"
        )
    )
    emit(
        args,
        {
            "size": done.size,
            "root": done.root.hex(),
            "source": done.source,
            "before": done.before,
            "given_up": done.given_up,
            "payload_batches": done.payloads,
            "unnamed": done.unnamed,
            "aside": str(done.aside) if done.aside is not None else "",
        },
        lines,
    )
    return 0
