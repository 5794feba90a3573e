# SPDX-License-Identifier: Apache-2.0
"""`officers`: who may order a stop, by the word of root keys that lie in safes; and what waits for them.

A roster is a file. It is made where the service is, signed where the root keys are, with no network, and brought back.
"""

from __future__ import annotations

import argparse
from typing import Any, Final

from answerable.cli.parser import Parser, children
from answerable.cli.talk import emit, pick, table, when
from answerable.model.terms import OrderKind, Scope

EXAMPLES: Final = """\
  answerable officers ls
  answerable officers waiting                             suspensions that nobody decided about
  answerable officers init-root --keys 5 --need 3 --out safe/      root keys; keep each in another safe
  answerable officers rotate --roots safe/roots.json --out next.json   the officers enrolled now, as the next roster
  answerable officers sign next.json --key safe/root-1.key --key safe/root-4.key      offline
  answerable officers check next.json
  answerable officers apply next.json
  answerable officers authority-key --name "Market Surveillance" --out theirs/
  answerable officers order RECORD_ID --origin ORIGIN --reason "..." --key theirs/authority-1.key --out order.json
  answerable officers send order.json                     whoever carries it; nobody's leave is needed
"""


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    new_verb = children(parser)
    new_verb("ls", "officers, authorities and root keys").set_defaults(run=ls)
    new_verb("waiting", "suspensions that wait for people").set_defaults(run=waiting)
    roots = new_verb("init-root", "make root keys, offline")
    roots.add_argument("--keys", type=int, default=3)
    roots.add_argument("--need", type=int, default=2, help="how many of them sign a roster")
    roots.add_argument("--out", required=True, metavar="DIR")
    roots.set_defaults(run=init_root)
    turn = new_verb("rotate", "make the next roster of who is enrolled now, unsigned")
    turn.add_argument("--roots", metavar="FILE", help="other root keys than those of the roster that stands")
    turn.add_argument("--without", action="append", default=[], metavar="RECORD_ID", help="key leaf of an officer")
    turn.add_argument("--authority", action="append", default=[], metavar="CARD", help="an authority's public card")
    turn.add_argument("--drop-authority", action="append", default=[], metavar="NAME", help="it has to sign, too")
    turn.add_argument("--out", required=True, metavar="FILE")
    turn.set_defaults(run=rotate)
    put = new_verb("sign", "sign a roster with root keys, or an authority's; offline")
    put.add_argument("file", metavar="FILE")
    put.add_argument("--key", action="append", required=True, metavar="KEYFILE")
    put.set_defaults(run=sign)
    look = new_verb("check", "whether a roster follows the one before it; offline")
    look.add_argument("file", metavar="FILE")
    look.set_defaults(run=check)
    take = new_verb("apply", "hand a signed roster to the service")
    take.add_argument("file", metavar="FILE")
    take.set_defaults(run=apply)
    show = new_verb("roster", "the roster that stands, as a file for holders to pin")
    show.add_argument("--out", metavar="FILE")
    show.set_defaults(run=roster)
    theirs = new_verb("authority-key", "make an authority's keys and its public card, offline")
    theirs.add_argument("--name", required=True)
    theirs.add_argument("--keys", type=int, default=1)
    theirs.add_argument("--need", type=int, default=1, help="how many of them terminate; any one suspends")
    theirs.add_argument("--out", required=True, metavar="DIR")
    theirs.set_defaults(run=authority_key)
    _orders(new_verb)


