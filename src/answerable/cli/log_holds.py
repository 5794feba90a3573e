# SPDX-License-Identifier: Apache-2.0
"""`log hold`, `log unhold`, `log holds`: legal holds, which neither erasure nor expiry gets past."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, Final

from answerable.cli.parser import NewVerb, Parser
from answerable.cli.talk import emit, pick, say, table, when

if TYPE_CHECKING:
    from answerable.cli.session import Session
    from answerable.model.terms import HoldScope

EXAMPLES: Final = """\
  answerable log hold RECORD_ID --reason "claim 17/2025" --as anna
  answerable log hold --party LEIXG-... --reason "..." --as anna      all that it answers for
  answerable log hold --system helper --reason "..." --as anna        all in which it takes part
  answerable log unhold HOLD --reason "settled" --as anna --as ben    two officers lift it
"""


def add(new_verb: NewVerb) -> None:
    from answerable.cli import drafts

    parser: Parser = new_verb("hold", "legal hold: keep what was said from erasure and expiry; an officer signs")
    parser.examples = EXAMPLES
    parser.add_argument("record", nargs="?", default="", metavar="RECORD_ID")
    parser.add_argument("--party", default="", help="everything that this party answers for")
    parser.add_argument("--system", default="", help="everything in which this system takes part")
    parser.add_argument("--reason", required=True, help="why; kept apart from the log, which commits to it")
    parser.set_defaults(run=hold)
    ending: Parser = new_verb("unhold", "lift a legal hold; two officers sign")
    ending.examples = EXAMPLES
    ending.add_argument("hold", nargs="?", default="", metavar="HOLD", help="record id of the hold")
    ending.add_argument("--reason", default="", help="why it is lifted")
    ending.set_defaults(run=unhold)
    drafts.options(ending)
    listing = new_verb("holds", "legal holds in force")
    listing.add_argument("--all", action="store_true", help="lifted ones too")
    listing.set_defaults(run=holds)


def hold(args: argparse.Namespace) -> int:
    import msgspec

    from answerable.cli import drafts
    from answerable.cli.session import session, signers
    from answerable.cli.statements import said
    from answerable.model.terms import AdminRole
    from answerable.privacy.holds import statement
    from answerable.privacy.statements import Words

    here = session(args, AdminRole.OFFICER)
    scope, of = named(here, args)
    words = Words.of("reason", args.reason)
    leaf = drafts.signed(statement(scope, of, words), here.origin, signers(args, AdminRole.OFFICER))
    done = here.post("/legal-holds", {"preserve": msgspec.to_builtins(leaf), "reason": said(words)})
    emit(
        args,
        done,
        [
            pick(
                f"HELD: {done['scope']} {done['of']}. Neither erased nor swept until two officers lift {done['rid']}.",
                f"已保全：{done['scope']} {done['of']}。在两名责任官员解除 {done['rid']} 之前不删除、不清理。",
            )
        ],
    )
    return 0


def named(here: Session, args: argparse.Namespace) -> tuple[HoldScope, str]:
    """What a hold is on, by record id. Raises Refused ``admin.request`` unless it is one thing."""
    from answerable.cli.session import part
    from answerable.cli.statements import opening
    from answerable.errors import Refused
    from answerable.model.terms import HoldScope

    if sum(map(bool, (args.record, args.party, args.system))) != 1:
        raise Refused("admin.request", detail="one of RECORD_ID, --party, --system")
    if args.party:
        return HoldScope.PARTY, here.get(f"/parties/{part(args.party)}")["party"]["rid"]
    if args.system:
        return HoldScope.SYSTEM, here.get(f"/systems/{part(args.system)}")["rid"]
    return HoldScope.RECORD, opening(here, args.record)["rid"]


def unhold(args: argparse.Namespace) -> int:
    import msgspec

    from answerable.cli import drafts
    from answerable.cli.session import session, signers
    from answerable.cli.statements import needed, said
    from answerable.errors import Refused
    from answerable.model.terms import AdminRole, HoldScope
    from answerable.privacy.holds import statement
    from answerable.privacy.statements import Words

    here = session(args, AdminRole.OFFICER)
    if args.source:
        leaf, beside = drafts.take(args, "preserve")
    else:
        needed(args, HOLD=args.hold)
        needed(args, reason=args.reason)
        row = next((row for row in here.get("/legal-holds") if row["rid"] == args.hold), None)
        if row is None:
            raise Refused("privacy.unknown", what="legal hold", rid=args.hold[:64])
        words = Words.of("reason", args.reason)
        leaf, beside = statement(HoldScope(row["scope"]), row["of"], words, prev=row["rid"]), {"reason": said(words)}
    leaf = drafts.signed(leaf, here.origin, signers(args, AdminRole.OFFICER))
    if drafts.keep(args, leaf, **beside):
        say(
            "Signed; not sent. Another officer goes on with --from.",
            "已签名，尚未提交。请另一名责任官员用 --from 继续。",
        )
        return 0
    done = here.post("/legal-holds/lift", {"preserve": msgspec.to_builtins(leaf), **beside})
    emit(
        args,
        done,
        [
            pick(
                f"LIFTED: {done['rid']}. What is past its time goes with the next sweep.",
                f"已解除：{done['rid']}。已到期的内容将在下次清理时删除。",
            )
        ],
    )
    return 0


def holds(args: argparse.Namespace) -> int:
    from answerable.cli.session import session

    found: list[dict[str, Any]] = [row for row in session(args).get("/legal-holds") if args.all or not row["lifted"]]
    head = [
        pick("HOLD", "保全"),
        pick("SCOPE", "范围"),
        pick("OF", "对象"),
        pick("SINCE", "起始"),
        pick("REASON", "原因"),
    ]
    rows = ([row["rid"], row["scope"], row["of"], when(row["at"]), row["reason"]] for row in found)
    emit(args, found, table(head, rows))
    return 0
