# SPDX-License-Identifier: Apache-2.0
"""`answerable verify`: is this receipt true? Reads two or three files: no store, no service, no clock."""

from __future__ import annotations

import argparse
from typing import Final

from answerable.cli.parser import Parser
from answerable.cli.talk import emit, pick
from answerable.errors import Unavailable

EXAMPLES: Final = """\
  answerable verify reply.tlog --trust trust.txt                  offline, on any machine
  answerable verify reply.tlog --trust trust.txt --content reply.json
"""
MAX_CONTENT: Final = 8 << 20


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    parser.add_argument("file", metavar="FILE", help="the receipt, or - for standard input")
    parser.add_argument("--trust", metavar="FILE", help="whose logs you believe; default: the store's own trust file")
    parser.add_argument("--content", metavar="FILE", help="a saved reply that must be the recorded one")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from answerable.cli.sentence import as_json, sentence
    from answerable.cli.where import place, read_bytes
    from answerable.log import trust as trusts
    from answerable.log.receipt import MAX_RECEIPT
    from answerable.verify.receipt import verify

    if args.file == "-" and args.content == "-":
        raise Unavailable("admin.file", file="-", detail="standard input is one file, not two")
    data = read_bytes(args.file, MAX_RECEIPT)
    trust = trusts.parse(read_bytes(args.trust, trusts.MAX_TRUST)) if args.trust else place(args).trust()
    report = verify(data, trust)
    answer = as_json(report)
    if args.content:
        from answerable.cli.saved import same

        same(report, read_bytes(args.content, MAX_CONTENT))
        answer["content"] = "same"
    said = sentence(report)
    emit(
        args,
        {**answer, "sentence": said},
        [said, *([pick("The content is as recorded.", "内容与记录一致。")] if args.content else [])],
    )
    return 0
