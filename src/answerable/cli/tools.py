# SPDX-License-Identifier: Apache-2.0
"""`tools`: what tool servers offer, and what people say of it. Importing shows and proposes; classifying is a person's
word on the definition that they saw, told by the beginning of its digest."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

from answerable.cli.parser import Parser, children
from answerable.cli.talk import emit, pick, say, table

EXAMPLES: Final = """\
  answerable tools import desk --as anna                    what the server has, with a proposal and why
  answerable tools show desk/pay_invoice                    its definition, its class, its digest
  answerable tools classify desk/high_water --as-proposed --pin 3f9a01c2 --as anna
  answerable tools classify desk/pay_invoice --world information --criticality sensitive --domain payment \\
    --effect irreversible --approvals 1 --bound /euros=1..500 --text /invoice=40 --meter money:/euros:EUR \\
    --pin 77d0c1aa --as anna
  answerable tools pin desk/high_water --pin 91be04d7 --as anna     stand for its new definition
  answerable tools withdraw desk/pay_invoice --as anna
  answerable tools servers                                  do they answer anybody who reaches them?
"""
DIGITS: Final = 8  # of a digest that whoever stands for a definition says
MAX_FILE: Final = 1 << 20


def add(parser: Parser) -> None:
    from answerable.model.terms import AdminRole, Criticality, Effect, World

    parser.examples = EXAMPLES
    new_verb = children(parser)
    taken = new_verb("import", "make a server's tools known, and propose a class for each; they stay unclassified")
    taken.add_argument("server", metavar="SERVER")
    taken.set_defaults(run=take)
    listing = new_verb("ls", "tools, and what stands against each")
    listing.add_argument("server", metavar="SERVER", nargs="?", default="")
    listing.set_defaults(run=ls)
    look = new_verb("show", "one tool: its definition, its class, what is proposed")
    look.set_defaults(run=show)
    idea = new_verb("propose", "what a tool seems to be, and why; nothing is changed")
    idea.set_defaults(run=propose)
    said = new_verb("classify", "say what a tool is; from then on it may be called")
    said.add_argument("--as-proposed", action="store_true", help="agree with the proposal, but for what is said here")
    said.add_argument("--class", dest="file", metavar="FILE", help="a class in JSON, or - for standard input")
    said.add_argument("--world", choices=[each.value for each in World])
    said.add_argument("--criticality", choices=[each.value for each in Criticality])
    said.add_argument("--domain", help="of the table of worlds")
    said.add_argument("--effect", choices=[each.value for each in Effect if each is not Effect.NONE])
    said.add_argument("--undo", metavar="TOOL", help="the tool of the same server that undoes a call")
    said.add_argument("--dry-run", metavar="AT|TOOL", help="the argument, or the tool, that tries without doing")
    said.add_argument("--approvals", type=int, help="how many different people each call waits for")
    said.add_argument("--role", action="append", choices=[role.value for role in AdminRole], help="that they must have")
    said.add_argument("--meter", action="append", metavar="KIND[:AT][:CURRENCY]", help="what a call takes of a budget")
    said.add_argument("--rate", type=int, help="calls a minute")
    said.add_argument("--idempotency", type=int, metavar="SECONDS", help="how long the same call is the same")
    said.add_argument("--bound", action="append", metavar="AT=LEAST..MOST", help="of a number; AT? may be left out")
    said.add_argument("--text", action="append", metavar="AT=LONGEST", help="of a text, or of a list")
    said.add_argument("--one-of", action="append", metavar="AT=A,B,C", help="the texts that it may be")
    said.add_argument("--any", action="append", metavar="AT", help="any value is inside")
    said.add_argument("--no-arguments", action="store_true", help="an envelope that permits none")
    said.add_argument("--max-tier", type=int, help="of the systems that may call it")
    said.add_argument("--attestation", metavar="URI", help="predicate type that the caller's system must hold")
    said.add_argument("--generates", action="store_true", default=None, help="its results were made by an AI")
    said.set_defaults(run=classify)
    pinned = new_verb("pin", "stand for a tool's definition as its server lists it now")
    pinned.add_argument("--attestation", metavar="FILE", help="a DSSE envelope by whom the configuration trusts")
    pinned.set_defaults(run=pin)
    gone = new_verb("withdraw", "take a tool out of use")
    gone.set_defaults(run=withdraw)
    for verb in (look, idea, said, pinned, gone):
        verb.add_argument("tool", metavar="SERVER/TOOL")
    for verb in (said, pinned):
        verb.add_argument("--pin", default="", help=f"the first {DIGITS} digits or more of the digest that was shown")
    new_verb("servers", "tool servers, what ails them, and whether they answer anybody").set_defaults(run=servers)
    told = new_verb("attest", "hand in what was attested of a system")
    told.add_argument("system", metavar="SYSTEM")
    told.add_argument("file", metavar="FILE", help="a DSSE envelope with an in-toto statement")
    told.set_defaults(run=attest)


def take(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.model.terms import AdminRole

    done = session(args, AdminRole.ADMINISTRATOR).post("/tools/import", {"server": args.server})
    lines = [line for tool in done["tools"] for line in _proposed(tool)]
    lines += [f"{name}: {code}" for name, code in done["refused"].items()]
    lines.append(
        pick(
            f"{len(done['new'])} new, {len(done['changed'])} changed, {len(done['refused'])} refused. "
            "None may be called before a person classifies it.",
            f"新增 {len(done['new'])}，有变化 {len(done['changed'])}，拒绝 {len(done['refused'])}。"
            "经人员分类之前均不可调用。",
        )
    )
    emit(args, done, lines)
    return 0


def ls(args: argparse.Namespace) -> int:
    from answerable.cli.session import session

    found = session(args).get("/tools", server=args.server)
    head = [pick(*words) for words in (("TOOL", "工具"), ("STATE", "状态"), ("WORLD", "界"), ("CRITICALITY", "等级"),
                                       ("DOMAIN", "领域"), ("EFFECT", "效果"), ("PEOPLE", "审批人数"))]  # fmt: skip
    rows = []
    for each in found:
        row = each["row"] if each["row"] and each["row"]["state"] == "classified" else None
        said = (
            [row["world"], row["criticality"], row["domain"], row["effect"], str(row.get("approvals", 0))]
            if row
            else []
        )
        rows.append([each["tool"], each["state"], *(said or ["-"] * 5)])
    emit(args, found, table(head, rows) if rows else [pick("No tools.", "没有工具。")])
    return 0


def show(args: argparse.Namespace) -> int:
    from answerable.cli.session import session

    found = session(args).get(f"/tools/{args.tool}")
    lines = [f"{found['tool']}  {found['state']}", pick("pinned  ", "已固定  ") + (found["pinned"] or "-")]
    lines += [pick("listed  ", "现列出  ") + (found["listed"] or "-")]
    if found["row"] and found["row"]["state"] == "classified":
        lines += [pick("class:", "分类："), *_class(found["row"])]
    if found["definition"] is not None:
        lines += [
            pick("definition:", "定义："),
            *json.dumps(found["definition"], ensure_ascii=False, indent=2).splitlines(),
        ]
    emit(args, found, lines)
    return 0


def propose(args: argparse.Namespace) -> int:
    from answerable.cli.session import session

    found = session(args).get(f"/tools/{args.tool}")
    emit(args, {"proposal": found["proposal"], "reasons": found["reasons"]}, _proposed(found))
    return 0


def classify(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.cli.tool_words import said
    from answerable.model.terms import AdminRole

    here = session(args, AdminRole.ADMINISTRATOR)
    found = here.get(f"/tools/{args.tool}")
    base = found["proposal"] if args.as_proposed else _file(args.file) if args.file else {}
    chosen = said(args, base or {})
    stood_for = _seen(args, found)
    done = here.post("/tools/classify", {"tool": args.tool, "pin": stood_for, "class": chosen})
    emit(args, {**done, "class": chosen}, [_recorded(args.tool, done), *_class(chosen)])
    return 0


def pin(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.crypto.b64 import b64u
    from answerable.model.terms import AdminRole

    here = session(args, AdminRole.OPERATOR if args.attestation else AdminRole.ADMINISTRATOR)
    found = here.get(f"/tools/{args.tool}")
    attested = b64u(Path(args.attestation).read_bytes()[:MAX_FILE]) if args.attestation else ""
    body = {"tool": args.tool, "pin": found["listed"] if attested else _seen(args, found), "attestation": attested}
    done = here.post("/tools/pin", body)
    emit(args, done, [_recorded(args.tool, done)])
    return 0


def withdraw(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.model.terms import AdminRole

    done = session(args, AdminRole.ADMINISTRATOR).post("/tools/withdraw", {"tool": args.tool})
    emit(args, done, [_recorded(args.tool, done)])
    return 0


def servers(args: argparse.Namespace) -> int:
    """Exit status 1 where one of them answers anybody."""
    from answerable.cli.session import session

    found = session(args).get("/servers")
    shut = {
        True: pick("ANSWERS ANYBODY: not governed", "对任何人应答：不受治理"),
        False: pick("answers the gate alone", "仅应答网关"),
        None: "-",
    }
    head = [pick("SERVER", "服务器"), pick("TOOLS", "工具数"), pick("PROBLEM", "问题"), pick("SHUT", "是否封闭")]
    rows = [[each["server"], str(each["tools"]), each["problem"] or "-", shut[each["open"]]] for each in found]
    emit(args, found, table(head, rows) if rows else [pick("No tool servers.", "没有工具服务器。")])
    return 1 if any(each["open"] for each in found) else 0


def attest(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.crypto.b64 import b64u
    from answerable.model.terms import AdminRole

    envelope = b64u(Path(args.file).read_bytes()[:MAX_FILE])
    done = session(args, AdminRole.OPERATOR).post("/attestations", {"system": args.system, "envelope": envelope})
    emit(args, done, [_recorded(done["id"], done)])
    return 0


def _seen(args: argparse.Namespace, found: dict[str, Any]) -> str:
    """The digest of what is listed now, if the person says how it begins. Raises Refused ``tool.malformed``."""
    from answerable.errors import Refused

    listed = str(found["listed"])
    digits = listed.removeprefix("sha256:")
    told = args.pin.removeprefix("sha256:")
    if not told and sys.stdin.isatty() and found["definition"] is not None:
        for line in json.dumps(found["definition"], ensure_ascii=False, indent=2).splitlines():
            say(line, line)
        say(f"Its digest: {digits}", f"其摘要：{digits}")
        told = input(pick(f"Its first {DIGITS} digits, if you stand for this: ", f"若愿负责，请输入前 {DIGITS} 位："))
    if len(told) < DIGITS or not digits or not digits.startswith(told):
        raise Refused("tool.malformed", detail=f"--pin: the first {DIGITS} digits of what `tools show` lists")
    return listed


def _file(name: str) -> dict[str, Any]:
    from answerable.errors import Refused

    try:
        text = sys.stdin.read(MAX_FILE) if name == "-" else Path(name).read_text(encoding="utf-8")
        found = json.loads(text)
    except (OSError, ValueError):
        raise Refused("tool.malformed", detail=f"{name} is no JSON") from None
    if not isinstance(found, dict):
        raise Refused("tool.malformed", detail=f"{name} is no class")
    return found


def _proposed(tool: dict[str, Any]) -> list[str]:
    lines = [f"{tool['tool']}  {tool['state']}  {tool['listed'].removeprefix('sha256:')[:16]}"]
    if tool["proposal"] is not None:
        proposal = tool["proposal"]
        words = [proposal["world"], proposal["criticality"], proposal["domain"], proposal["effect"]]
        lines.append("  " + pick("proposed: ", "建议：") + ", ".join(words))
        lines += [f"    {reason}" for reason in tool[pick("reasons", "reasons_zh")]]
    return lines


def _class(row: dict[str, Any]) -> list[str]:
    from answerable.model.tools import ToolClass

    return [
        f"  {name:<14} {_words(row[name])}"
        for name in ToolClass.__struct_fields__
        if row.get(name) not in (None, "", [])
    ]


def _words(value: Any) -> str:
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _recorded(tool: str, done: dict[str, Any]) -> str:
    return pick(f"{tool}: record {done['rid']}.", f"{tool}：记录 {done['rid']}。")
