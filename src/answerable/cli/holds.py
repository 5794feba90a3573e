# SPDX-License-Identifier: Apache-2.0
"""`holds`: actions that wait for people. What would run is fetched, checked against what is signed, and shown before
anybody signs; whoever agrees says the beginning of its digest."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any, Final

from answerable.cli.parser import Parser, children
from answerable.cli.talk import emit, harmless, pick, say, table, when

if TYPE_CHECKING:
    from answerable.cli.session import Session
    from answerable.model.holds import Hold, Need
    from answerable.tools.votes import Changed

EXAMPLES: Final = """\
  answerable holds ls                                       what waits for people
  answerable holds show HOLD --as anna                      exactly what would run
  answerable holds approve HOLD --as anna --digest 3f9a01c2 what was shown; a terminal asks for it
  answerable holds modify HOLD --arguments fixed.json --as anna
  answerable holds reject HOLD --as anna
  answerable holds escalate HOLD --people 3 --role officer --as anna
  answerable holds plant HOLD --arguments wrong.json --why "not our account"   who lets it through?
  answerable holds approvers                                who looks, and who waves through
"""
DIGITS: Final = 8  # of a digest that whoever agrees says


def add(parser: Parser) -> None:
    from answerable.cli import drafts
    from answerable.model.terms import AdminRole

    parser.examples = EXAMPLES
    new_verb = children(parser)
    listing = new_verb("ls", "what waits for people")
    listing.add_argument("--all", action="store_true", help="decided, used and expired ones too")
    listing.set_defaults(run=ls)
    look = new_verb("show", "exactly what would run")
    look.set_defaults(run=show)
    approve = new_verb("approve", "agree to exactly this")
    modify = new_verb("modify", "agree to it with other arguments, and to nothing else; the count begins anew")
    modify.add_argument("--arguments", metavar="FILE", help="JSON object; - reads standard input")
    reject = new_verb("reject", "refuse it; one person is enough")
    more = new_verb("escalate", "let more people, or people of a further role, decide")
    more.add_argument("--people", type=int, default=0)
    more.add_argument("--role", action="append", default=[], choices=[role.value for role in AdminRole])
    for verb, ballot in ((approve, "approve"), (modify, "modify"), (reject, "reject"), (more, "escalate")):
        verb.set_defaults(run=vote, ballot=ballot)
        drafts.options(verb)
    for verb in (approve, modify):
        verb.add_argument("--digest", default="", help=f"the first {DIGITS} digits or more of what was shown")
    sow = new_verb("plant", "plant a hold that ought to be rejected, like a real one")
    sow.add_argument("--arguments", metavar="FILE", required=True, help="those that ought to be rejected")
    sow.add_argument("--why", required=True, help="told when it is over")
    sow.set_defaults(run=plant)
    for verb in (look, approve, modify, reject, more):
        verb.add_argument("hold", nargs="?", default="", metavar="HOLD", help="its id, or the record's")
    sow.add_argument("hold", metavar="HOLD", help="the real one")
    new_verb("approvers", "how each approver decided").set_defaults(run=approvers)
    new_verb("record", "the same").set_defaults(run=approvers)


def ls(args: argparse.Namespace) -> int:
    from answerable.cli.session import session

    found = session(args).get("/holds", all="1" if args.all else "")
    head = [pick(*words) for words in (("HOLD", "编号"), ("STATE", "状态"), ("WHO", "调用方"), ("WHAT", "对象"),
                                       ("AGREED", "同意"), ("SINCE", "自"), ("UNTIL", "期限"))]  # fmt: skip
    rows = [
        [
            each["rid"],
            each["state"] + (" " + pick("(planted)", "（测试）") if each["planted"] else ""),
            each["system"],
            f"{each['server']}/{each['tool']}" if each["tool"] else each["server"],
            f"{each['have']}/{each['people']} {','.join(each['roles'])}",
            when(each["at"]),
            when(each["expires"]),
        ]
        for each in found
    ]
    emit(args, found, table(head, rows) if rows else [pick("Nothing waits.", "没有等待审批的行为。")])
    return 0


def show(args: argparse.Namespace) -> int:
    _, found, call, asked = _seen(args)
    emit(args, found | {"call": call, "asked": asked}, _lines(found["hold"], call, asked))
    return 0


def vote(args: argparse.Namespace) -> int:
    import msgspec

    from answerable.cli import drafts
    from answerable.cli.session import signers
    from answerable.errors import Refused
    from answerable.model.holds import Ballot
    from answerable.model.terms import AdminRole
    from answerable.tools.votes import statement

    ballot = Ballot(args.ballot)
    leaf: Any = None
    beside: dict[str, Any] = {}
    if args.source:
        leaf, beside = drafts.take(args, "approval")
        if leaf.dec != ballot.value or (args.hold and args.hold != leaf.hold):
            raise Refused("admin.draft", file=args.source, kind=ballot.value)
        args.hold = leaf.hold
    here, found, call, asked = _seen(args, unseen=ballot in (Ballot.REJECT, Ballot.ESCALATE))
    hold = _row(found["hold"])
    if leaf is None:
        changed = _changed(found, args) if ballot is Ballot.MODIFY else None
        need = _need(hold, args) if ballot is Ballot.ESCALATE else None
        leaf = statement(hold, ballot, changed=changed, need=need)
        if changed is not None:
            beside = {"changed": {"call": changed.body.decode(), "salt": _b64u(changed.salt)}}
    if ballot in (Ballot.APPROVE, Ballot.MODIFY):
        would = _would(leaf, call, beside)
        # Who names other arguments has seen those that they replace; who signs them next says what they are.
        known = {leaf.dig} if args.source else {leaf.dig, hold.dig}
        _agree(args, found["hold"] | {"digest": leaf.dig}, known, would, call if beside else asked)
    leaf = drafts.signed(leaf, here.origin, signers(args, AdminRole.APPROVER))
    if drafts.keep(args, leaf, **beside):
        say(
            f"Signed by {len(leaf.sigs)}; not sent. Digest {leaf.dig}.",
            f"已有 {len(leaf.sigs)} 人签名，尚未提交。摘要 {leaf.dig}。",
        )
        return 0
    done = here.post("/holds/votes", {"approval": msgspec.to_builtins(leaf), "changed": beside.get("changed")})
    emit(args, done, _told(done))
    return 0


def plant(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.model.terms import AdminRole

    here = session(args, AdminRole.ADMINISTRATOR)
    body = {"like": args.hold, "arguments": _arguments(args), "why": args.why}
    done = here.post("/holds/planted", body)
    emit(args, done, [pick(f"Planted: {done['rid']}.", f"已植入：{done['rid']}。")])
    return 0


def approvers(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.model.terms import AdminRole

    found = session(args, AdminRole.ADMINISTRATOR).get("/holds/approvers")
    head = [pick(*words) for words in (("APPROVER", "审批人"), ("APPROVED", "批准"), ("REJECTED", "拒绝"),
                                       ("PASSED ON", "转交"), ("PLANTED", "测试"), ("CAUGHT", "识破"),
                                       ("95 %", "95 %"))]  # fmt: skip
    rows = [
        [
            each["name"],
            str(each["approved"]),
            str(each["rejected"]),
            str(each["passed"]),
            str(each["planted"]),
            f"{each['share']:.0%}" if each["planted"] else "-",
            f"{each['low']:.0%} - {each['high']:.0%}" if each["planted"] else "-",
        ]
        for each in found
    ]
    lines = table(head, rows) if rows else [pick("Nobody decided about anything yet.", "尚无审批记录。")]
    lines += [
        pick(
            f"{each['name']} lets most of what ought to be rejected through: {each['caught']} of {each['planted']} "
            "planted holds caught.",
            f"{each['name']} 放行了大部分本应拒绝的调用：{each['planted']} 个测试项中仅识破 {each['caught']} 个。",
        )
        for each in found
        if each["waves"]
    ]
    emit(args, found, lines)
    return 0


def _seen(
    args: argparse.Namespace, *, unseen: bool = False
) -> tuple[Session, dict[str, Any], dict[str, Any], dict[str, Any] | None]:
    """(session, what the service shows, the exact call, the same as it was asked where it was modified), checked here
    against the digest that is signed. unseen: a hold that cannot be shown any more will do.
    Raises Refused ``hold.unreadable``."""
    from answerable.cli.session import part, session
    from answerable.crypto.b64 import unb64u
    from answerable.errors import AnswerableError, Refused, VerificationError
    from answerable.model.terms import AdminRole
    from answerable.tools import exact

    if not args.hold:
        raise Refused("admin.request", detail="HOLD is missing")
    here = session(args, AdminRole.APPROVER)
    try:
        found = here.get(f"/holds/{part(args.hold)}")
    except AnswerableError as error:
        if not unseen or error.code != "hold.unreadable":
            raise
        listed = [each for each in here.get("/holds", all="1") if args.hold in (each["rid"], each["record"])]
        if not listed:
            raise
        return here, {"hold": listed[0]}, {}, None
    try:
        data = found["call"].encode()
        if exact.digest(unb64u(found["salt"]), data) != found["hold"]["digest"]:
            raise Refused("hold.unreadable", hold=args.hold)
        asked = exact.read(found["asked"].encode()) if found["asked"] else None
        return here, found, exact.read(data), asked
    except VerificationError:
        raise Refused("hold.unreadable", hold=args.hold) from None


def _agree(
    args: argparse.Namespace, hold: dict[str, Any], known: set[str], call: dict[str, Any], asked: dict[str, Any] | None
) -> None:
    """Return when whoever signs has said which call it is. known: digests of which either tells.
    Raises Refused ``hold.unseen``."""
    said = args.digest
    if not said and sys.stdin.isatty():
        for line in _lines(hold, call, asked):
            print(harmless(line), file=sys.stderr)
        said = input(
            pick(f"Type the first {DIGITS} digits of the digest to agree: ", f"输入摘要前 {DIGITS} 位以同意：")
        ).strip()
        known = {hold["digest"]}
    if len(said) < DIGITS or not any(digest.startswith(said.lower()) for digest in known):
        from answerable.errors import Refused

        raise Refused("hold.unseen", digits=DIGITS)


def _lines(hold: dict[str, Any], call: dict[str, Any], asked: dict[str, Any] | None) -> list[str]:
    from answerable.cli import exactly

    agreed = ", ".join(f"{v['name']}: {v['decision']}" + ("" if v["counts"] else " (-)") for v in hold["votes"])
    return [
        f"{pick('hold', '审批项')}: {hold['rid']} ({hold['state']})",
        f"{pick('asked by', '调用方')}: {exactly.visible(hold['system'])}",
        *exactly.lines(call, asked),
        f"{pick('rule', '规则')}: {hold['rule']}; {hold['people']} {pick('people', '人')} ({', '.join(hold['roles'])})"
        f", {hold['have']} {pick('agreed', '已同意')}" + (f" ({agreed})" if agreed else ""),
        f"{pick('until', '期限')}: {when(hold['expires'])}",
        f"{pick('digest', '摘要')}: {hold['digest']}",
    ]


def _told(done: dict[str, Any]) -> list[str]:
    state = f"{done['rid']}: {done['state']}, {done['have']}/{done['people']} {pick('agreed', '已同意')}"
    if not done["planted"]:
        return [state]
    return [
        state,
        pick(
            f"This one was planted, and never runs. It ought to be rejected: {done['why']}",
            f"此项为测试，不会执行。应予拒绝的理由：{done['why']}",
        ),
    ]


def _changed(found: dict[str, Any], args: argparse.Namespace) -> Changed:
    from answerable.crypto.random import salt
    from answerable.tools import exact
    from answerable.tools.votes import Changed

    return Changed(salt(), exact.with_arguments(found["call"].encode(), _arguments(args)))


def _arguments(args: argparse.Namespace) -> Any:
    import json

    from answerable.cli.where import read_bytes
    from answerable.errors import Refused

    if not args.arguments:
        raise Refused("admin.request", detail="--arguments is missing")
    try:
        return json.loads(read_bytes(args.arguments, 1 << 20))
    except (ValueError, RecursionError):
        raise Refused("hold.malformed", detail=f"{args.arguments} is not JSON") from None


def _would(leaf: Any, call: dict[str, Any], beside: dict[str, Any]) -> dict[str, Any]:
    """What runs if this statement counts. Raises Refused ``hold.unreadable`` for a draft of other arguments than those
    that lie beside it."""
    from answerable.crypto.b64 import unb64u
    from answerable.errors import Refused, VerificationError
    from answerable.tools import exact

    changed = beside.get("changed")
    if changed is None:
        return call
    try:
        data = str(changed["call"]).encode()
        if exact.digest(unb64u(str(changed["salt"])), data) != leaf.dig:
            raise Refused("hold.unreadable", hold=leaf.hold)
        return exact.read(data)
    except (VerificationError, KeyError, TypeError):
        raise Refused("hold.unreadable", hold=leaf.hold) from None


def _need(hold: Hold, args: argparse.Namespace) -> Need:
    from answerable.model.holds import Need
    from answerable.model.terms import AdminRole

    roles = tuple(sorted({*hold.roles, *(AdminRole(role) for role in args.role)}))
    return Need(max(args.people or hold.people, len(roles)), roles)


def _row(shown: dict[str, Any]) -> Hold:
    """What a statement is made over."""
    from answerable.model.holds import Hold
    from answerable.model.terms import Act, AdminRole

    return Hold(
        rid=shown["rid"], open=shown["record"], act=Act(shown["act"]), system=shown["system_rid"], via="",
        rule=shown["rule"], dig=shown["digest"], pol=shown["policy"], people=shown["people"],
        roles=tuple(AdminRole(role) for role in shown["roles"]), at=shown["at"], exp=shown["expires"],
        call=shown["record"],
    )  # fmt: skip


def _b64u(data: bytes) -> str:
    from answerable.crypto.b64 import b64u

    return b64u(data)
