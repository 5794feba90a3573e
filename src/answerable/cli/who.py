# SPDX-License-Identifier: Apache-2.0
"""`answerable who`: from a saved reply, a file, or a record id, to the party that answers, with the proof.

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
  answerable who picture.jpg                       a file, labelled or not: what each layer of it says
  answerable who 7cfm3o...                         a record id
  answerable who reply.json --receipt out.tlog     keep the proof; anyone can verify it offline
  answerable who reply.json --receipt out.cbor --format cose
                                                   the same leaves as a COSE receipt (RFC 9942), nothing disclosed
  answerable who 7cfm3o... --receipt out.tlog --disclose in,out --grant RECORD_ID
                                                   with what was said, under a grant; the reading is recorded
"""
CONTENTS: Final = ("ctx", "in", "out")  # what `--disclose` may name
MAX_INPUT: Final = 256 << 20  # of standard input; a file may be larger
MAX_REPLY: Final = 3 << 20  # with base64 it must fit into one request
_LOOK: Final = 65_536  # of a file of no known format: text has no byte that is 0


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    parser.add_argument("what", metavar="FILE|-|RECORD_ID", help="a saved reply, a file, standard input, a record id")
    parser.add_argument("--receipt", metavar="FILE", help="write the receipt there")
    parser.add_argument("--format", choices=("tlog", "cose"), default="tlog", help="of the receipt; default: tlog")
    parser.add_argument("--disclose", metavar="in,out", type=_groups, default=(), help="contents that it must show")
    parser.add_argument("--grant", metavar="RECORD_ID", default="", help="the grant under which they are read")
    parser.set_defaults(run=run)


def _groups(text: str) -> tuple[str, ...]:
    found = tuple(sorted({part.strip() for part in text.split(",")}))
    if set(found) - set(CONTENTS):
        raise argparse.ArgumentTypeError(f"{', '.join(CONTENTS)} can be disclosed, by comma")
    return found


def run(args: argparse.Namespace) -> int:
    from answerable.cli import tracing
    from answerable.cli.saved import check, one_record
    from answerable.cli.sentence import as_json, sentence
    from answerable.cli.session import session
    from answerable.cli.where import write_bytes
    from answerable.errors import Refused, Unavailable, VerificationError
    from answerable.verify.receipt import verify

    if not args.receipt and (args.disclose or args.grant or args.format != "tlog"):
        raise Refused("admin.request", detail="--format, --disclose and --grant are about --receipt")
    if args.format == "cose" and args.disclose:
        raise Refused("admin.request", detail="a COSE receipt discloses nothing")
    source = _source(args.what)
    if _of_medium(source):
        return tracing.run(args, source, _kept)
    saved = _saved(source)
    one_record(saved)
    if not saved.record and not saved.texts:
        return tracing.run(args, source, _kept)
    here = session(args)
    try:
        found = here.post("/who", {**_question(saved), "cosigned": bool(args.receipt) and args.format != "cose"})
    except Refused as error:
        if error.code != "admin.nobody" or saved.form != "text":
            raise
        return tracing.run(args, source, _kept)  # not what was said to the letter: is it like something?
    receipt = base64.b64decode(found["receipt"])
    report = verify(receipt, here.place.trust())
    if report.record != found["record"] or (saved.record and not _is_of(report, saved.record)):
        raise VerificationError("receipt.inconsistent", detail="the service answered with another record")
    said = sentence(report)
    if found["producer"] == "differs":
        raise VerificationError("receipt.inconsistent", detail="its label names another producer")
    content = found["content"]
    if saved.form != "record":
        if content == "differs":  # nothing is said of who answers: for this text it would be false
            raise VerificationError("receipt.content", rid=report.record)
        if content == "same":
            check(report, saved)
        elif content != "words" and report.erased is None:
            raise Unavailable("receipt.undisclosed", group="out")
    if args.receipt:
        write_bytes(args.receipt, _kept(args, here, report, receipt))
    answer: dict[str, Any] = {**as_json(report), "content": content, "matches": found["matches"], "sentence": said}
    answer |= {"stopped": found["stopped"], "stopped_at": found["stopped_at"]}
    lines = [said, *tracing.stopped(found)]
    if found["matches"] > 1:
        lines.append(
            pick(
                f"{found['matches']} records hold this text; this is the newest.",
                f"共有 {found['matches']} 条记录包含该文本，此为最新一条。",
            )
        )
    emit(args, answer, lines)
    if args.receipt:
        file, trust = args.receipt, here.place.readers_file
        say(
            f"The receipt is in {file}: answerable verify {file} --trust {trust}",
            f"回执已写入 {file}：answerable verify {file} --trust {trust}",
        )
    if saved.form != "record" and content != "same":
        # The record is named and proven; whether these are its words is not.
        if content == "words":
            say(
                "The service says that these are its words. To check it, ask with the saved reply: it held more than "
                "words, and that is shown only to who has it.",
                "服务称此即当时所说。如需核验，请用保存的完整回复查询：其中除文字外还有其他内容，仅向持有者出示。",
            )
        else:
            say(
                "Could not check that this is what was said: it was erased.",
                "无法核验此文本是否为当时所说：内容已被删除。",
            )
        return 4
    return 0