def _orders(new_verb: Any) -> None:
    new = new_verb("order", "sign an order with an authority's or owners' keys; offline")
    new.add_argument("root", metavar="RECORD_ID", help="of the system, copy or party; a world's name; empty for all")
    new.add_argument("--kind", choices=[kind.value for kind in OrderKind], default=OrderKind.SUSPEND.value)
    new.add_argument("--scope", choices=[scope.value for scope in Scope], default=Scope.LINEAGE.value)
    new.add_argument("--reason", required=True)
    new.add_argument("--completes", default="", metavar="ORDER", help="the suspension that a termination completes")
    new.add_argument("--count", type=int, help="how many copies, where the preview asks for it")
    again = new_verb("countersign", "add signatures to such an order or release; offline")
    again.add_argument("file", metavar="FILE")
    ends = new_verb("release", "sign the release of a suspension that the same keys gave; offline")
    ends.add_argument("order", metavar="ORDER")
    for parser in (new, ends):
        parser.add_argument("--origin", required=True, help="of the log that the order is for")
        parser.add_argument("--out", required=True, metavar="FILE")
    for parser in (new, again, ends):
        parser.add_argument(
            "--key", action="append", required=True, metavar="FILE", help="an authority's key, or a party's card"
        )
    new.add_argument("--message", metavar="FILE", help="also the message that holders and a pulse take directly")
    new.add_argument(
        "--subject", metavar="FILE", help="for that: the leaf of the system (`log prove --format tlog-proof`)"
    )
    new.set_defaults(run=order)
    again.set_defaults(run=countersign)
    ends.set_defaults(run=release)
    carry = new_verb("send", "bring such a file to the service; needs no key")
    carry.add_argument("file", metavar="FILE")
    carry.set_defaults(run=send)


def ls(args: argparse.Namespace) -> int:
    from answerable.cli.session import session

    found = session(args).get("/officers")
    head = [pick("NAME", "姓名"), pick("KEY", "密钥"), pick("ON ROSTER", "在册"), pick("COUNTS", "有效")]
    yes = {True: pick("yes", "是"), False: pick("no", "否")}
    lines = table(
        head,
        (
            [o["name"], o["key"], yes[o["listed"]] if found["seq"] else "-", yes[o["in_office"]]]
            for o in found["officers"]
        ),
    )
    if found["seq"]:
        lines.append(
            pick(
                f"Roster {found['seq']} since {when(found['since'])}; the next one needs {found['need']} of "
                f"{len(found['roots'])} root keys.",
                f"现行名册第 {found['seq']} 号，自 {when(found['since'])}；下一份需 {len(found['roots'])} 把根密钥中的 "
                f"{found['need']} 把签署。",
            )
        )
    else:
        lines.append(pick("No roster: administrators make officers.", "尚无名册：由管理员任命责任官员。"))
    lines += [
        pick("Authority", "监管机构") + f" {each['name']}: {len(each['keys'])} {pick('keys', '把密钥')}, "
        f"{each['need']} {pick('terminate', '把可终止')}"
        for each in found["authorities"]
    ]
    emit(args, found, lines)
    return 0


def waiting(args: argparse.Namespace) -> int:
    from answerable.cli.session import session

    found = session(args).get("/officers/waiting")
    head = [pick(*words) for words in (("LEVEL", "级别"), ("ORDER", "命令"), ("WHAT", "对象"), ("SINCE", "自"),
                                       ("SIGNED", "已签"), ("LAPSES", "失效"))]  # fmt: skip
    never = pick("never", "不失效")
    lines = table(
        head,
        (
            [
                each["level"],
                each["order"],
                each["what"],
                when(each["since"]),
                f"{each['have']}/{each['need']}",
                when(each["until"]) if each["until"] else never,
            ]
            for each in found
        ),
    )
    emit(args, found, lines if found else [pick("Nothing waits.", "没有等待处理的暂停命令。")])
    return 0


def init_root(args: argparse.Namespace) -> int:
    from answerable.app import rosters

    made = rosters.make_roots(args.out, args.keys, args.need)
    emit(
        args,
        {"keys": made.keys, "need": made.need},
        [
            pick(
                f"{len(made.keys)} root keys in {args.out}; {made.need} sign a roster. Keep each in another safe, "
                "and none on a machine with a network.",
                f"已在 {args.out} 生成 {len(made.keys)} 把根密钥，{made.need} 把可签署名册。请分柜保管，勿联网。",
            )
        ],
    )
    return 0


def rotate(args: argparse.Namespace) -> int:
    from answerable.app import rosters
    from answerable.cli.session import session
    from answerable.errors import Refused

    here = session(args)
    found = here.get("/officers")
    before = here.get("/officers/roster") if found["seq"] else None
    draft = rosters.draft(
        here.origin, before, found["officers"], roots=args.roots, without=args.without, authorities=args.authority,
        dropped=args.drop_authority,
    )  # fmt: skip
    if draft is None:
        raise Refused("admin.request", detail="--roots is missing: there is no roster yet")
    rosters.write(args.out, draft)
    emit(args, draft.shown(), draft.lines())
    return 0


