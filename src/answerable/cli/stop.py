# SPDX-License-Identifier: Apache-2.0
"""`stop` and `release`. What an order reaches and by when it holds is shown before anything is signed.

One officer suspends; a second, distinct one turns the standing suspension into a termination, which is for ever.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any, Final

from answerable.cli import stop_status
from answerable.cli.parser import Parser
from answerable.cli.stop_bound import bound_lines, promise_lines, promised
from answerable.cli.talk import emit, pick, say, when
from answerable.model.terms import Scope

EXAMPLES: Final = {
    "stop": """\
  answerable stop --dry-run                                          by when any stop holds, class by class
  answerable stop base-model --reason "leaks data" --dry-run         whom it reaches, by when; nothing is signed
  answerable stop base-model --reason "leaks data" --as anna         suspends, at once
  answerable stop base-model --reason "confirmed"  --as ben          another officer: terminates
  answerable stop base-model --reason "..." --as anna --as ben       both at once
  answerable stop --status ORDER --wait                              who confirmed, who expired, until nobody is left
""",
    "release": """\
  answerable release ORDER --as anna --as ben                        two officers end a suspension
  answerable release ORDER --as anna --draft r.json                  ... or one after the other
  answerable release --from r.json --as ben
""",
}
NAMED: Final = 12  # systems that a preview names on a terminal


def add(parser: Parser) -> None:
    from answerable.cli.drafts import options

    verb = parser.prog.rpartition(" ")[2]
    parser.examples = EXAMPLES[verb]
    if verb == "stop":
        parser.add_argument("root", nargs="?", default="", metavar="SYSTEM", help="name, id or record id")
        parser.add_argument("--reason", help="why; kept apart from the log, which holds a commitment to it")
        parser.add_argument("--dry-run", action="store_true", help="show what it would reach, and stop there")
        parser.add_argument("--scope", choices=[scope.value for scope in Scope], default=Scope.LINEAGE.value)
        parser.add_argument("--suspend", action="store_true", help="suspend only, however many officers sign")
        parser.add_argument("--count", type=int, help="how many copies, where the preview asks for it")
        staged = "suspend under a staged plan: after so long two terminate where else three must"
        parser.add_argument("--plan", type=int, nargs="?", const=10, metavar="MINUTES", help=staged)
        stop_status.options(parser)
        parser.set_defaults(run=stop)
    else:
        parser.add_argument("order", nargs="?", default="", metavar="ORDER", help="record id of the suspension")
        parser.set_defaults(run=release)
    options(parser)


def stop(args: argparse.Namespace) -> int:
    from answerable.cli import drafts
    from answerable.cli.session import session, signers
    from answerable.crypto.b64 import b64u
    from answerable.errors import Refused
    from answerable.model.terms import AdminRole, OrderKind, Scope

    if args.status:
        return stop_status.status(args)
    if args.source:
        order, beside = drafts.take(args, "order")
        args.root, args.scope = order.root, order.scope
    elif args.dry_run and not (args.root or args.reason) and args.scope == Scope.LINEAGE.value:
        told = promised()
        emit(args, {"dry_run": True, **told}, promise_lines(told))
        return 0
    elif not args.root and args.scope != Scope.ALL.value:
        raise Refused("stop.usage", detail="SYSTEM or --from is missing")
    elif not args.reason and not args.dry_run:
        raise Refused("stop.usage", detail="--reason is missing")
    here = session(args, AdminRole.VIEWER if args.dry_run else AdminRole.OFFICER)
    seen = here.get("/stops/preview", root=args.root, scope=args.scope)
    if args.dry_run:
        emit(args, {"dry_run": True, **seen}, preview_lines(seen))
        return 0
    if not args.json:
        for line in preview_lines(seen):
            say(line, line)
    officers = signers(args, AdminRole.OFFICER)
    if not args.source:
        me = [here.signed_by(officer).get("/admins/self") for officer in officers]
        order, reason = draft(seen, args, {person["person"] for person in me})
        beside = {"reason": reason.text, "salt": b64u(reason.salt)}
    order = drafts.signed(order, here.origin, officers)
    if args.count is None and seen["count"] and order.kind == OrderKind.TERMINATE.value and sys.stdin.isatty():
        args.count = typed()
    if args.count is not None:
        beside["count"] = args.count
    if drafts.keep(args, order, **beside):
        say(
            f"Signed by {len(order.sigs)}; not sent. Next: answerable stop --from {args.draft} --as ...",
            f"已有 {len(order.sigs)} 人签名，尚未提交。下一步：answerable stop --from {args.draft} --as ...",
        )
        return 0
    import msgspec

    done = here.post(
        "/stops",
        {
            "order": msgspec.to_builtins(order),
            "reason": beside["reason"],
            "salt": beside["salt"],
            "count": beside.get("count"),
        },
    )
    if args.wait is None:
        emit(args, done, [given(done)])
        return 0
    if not args.json:
        say(given(done), given(done))
    told = stop_status.follow(here, done["order"]["rid"], args.wait)
    emit(args, {**done, "told": told}, stop_status.lines(told))
    return 0 if told["unknown"] == 0 else stop_status.UNKNOWN


def typed() -> int | None:
    """The number of copies that the person at the terminal types in, who has just read it. None for anything else."""
    text = input(pick("Type the number of copies that end: ", "请输入将终止的副本数：")).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None


def draft(seen: dict[str, Any], args: argparse.Namespace, persons: set[str]) -> tuple[Any, Any]:
    """The order that these officers should sign: a termination if they are two, or if another one's suspension stands;
    else a suspension. Raises Refused ``stop.officers`` where their own suspension stands already."""
    from msgspec import UNSET

    from answerable.crypto.random import nonce
    from answerable.errors import Refused
    from answerable.model.leaves import OrderLeaf
    from answerable.model.terms import OrderKind
    from answerable.stops.orders import PLAN
    from answerable.stops.planned import Reason

    standing = [
        s for s in seen["standing"] if s["order"]["kind"] == OrderKind.SUSPEND.value and not _completed(s, seen)
    ]
    by_others = [s for s in standing if set(s["persons"]) - persons]
    needed = seen["officers"]
    kind, before = OrderKind.SUSPEND, ""
    if not args.suspend:
        together = len(persons | set(by_others[-1]["persons"] if by_others else ()))
        if together >= 2:
            kind, before = OrderKind.TERMINATE, by_others[-1]["order"]["rid"] if by_others else ""
        elif standing:
            raise Refused("stop.officers", need=needed, have=together)
    reason = Reason.of(args.reason)
    leaf = OrderLeaf(
        c=reason.commitments,
        dig=[],
        kind=kind.value,
        n=nonce(),
        prev=before or UNSET,
        root=seen["root"],
        scope=seen["scope"],
        sigs=[],
        t=0,
        x={PLAN: {"pause": args.plan * 60_000}} if args.plan and kind is OrderKind.SUSPEND else UNSET,
    )
    return leaf, reason


def _completed(shown: dict[str, Any], seen: dict[str, Any]) -> bool:
    return any(other["order"]["escalates"] == shown["order"]["rid"] for other in seen["standing"])


def preview_lines(seen: dict[str, Any]) -> list[str]:
    """The closure and the bound, for people, dependents apart."""
    names = [f"{s['name']} {s['version']}".strip() for s in seen["systems"][:NAMED]]
    more = f", +{seen['system_count'] - NAMED}" if seen["system_count"] > NAMED else ""
    dependents = [s["name"] for s in seen["dependents"][:NAMED]]
    lines = [
        pick("This order reaches", "该命令涉及")
        + f": {seen['system_count']} {pick('systems', '个系统')} ({', '.join(names)}{more})",
        f"  {pick('copies', '运行副本')}: {seen['copy_count']}",
        f"  {pick('parties', '责任主体')}: "
        + ", ".join(f"{party['name']} ({party['id']})" for party in seen["parties"]),
        f"  {pick('lose their model, but are not stopped', '将失去模型但不被终止')}: {seen['dependent_count']}"
        + (f" ({', '.join(dependents)})" if dependents else ""),
        *bound_lines(seen),
    ]
    lapses = (
        pick(f"lapses after {seen['lapses'] // 60000} minutes", f"{seen['lapses'] // 60000} 分钟后失效")
        if seen["lapses"]
        else pick("stays until two release it", "直至两人解除")
    )
    lines.append(
        pick(
            f"One officer suspends ({lapses}); {seen['officers']} distinct officers terminate, for ever.",
            f"一名责任官员可暂停（{lapses}）；{seen['officers']} 名不同官员可终止，不可撤销。",
        )
    )
    if seen["pause"]:
        minutes = seen["pause"] // 60_000
        lines.append(
            pick(
                f"Or two, {minutes} minutes after a suspension under a staged plan: --plan.",
                f"或由两人在分阶段暂停 {minutes} 分钟后终止：--plan。",
            )
        )
    if seen["count"]:
        lines.append(
            pick(
                f"A termination needs the count typed in: --count {seen['copy_count']}",
                f"终止需输入副本数：--count {seen['copy_count']}",
            )
        )
    lines += [
        pick(
            f"Standing: {each['order']['kind']} {each['order']['rid']} since {when(each['order']['at'])}",
            f"已有命令：{each['order']['kind']} {each['order']['rid']}，自 {when(each['order']['at'])}",
        )
        for each in seen["standing"]
    ]
    return lines


def given(done: dict[str, Any]) -> str:
    order = done["order"]
    bound = f"{done['bound'] / 1000:g}"
    if order["kind"] == "terminate":
        return pick(
            f"TERMINATED: {done['systems']} systems, {done['copies']} copies, at {when(done['at'])}, holding "
            f"everywhere within {bound} s. Order {order['rid']}. Nothing un-stops it.",
            f"已终止：{done['systems']} 个系统、{done['copies']} 个副本，时间 {when(done['at'])}，"
            f"{bound} 秒内处处生效。终止令 {order['rid']}，不可撤销。",
        )
    until = when(order["until"]) if order["until"] else pick("two officers release it", "两名官员解除")
    return pick(
        f"SUSPENDED: {done['systems']} systems, {done['copies']} copies, at {when(done['at'])}, holding everywhere "
        f"within {bound} s, until {until}. Order {order['rid']}. A second officer's order terminates.",
        f"已暂停：{done['systems']} 个系统、{done['copies']} 个副本，时间 {when(done['at'])}，"
        f"{bound} 秒内处处生效，直至 {until}。命令 {order['rid']}。第二名官员再次下令即终止。",
    )


def release(args: argparse.Namespace) -> int:
    import msgspec

    from answerable.cli import drafts
    from answerable.cli.session import session, signers
    from answerable.errors import Refused
    from answerable.model.terms import AdminRole
    from answerable.stops.orders import release_statement

    here = session(args, AdminRole.OFFICER)
    if args.source:
        leaf, _ = drafts.take(args, "release")
    elif args.order:
        leaf = release_statement(args.order)
    else:
        raise Refused("stop.usage", detail="ORDER or --from is missing")
    leaf = drafts.signed(leaf, here.origin, signers(args, AdminRole.OFFICER))
    if drafts.keep(args, leaf):
        say(f"Signed by {len(leaf.sigs)}; not sent.", f"已有 {len(leaf.sigs)} 人签名，尚未提交。")
        return 0
    done = here.post("/stops/release", {"release": msgspec.to_builtins(leaf)})
    emit(
        args,
        done,
        [
            pick(
                f"Released: {done['order']['rid']}. Nothing is restarted.",
                f"已解除：{done['order']['rid']}。不会自动重启任何副本。",
            )
        ],
    )
    return 0