def _kept(args: argparse.Namespace, here: Any, report: Any, data: bytes) -> bytes:
    """The file that `--receipt` asks for, verified as it will be read."""
    from answerable.cli.receipts import cose, disclosed
    from answerable.verify.receipt import verify

    readers = here.place.readers_trust()
    if args.format == "cose":
        if not readers.met({}):
            say(
                "COSE has no place for cosignatures: who demands witnesses, as this log's trust file does, needs the "
                "plain receipt.",
                "COSE 无法承载见证方签名：按本日志信任文件要求见证的读者需要普通回执。",
            )
        return cose(here, report.record, here.place.trust())
    whole = disclosed(here, report, data, args.disclose, args.grant)
    verify(whole, readers)
    return whole


def _source(what: str) -> str | bytes:
    """The path of a file, or the bytes of standard input or of a bare record id. Raises Refused ``admin.not_found`` for
    what is neither file nor id, ``label.source`` for a folder or a device."""
    from pathlib import Path

    from answerable.cli.where import read_bytes
    from answerable.errors import Refused
    from answerable.formats.saved import record_id

    if what == "-":
        return read_bytes(what, MAX_INPUT)
    if Path(what).is_file():
        return what
    if Path(what).exists():
        raise Refused("label.source", path=what, detail="no regular file")
    if not record_id(what):
        raise Refused("admin.not_found", name=what[:200])
    return what.encode()


def _of_medium(source: str | bytes) -> bool:
    """Whether it is a picture, a sound, a video or a document, by its content: anything but text, be it damaged."""
    from answerable.errors import VerificationError
    from answerable.formats.detect import detect
    from answerable.labels.files import opened

    with opened(source) as file:
        try:
            return not detect(file).media.startswith("text/")
        except VerificationError as error:
            file.seek(0)
            return error.code != "format.unknown" or b"\0" in file.read(_LOOK)


def _saved(source: str | bytes) -> Any:
    """What was saved, or the bare record id."""
    from answerable.cli.where import read_bytes
    from answerable.errors import Refused
    from answerable.formats.saved import read

    if isinstance(source, str):
        return read(read_bytes(source, MAX_REPLY))
    if len(source) > MAX_REPLY:
        raise Refused("admin.request", detail=f"more than {MAX_REPLY} bytes of text")
    return read(source)


def _question(saved: Any) -> dict[str, Any]:
    question: dict[str, Any] = {"record": saved.record}
    if saved.label.aigc is not None:
        question["producer"] = saved.label.aigc.content_producer[:200]
    whole = saved.form in ("answer", "stream")
    if whole:
        question["content"] = base64.b64encode(saved.content).decode()
    if not whole or not saved.record:
        question["texts"] = [text for text in saved.texts if text.strip()]
    return question


def _is_of(report: Any, record: str) -> bool:
    """The id of an action's end means the action."""
    return record == report.record or (report.closing is not None and record == report.closing.rid)