def sign(args: argparse.Namespace) -> int:
    from answerable.app import rosters

    draft = rosters.read(args.file).signed(args.key)
    rosters.write(args.file, draft)
    emit(args, draft.shown(), draft.lines())
    return 0


def check(args: argparse.Namespace) -> int:
    from answerable.app import rosters

    draft = rosters.read(args.file)
    draft.check()
    emit(args, draft.shown(), draft.lines())
    return 0


def apply(args: argparse.Namespace) -> int:
    import msgspec

    from answerable.app import rosters
    from answerable.cli.session import session
    from answerable.model.terms import AdminRole

    draft = rosters.read(args.file)
    draft.check()
    done = session(args, AdminRole.ADMINISTRATOR).post("/officers/roster", {"roster": msgspec.to_builtins(draft.leaf)})
    emit(
        args,
        done,
        [pick(f"Roster {done['seq']} holds: record {done['rid']}.", f"名册第 {done['seq']} 号生效：{done['rid']}。")],
    )
    return 0


def roster(args: argparse.Namespace) -> int:
    import json

    from answerable.cli.session import session
    from answerable.cli.where import write_bytes

    leaf = session(args).get("/officers/roster")
    data = json.dumps(leaf, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    if args.out:
        write_bytes(args.out, data + b"\n")
    emit(args, leaf, [data.decode()] if not args.out else [args.out])
    return 0


def authority_key(args: argparse.Namespace) -> int:
    from answerable.app import rosters

    card = rosters.make_authority(args.out, args.name, args.keys, args.need)
    emit(
        args,
        {"card": str(card)},
        [
            pick(
                f"Keys stay with the authority; its public card is {card}: `officers rotate --authority {card}`.",
                f"密钥由机构自行保管；公开卡片为 {card}：`officers rotate --authority {card}`。",
            )
        ],
    )
    return 0


def order(args: argparse.Namespace) -> int:
    from answerable.app import signing
    from answerable.cli.where import write_bytes

    made = signing.order(
        args.origin, kind=OrderKind(args.kind), root=args.root, scope=Scope(args.scope), reason=args.reason,
        completes=args.completes, count=args.count,
    ).signed(args.key)  # fmt: skip
    write_bytes(args.out, made.encoded())
    if args.message:
        write_bytes(args.message, made.message(signing.subject_of(args.subject) if args.subject else b""))
    return _signed(args, made)


def release(args: argparse.Namespace) -> int:
    from answerable.app import signing
    from answerable.cli.where import write_bytes

    made = signing.release(args.origin, args.order).signed(args.key)
    write_bytes(args.out, made.encoded())
    return _signed(args, made)


def countersign(args: argparse.Namespace) -> int:
    from answerable.app import signing
    from answerable.cli.where import write_bytes

    made = signing.read(args.file).signed(args.key)
    write_bytes(args.file, made.encoded())
    return _signed(args, made)


def _signed(args: argparse.Namespace, made: Any) -> int:
    shown = made.shown()
    emit(
        args,
        shown,
        [
            pick(
                f"Signed by {len(shown['keys'])}; next: answerable officers send FILE, beside the service.",
                f"已有 {len(shown['keys'])} 个签名；下一步：在服务所在主机运行 answerable officers send FILE。",
            )
        ],
    )
    return 0


def send(args: argparse.Namespace) -> int:
    import json

    from answerable.app import signing
    from answerable.cli.client import exchange
    from answerable.cli.session import url
    from answerable.cli.stop import given
    from answerable.cli.where import place

    made = signing.read(args.file)
    data = json.dumps(made.body(), ensure_ascii=False).encode()
    path = "/stops/signed" if made.is_order else "/stops/release/signed"
    done = exchange(place(args).socket, "POST", url(path), data, {"content-type": "application/json"})
    lines = [given(done)] if made.is_order else [pick("Released.", "已解除。")]
    emit(args, done, lines)
    return 0
