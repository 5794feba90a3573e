# SPDX-License-Identifier: Apache-2.0
"""`log erase`, `log erasures`: what was said in one action, or what a person is called, is made unreadable for ever;
two officers sign."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, Final

from answerable.cli.parser import NewVerb, Parser
from answerable.cli.talk import emit, pick, say, table, when
from answerable.model.terms import Basis

if TYPE_CHECKING:
    from answerable.cli.session import Session

EXAMPLES: Final = """\
  answerable log erase RECORD_ID --basis "request of 3 May" --law gdpr-17 --as anna --as ben
  answerable log erase PERSON-... --basis "request of 3 May" --law gdpr-17 --as anna --as ben
  answerable log erase RECORD_ID --basis "..." --as anna --draft e.json     one officer after the other:
  answerable log erase --from e.json --as ben
  answerable log erasures --finish --as anna                                end what a full disk interrupted
"""


def add(new_verb: NewVerb) -> None:
    from answerable.cli import drafts

    parser: Parser = new_verb(
        "erase", "erase what was said in one action, or a person's name, for ever; two officers sign"
    )
    parser.examples = EXAMPLES
    parser.add_argument(
        "record",
        nargs="?",
        default="",
        metavar="RECORD_ID",
        help="of the action, as in its label; or the id of a person",
    )
    parser.add_argument("--basis", default="", help="why, in words; kept apart from the log, which commits to them")
    parser.add_argument("--law", choices=[basis.value for basis in Basis], default=Basis.OTHER.value)
    parser.set_defaults(run=erase)
    drafts.options(parser)
    listing = new_verb("erasures", "what was erased, and whether the bytes are gone")
    listing.add_argument("--finish", action="store_true", help="end erasures that failed on the way")
    listing.set_defaults(run=erasures)


def erase(args: argparse.Namespace) -> int:
    import msgspec

    from answerable.cli import drafts
    from answerable.cli.session import session, signers
    from answerable.cli.statements import needed, said
    from answerable.model.terms import AdminRole
    from answerable.privacy.erasure import statement
    from answerable.privacy.statements import Words

    officers = signers(args, AdminRole.OFFICER)
    here = session(args, AdminRole.OFFICER)
    if args.source:
        leaf, beside = drafts.take(args, "erase")
    else:
        needed(args, basis=args.basis)
        needed(args, RECORD_ID=args.record)
        words = Words.of("basis", args.basis)
        leaf = statement(_of(here, args.record), Basis(args.law), words, officers[0].kid)
        beside = {"basis": said(words)}
    leaf = drafts.signed(leaf, here.origin, officers)
    if drafts.keep(args, leaf, **beside):
        say(
            "Signed; not sent. Another officer goes on with --from.",
            "已签名，尚未提交。请另一名责任官员用 --from 继续。",
        )
        return 0
    done = here.post("/erasures", {"erase": msgspec.to_builtins(leaf), **beside})
    emit(args, done, [_told(done)])
    return 0


def _of(here: Session, named: str) -> str:
    """rid of the action's open leaf, or of the party leaf of the person that is named. Raises Refused
    ``admin.not_found``, ``privacy.unknown``, ``party.unknown``."""
    from answerable.cli.session import part
    from answerable.cli.statements import opening

    if named.startswith("PERSON-"):
        return str(here.get(f"/parties/{part(named)}")["party"]["rid"])
    return str(opening(here, named)["rid"])


def _told(done: dict[str, Any]) -> str:
    row = done["erasure"]
    return pick(
        f"ERASED: {done['payloads']} payloads of {row['record']}, under the record {row['rid']} ({row['basis']}). "
        "The record stands, and with it who answers.",
        f"已删除：{row['record']} 的 {done['payloads']} 项内容，依据记录 {row['rid']}（{row['basis']}）。"
        "记录仍在，责任主体不变。",
    )


def erasures(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.model.terms import AdminRole

    if args.finish:
        done = session(args, AdminRole.OFFICER).post("/erasures/finish", {})
        emit(args, done, map(_told, done))
        return 0
    found = session(args).get("/erasures")
    head = [
        pick("RECORD", "记录"),
        pick("BASIS", "依据"),
        pick("ERASED", "删除时间"),
        pick("UNDER", "依据记录"),
        pick("GONE", "已清除"),
    ]
    rows = (
        [
            row["erasure"]["record"],
            row["erasure"]["basis"],
            when(row["erasure"]["at"]),
            row["erasure"]["rid"],
            pick("yes", "是") if row["gone"] else pick("not yet", "尚未"),
        ]
        for row in found
    )
    emit(args, found, table(head, rows))
    return 0
