# SPDX-License-Identifier: Apache-2.0
"""`answerable who`: from a saved reply, or a record id, to the party that answers, with the proof.

The service is asked for a receipt and not believed: the receipt is verified here, against the store's trust file.
"""

from __future__ import annotations

import argparse
import base64
from typing import Any, Final

from answerable.cli.parser import Parser
from answerable.cli.talk import emit, pick, say

EXAMPLES: Final = """\
  answerable who reply.json                        a saved answer, a stream capture, or plain text
  curl -s .../v1/chat/completions ... | answerable who -
  answerable who 7cfm3o...                         a record id
  answerable who reply.json --receipt out.tlog     keep the proof; anyone can verify it offline
  answerable who reply.json --receipt out.cbor --format cose
                                                   the same leaves as a COSE receipt (RFC 9942), nothing disclosed
"""
MAX_REPLY: Final = 3 << 20  # with base64 it must fit into one request


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    parser.add_argument("what", metavar="FILE|-|RECORD_ID", help="a saved reply, standard input, or a record id")
    parser.add_argument("--receipt", metavar="FILE", help="write the receipt there")
    parser.add_argument("--format", choices=("tlog", "cose"), default="tlog", help="of the receipt; default: tlog")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from answerable.cli.saved import check, one_record
    from answerable.cli.sentence import as_json, sentence
    from answerable.cli.session import session
    from answerable.cli.where import write_bytes
    from answerable.errors import Refused, Unavailable, VerificationError
    from answerable.verify.receipt import verify

    saved = _saved(args.what)
    one_record(saved)
    if not saved.record and not saved.texts:
        raise Refused("admin.nobody")
    here = session(args)
    found = here.post("/who", _question(saved))
    receipt = base64.b64decode(found["receipt"])
    report = verify(receipt, here.place.trust())
    if report.record != found["record"] or (saved.record and not _is_of(report, saved.record)):
        raise VerificationError("receipt.inconsistent", detail="the service answered with another record")
    if args.receipt:
        write_bytes(args.receipt, _cose(here, found["record"]) if args.format == "cose" else receipt)
    said = sentence(report)
    if found["producer"] == "differs":
        raise VerificationError("receipt.inconsistent", detail="its label names another producer")
    content = found["content"]
    if saved.form != "record":
        if content == "differs":  # nothing is said of who answers: for this text it would be false
            raise VerificationError("receipt.content", rid=report.record)
        if content != "same":
            raise Unavailable("receipt.undisclosed", group="out")
        check(report, saved)
    answer: dict[str, Any] = {**as_json(report), "content": content, "matches": found["matches"], "sentence": said}
    lines = [said]
    if found["matches"] > 1:
        lines.append(
            pick(
                f"{found['matches']} records hold this text; this is the newest.",
                f"共有 {found['matches']} 条记录包含该文本，此为最新一条。",
            )
        )
    emit(args, answer, lines)
    if args.receipt:
        say(
            f"The receipt is in {args.receipt}: answerable verify {args.receipt} --trust {here.place.trust_file}",
            f"回执已写入 {args.receipt}：answerable verify {args.receipt} --trust {here.place.trust_file}",
        )
    return 0


def _cose(here: Any, record: str) -> bytes:
    """The record's COSE receipt, checked as whoever gets it will: it suffices where no witnesses are asked for."""
    from answerable.errors import VerificationError
    from answerable.verify.cose import verify_record

    data = base64.b64decode(here.post("/who", {"record": record, "cose": True})["receipt"])
    if verify_record(data, here.place.trust()).record != record:
        raise VerificationError("receipt.inconsistent", detail="the service answered with another record")
    return data


def _saved(what: str) -> Any:
    """What was saved, or the bare record id. Raises Refused ``admin.not_found`` for what is neither file nor id."""
    from pathlib import Path

    from answerable.cli.where import read_bytes
    from answerable.errors import Refused
    from answerable.formats.saved import read, record_id

    if what != "-" and not Path(what).is_file():
        if not record_id(what):
            raise Refused("admin.not_found", name=what[:200])
        return read(what.encode())
    return read(read_bytes(what, MAX_REPLY))


def _question(saved: Any) -> dict[str, Any]:
    question: dict[str, Any] = {"record": saved.record}
    if saved.label.aigc is not None:
        question["producer"] = saved.label.aigc.content_producer[:200]
    if saved.form in ("answer", "stream") and saved.record:
        question["content"] = base64.b64encode(saved.content).decode()
    else:
        question["texts"] = [text for text in saved.texts if text.strip()]
    return question


def _is_of(report: Any, record: str) -> bool:
    """The id of an action's end means the action."""
    return record == report.record or (report.closing is not None and record == report.closing.rid)
