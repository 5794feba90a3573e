# SPDX-License-Identifier: Apache-2.0
"""`data`: who may read what was said, reading it, and what is held about a party or a principal."""

from __future__ import annotations

import argparse
import base64
from collections.abc import Iterator
from typing import Any, Final

from answerable.cli.parser import Parser, children
from answerable.cli.talk import emit, pick, say, when
from answerable.model.terms import Purpose

EXAMPLES: Final = """\
  answerable data grant RECORD_ID --to anna --purpose complaint --days 7       the party that answers signs
  answerable data grant RECORD_ID --to anna --purpose access_request --days 7 --basis "Art. 15" --as ben --as carl
  answerable data read GRANT --as anna                                         a record says so first
  answerable data revoke GRANT
  answerable data mine --party LEIXG-...                                       what is held about a party, who read it
  answerable data mine --principal-file token.txt                              ... about a principal
"""
MAX_TOKEN: Final = 512
DAY_MS: Final = 86_400_000


def add(parser: Parser) -> None:
    from answerable.cli import drafts

    parser.examples = EXAMPLES
    new_verb = children(parser)
    giving = new_verb("grant", "let a person read what was said in one action, for a purpose, for a time")
    giving.add_argument("record", nargs="?", default="", metavar="RECORD_ID")
    giving.add_argument("--to", default="", metavar="PERSON", help="name of an enrolled person, or its party id")
    giving.add_argument("--purpose", choices=[purpose.value for purpose in Purpose])
    giving.add_argument("--days", type=int, default=7, help="7 if not told, at most 90")
    giving.add_argument("--key", default="", metavar="CARD", help="the party's card, if it is not in the store")
    giving.add_argument("--basis", default="", help="the law that it rests on, in words: then two officers sign")
    giving.set_defaults(run=grant)
    drafts.options(giving)
    ending = new_verb("revoke", "end a grant; the party signs, or with --as an officer")
    ending.add_argument("grant", metavar="GRANT", help="record id of the grant")
    ending.add_argument("--key", default="", metavar="CARD", help="the party's card, if it is not in the store")
    ending.set_defaults(run=revoke)
    reading = new_verb("read", "read what was said, under a grant; a record says so first")
    reading.add_argument("grant", metavar="GRANT", help="record id of the grant")
    reading.add_argument("--group", action="append", choices=["in", "out", "ctx", "pri"], help="in and out if not told")
    reading.set_defaults(run=read)
    own = new_verb("mine", "what is held, and who read it; never what was said")
    own.add_argument("--party", default="", help="about this party; its own key signs")
    own.add_argument("--key", default="", metavar="CARD", help="the party's card, if it is not in the store")
    own.add_argument("--principal", default="", metavar="NAME", help="about the end user of that name, exactly")
    own.add_argument("--principal-file", default="", metavar="FILE", help="the same, from a file or - for stdin")
    own.set_defaults(run=mine)


def grant(args: argparse.Namespace) -> int:
    import time

    import msgspec

    from answerable.cli import drafts
    from answerable.cli.session import session, signers
    from answerable.cli.statements import needed, opening, party_card, person_of, said
    from answerable.model.terms import AdminRole
    from answerable.privacy.grants import grant_statement
    from answerable.privacy.statements import Words

    lawful = bool(args.basis or args.source)
    here = session(args, AdminRole.OFFICER if lawful else AdminRole.VIEWER)
    if args.source:
        leaf, beside = drafts.take(args, "grant")
        people = signers(args, AdminRole.OFFICER)
    else:
        needed(args, RECORD_ID=args.record, to=args.to, purpose=args.purpose)
        action = opening(here, args.record)
        words = Words.of("basis", args.basis) if lawful else None
        people = signers(args, AdminRole.OFFICER) if lawful else [party_card(here, action["party"], args.key).signer]
        until = time.time_ns() // 1_000_000 + max(1, args.days) * DAY_MS
        to = person_of(here, args.to)
        leaf = grant_statement(action["rid"], to, Purpose(args.purpose), until, people[0].kid, words=words)
        beside = {"basis": said(words)} if words is not None else {}
    leaf = drafts.signed(leaf, here.origin, people)
    if drafts.keep(args, leaf, **beside):
        say(
            "Signed; not sent. Another officer goes on with --from.",
            "已签名，尚未提交。请另一名责任官员用 --from 继续。",
        )
        return 0
    done = here.post("/data/grants", {"grant": msgspec.to_builtins(leaf), **beside})
    told = pick(
        f"GRANTED: {done['rid']}, for {done['purpose']}, until {when(done['expires'])}.",
        f"已授权：{done['rid']}，用途 {done['purpose']}，有效期至 {when(done['expires'])}。",
    )
    emit(args, done, [told])
    return 0


