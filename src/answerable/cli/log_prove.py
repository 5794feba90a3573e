# SPDX-License-Identifier: Apache-2.0
"""`log prove`: that a record stands in the log, or that the log only grew; as text, or as a file for other tools."""

from __future__ import annotations

import argparse
import base64
import sys
from typing import Any, Final

from answerable.cli.parser import NewVerb
from answerable.cli.talk import emit, pick, say

TEXT, TLOG_PROOF, COSE = "text", "tlog-proof", "cose"
USAGE: Final = 2
EXAMPLES: Final = """\
  answerable log prove RECORD_ID                                     checked here, and shown
  answerable log prove RECORD_ID --format tlog-proof --out p.tlog-proof   for any tool that reads C2SP tlog-proof@v1
  answerable log prove RECORD_ID --format cose --out p.cbor          a COSE receipt (RFC 9942)
  answerable log prove --since kept.txt                              that the log only grew since that checkpoint
"""


def add(new_verb: NewVerb) -> None:
    parser = new_verb("prove", "that a record stands in the log, or that the log only grew")
    parser.examples = EXAMPLES
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("rid", metavar="RECORD_ID", nargs="?")
    what.add_argument("--since", metavar="FILE", help="a checkpoint that you kept, as `log checkpoint` printed it")
    parser.add_argument("--format", choices=(TEXT, TLOG_PROOF, COSE), default=TEXT)
    parser.add_argument("--out", metavar="FILE", help="write the proof there; default: standard output")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    if args.out and args.format == TEXT:
        say(
            "text is shown, not written: add --format tlog-proof or --format cose to --out",
            "文本仅供显示，不写入文件：使用 --out 时请加 --format tlog-proof 或 --format cose",
        )
        return USAGE
    if args.since is None:
        return _record(args)
    if args.format == TLOG_PROOF:
        say("tlog-proof@v1 has no form for consistency", "tlog-proof@v1 没有一致性证明的格式")
        return USAGE
    return _growth(args)


def _record(args: argparse.Namespace) -> int:
    from answerable.cli.session import part, session
    from answerable.errors import VerificationError
    from answerable.formats.saved import record_id
    from answerable.log.proof import Proof, write
    from answerable.verify import cose, leaf

    here = session(args)
    # What is handed on is verified as its readers will.
    trust = here.place.readers_trust() if args.format == TLOG_PROOF else here.place.trust()
    wanted = record_id(args.rid) or args.rid
    if args.format == COSE:
        data = base64.b64decode(here.get(f"/log/cose/{part(wanted)}")["receipt"])
        standing = cose.verify_leaf(data, trust)
        found: dict[str, Any] = {}
    else:
        more = {"cosigned": "yes"} if args.format == TLOG_PROOF else {}
        found = here.get(f"/log/prove/{part(wanted)}", **more)
        path = tuple(base64.b64decode(node) for node in found["path"])
        data = write(Proof(base64.b64decode(found["leaf"]), found["index"], path, found["note"].encode()))
        standing = leaf.verify(data, trust)
    if standing.rid != wanted:
        raise VerificationError("receipt.inconsistent", detail="the service proved another record")
    if args.format != TEXT:
        return _write(args, data)
    shown = standing.data.decode()
    nodes, origin, size = len(found["path"]), standing.origin, standing.size
    emit(
        args,
        {**found, "leaf": shown, "verified": True},
        [
            shown,
            pick(
                f"It is number {standing.index} of {size} in {origin}; the proof of {nodes} nodes holds.",
                f"它是 {origin} 共 {size} 条中的第 {standing.index} 条；{nodes} 个节点的证明成立。",
            ),
        ],
    )
    return 0


def _growth(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.cli.where import read_bytes
    from answerable.log.merkle import verify_consistency
    from answerable.log.note import MAX_NOTE
    from answerable.verify import cose

    here = session(args)
    trust = here.place.trust()
    old = trust.check(read_bytes(args.since, MAX_NOTE))
    if args.format == COSE:
        data = base64.b64decode(here.get("/log/cose", old=old.size)["receipt"])
        cose.verify_consistency(data, trust, old)
        return _write(args, data)
    found = here.get("/log/consistency", old=old.size)
    head = trust.check(found["note"].encode())
    verify_consistency(old.size, old.root, head.size, head.root, [base64.b64decode(node) for node in found["path"]])
    emit(
        args,
        {**found, "size": head.size, "verified": True},
        [
            pick(
                f"{head.origin} only grew, from {old.size} to {head.size} records; the proof of {len(found['path'])} "
                "nodes holds.",
                f"{head.origin} 仅有追加，由 {old.size} 条增至 {head.size} 条；{len(found['path'])} 个节点的证明成立。",
            )
        ],
    )
    return 0


def _write(args: argparse.Namespace, data: bytes) -> int:
    from answerable.cli.where import write_bytes

    if args.out:
        write_bytes(args.out, data)
    else:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    return 0
