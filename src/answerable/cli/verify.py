# SPDX-License-Identifier: Apache-2.0
"""`answerable verify`: is this receipt true? Reads two or three files: no store, no service, no clock."""

from __future__ import annotations

import argparse
from typing import Final

from answerable.cli.parser import Parser
from answerable.cli.sentence import as_json, leaf_json, sentence, stands
from answerable.cli.talk import emit, pick
from answerable.errors import Unavailable
from answerable.log.trust import Trust
from answerable.verify.report import Logged, Report

EXAMPLES: Final = """\
  answerable verify reply.tlog --trust trust.txt                  offline, on any machine
  answerable verify reply.tlog --trust trust.txt --content reply.json
  answerable verify leaf.tlog-proof --trust trust.txt             one record of any kind (C2SP tlog-proof@v1)
  answerable verify reply.cbor --trust trust.txt                  a COSE receipt (RFC 9942)
  answerable verify grown.cbor --trust trust.txt --since kept.txt that a log only grew
"""
MAX_CONTENT: Final = 8 << 20


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    parser.add_argument("file", metavar="FILE", help="the receipt, or - for standard input")
    parser.add_argument("--trust", metavar="FILE", help="whose logs you believe; default: the store's own trust file")
    parser.add_argument("--content", metavar="FILE", help="a saved reply that must be the recorded one")
    parser.add_argument("--leaf", metavar="FILE", help="the record's bytes, where the proof does not carry them")
    parser.add_argument("--since", metavar="FILE", help="the checkpoint that you kept, for a receipt of consistency")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from answerable.cli.where import read_bytes
    from answerable.log import trust as trusts
    from answerable.log.receipt import MAX_RECEIPT

    if [args.file, args.content, args.leaf, args.since].count("-") > 1:
        raise Unavailable("admin.file", file="-", detail="standard input is one file, not two")
    data = read_bytes(args.file, MAX_RECEIPT)
    trust = trusts.parse(read_bytes(args.trust, trusts.MAX_TRUST)) if args.trust else _own_trust(args)
    if args.since:
        return _growth(args, data, trust)
    report = _judge(args, data, trust)
    if isinstance(report, Logged):
        if args.content:
            raise Unavailable("receipt.undisclosed", group="out")
        said = stands(report)
        emit(args, {**leaf_json(report), "sentence": said}, [said, report.data.decode()])
        return 0
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


def _own_trust(args: argparse.Namespace) -> Trust:
    """Of the store that the settings name: who has one believes its log. Raises Unavailable ``receipt.trust``."""
    from answerable.cli.where import place

    here = place(args)
    if not here.trust_file.is_file():
        raise Unavailable("receipt.trust", store=str(here.store))
    return here.trust()


def _judge(args: argparse.Namespace, data: bytes, trust: Trust) -> Report | Logged:
    """By what the file says it is. A receipt that does not hold as a receipt never passes as the proof of a leaf."""
    from answerable.cli.where import read_bytes
    from answerable.log import cose as coses
    from answerable.log import proof, receipt
    from answerable.log.leaf import MAX_LEAF
    from answerable.verify import cose, leaf
    from answerable.verify.receipt import verify

    if coses.is_cose(data):
        return cose.verify(data, trust)
    if not args.leaf and receipt.is_receipt(proof.parse(data).extra):
        return verify(data, trust)
    return leaf.verify(data, trust, read_bytes(args.leaf, MAX_LEAF) if args.leaf else None)


def _growth(args: argparse.Namespace, data: bytes, trust: Trust) -> int:
    from answerable.cli.where import read_bytes
    from answerable.log.note import MAX_NOTE
    from answerable.verify import cose

    grown = cose.verify_consistency(data, trust, trust.check(read_bytes(args.since, MAX_NOTE)))
    emit(
        args,
        {"verified": True, "origin": grown.origin, "old": grown.old, "size": grown.new, "root": grown.root.hex()},
        [
            pick(
                f"{grown.origin} only grew, from {grown.old} to {grown.new} records.",
                f"{grown.origin} 仅有追加，由 {grown.old} 条增至 {grown.new} 条。",
            )
        ],
    )
    return 0