def revoke(args: argparse.Namespace) -> int:
    import msgspec

    from answerable.cli import drafts
    from answerable.cli.session import part, session, signers
    from answerable.cli.statements import party_card
    from answerable.model.terms import AdminRole
    from answerable.privacy.grants import revoke_statement

    here = session(args)
    row = here.get(f"/data/grants/{part(args.grant)}")
    people = signers(args, AdminRole.OFFICER) if args.who else [party_card(here, row["party"], args.key).signer]
    leaf = drafts.signed(revoke_statement(row["rid"]), here.origin, people)
    done = here.post("/data/grants/revoke", {"revoke": msgspec.to_builtins(leaf)})
    told = pick(
        f"REVOKED: {done['rid']}, by record {done['revoked']}.", f"已撤销：{done['rid']}，记录 {done['revoked']}。"
    )
    emit(args, done, [told])
    return 0


def read(args: argparse.Namespace) -> int:
    import msgspec

    from answerable.cli import drafts
    from answerable.cli.session import part, session
    from answerable.privacy.grants import read_statement

    here = session(args)
    row = here.get(f"/data/grants/{part(args.grant)}")
    leaf = read_statement(row["rid"], row["record"], args.group or ["in", "out"])
    leaf = drafts.signed(leaf, here.origin, [here.person])
    found = here.post("/data/read", {"read": msgspec.to_builtins(leaf)})
    say(
        f"Recorded: {here.person.name} read this for {row['purpose']}.",
        f"已记录：{here.person.name} 为 {row['purpose']} 读取了此内容。",
    )
    shown = (f"{p['group']}: {base64.b64decode(p['body']).decode('utf-8', 'replace')}" for p in found["parts"])
    emit(args, found, shown)
    return 0


def mine(args: argparse.Namespace) -> int:
    from answerable.admission import proof
    from answerable.cli.client import Client
    from answerable.cli.session import part, session, url
    from answerable.cli.statements import party_card
    from answerable.cli.where import read_bytes
    from answerable.errors import Refused

    here = session(args)
    if sum(map(bool, (args.party, args.principal, args.principal_file))) != 1:
        raise Refused("admin.request", detail="one of --party, --principal, --principal-file")
    if not args.party:
        name = args.principal or read_bytes(args.principal_file, MAX_TOKEN).decode("utf-8", "replace").rstrip("\n")
        actions = here.post("/data/about", {"principal": name})["actions"]
    else:
        party = here.get(f"/parties/{part(args.party)}")["party"]["rid"]
        client = Client(here.place.socket, here.origin, party_card(here, party, args.key).signer, proof.PARTY)
        actions, before = [], ""
        while before != "0":
            answer = client.get(url("/data/mine", {"before": before}))
            actions += answer["actions"]
            before = str(answer["next"])
    people = {row["person"]: row["name"] for row in here.get("/admins")}
    emit(args, actions, (line for action in actions for line in told(action, people)))
    return 0


def told(action: dict[str, Any], people: dict[str, str]) -> Iterator[str]:
    """What is held of one action, and who may read it or did."""
    held = ", ".join(action["held"]) or pick("nothing", "无")
    yield f"{when(action['at'])}  {action['record']}  {action['act']} {action['outcome']}  {action['system']}" + (
        f" → {action['via']}" if action["via"] else ""
    )
    yield (
        f"  {pick('held', '保存')}: {held}"
        + (f"; {pick('erased under', '已删除，依据')} {action['erased']}" if action["erased"] else "")
        + (f"; {pick('legal hold', '法律保全')} {action['hold']}" if action["hold"] else "")
    )
    purposes = {}
    for row in action["grants"]:
        purposes[row["rid"]] = row["purpose"]
        state = pick("revoked", "已撤销") if row["revoked"] else f"{pick('until', '有效期至')} {when(row['expires'])}"
        yield f"  {pick('grant', '授权')} {row['rid']}: {people.get(row['to'], row['to'])}, {row['purpose']}, {state}"
    for row in action["reads"]:
        reader, purpose = people.get(row["person"], row["person"]), purposes.get(row["grant"], "?")
        yield f"  {pick('read', '读取')} {when(row['at'])}: {reader}, {', '.join(row['groups'])}, {purpose}"
