# SPDX-License-Identifier: Apache-2.0
"""`gateway`: a gateway on another host. On the node: `init`, `join`, `run`; at the control plane: `enrol`, `ls`,
`withdraw`. Two small files go between: the node's request, and the card that comes back."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, Final

from answerable.cli import pinning
from answerable.cli.parser import Parser, children
from answerable.cli.talk import emit, pick, say, when

EXAMPLES: Final = """\
  answerable gateway init --store ./node --domain ai.example.com --name berlin --party RECORD_ID   on the node
  answerable gateway enrol node-request.json --as admin > card.json                     at the control plane
  answerable gateway join card.json --store ./node                                      on the node
  answerable gateway run --store ./node --control https://control.example.com:8443      on the node
  answerable gateway ls                                                                 at the control plane
"""
MAX_CARD: Final = 1 << 20


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    new_verb = children(parser)
    made = new_verb("init", "make a node's store, its keys, and the request to enrol it")
    made.add_argument("--domain", required=True, help="the trust domain of the control plane")
    made.add_argument("--name", required=True, help="of this gateway, in the audience of its warrants")
    made.add_argument("--party", required=True, metavar="RECORD_ID", help="who answers for what it records")
    made.add_argument("--origin", default="", help="of its own log; NAME.DOMAIN if not told")
    made.set_defaults(run=init)
    asked = new_verb("enrol", "enrol a node at the control plane; its card goes to standard output")
    asked.add_argument("request", metavar="FILE")
    pinning.option(asked)
    asked.set_defaults(run=enrol)
    taken = new_verb("join", "keep the card that the control plane gave")
    taken.add_argument("card", metavar="FILE", help="or - for standard input")
    taken.set_defaults(run=join)
    running = new_verb("run", "run the gateway of a node's store")
    running.add_argument("--control", help="URL of the control plane's holders' plane; also [node] control")
    running.add_argument("--host", help="address to bind; loopback if not told")
    running.add_argument("--port", type=int, help="0 takes a free one")
    running.add_argument("--unsafe-bind", action="store_true", default=None,
                         help="bind beyond loopback although there is no TLS here")  # fmt: skip
    running.set_defaults(run=run)
    new_verb("ls", "enrolled nodes, and what their logs have come to").set_defaults(run=ls)
    gone = new_verb("withdraw", "end a node: it is given nothing any more")
    gone.add_argument("node", metavar="NODE", help="name or record id")
    gone.set_defaults(run=withdraw)


def init(args: argparse.Namespace) -> int:
    import asyncio

    from answerable.app.node_card import REQUEST_FILE
    from answerable.app.node_create import create_node
    from answerable.cli.where import settings

    config = settings(args).config
    request = asyncio.run(create_node(config, domain=args.domain, name=args.name, party=args.party, origin=args.origin))
    file = config.store_path / REQUEST_FILE
    emit(
        args,
        {"store": str(config.store_path), "request": str(file), "key": request.key, "log": request.log},
        [
            pick(
                f"Made {config.store_path}. Its key: {request.key}",
                f"已创建 {config.store_path}。其公钥：{request.key}",
            ),
            pick(
                f"Next, at the control plane: answerable gateway enrol {file.name} --as ADMIN > card.json",
                f"下一步，在控制面：answerable gateway enrol {file.name} --as 管理员 > card.json",
            ),
        ],
    )
    return 0


def enrol(args: argparse.Namespace) -> int:
    import msgspec

    from answerable.app.node_card import Card, enrolment, read_request
    from answerable.cli.pinning import pinned
    from answerable.cli.session import session
    from answerable.errors import Refused
    from answerable.model.terms import AdminRole

    request = read_request(Path(args.request))
    here = session(args, AdminRole.ADMINISTRATOR)
    status, pins = here.get("/status"), pinned(here.get("/pins"), args.roster)
    if request.domain != status["domain"]:
        raise Refused("node.card", detail=f"the request is for {request.domain}")
    say(f"The node's key, to be compared with what it printed: {request.key}",
        f"节点公钥，请与其显示的比对：{request.key}")  # fmt: skip
    done = here.post("/nodes", msgspec.to_builtins(enrolment(request)))
    (kid, key), *_ = pins["issuers"].items()
    card = Card(
        v=1,
        domain=status["domain"],
        origin=status["origin"],
        name=request.name,
        node=done["rid"],
        logs=tuple(str(key) for key in here.place.trust().logs),
        issuer=f"spiffe://{status['domain']}/issuer/main",
        kid=kid,
        issuer_key=key,
        pulses=pins["pulses"],
        officers=pins["officers"],
        authorities=pins["authorities"],
        named=pins.get("named", {}),
    )
    print(msgspec.json.format(msgspec.json.encode(card)).decode())
    return 0


def join(args: argparse.Namespace) -> int:
    from answerable.app.node_create import join as keep
    from answerable.cli.where import place, read_bytes

    store = place(args).store
    card = keep(store, read_bytes(args.card, MAX_CARD))
    emit(
        args,
        {"node": card.node, "name": card.name, "origin": card.origin, "audience": card.audience},
        [
            pick(f"{card.audience} follows {card.origin}.", f"{card.audience} 跟随 {card.origin}。"),
            pick("Next: answerable gateway run --control URL", "下一步：answerable gateway run --control 地址"),
        ],
    )
    return 0


def run(args: argparse.Namespace) -> int:
    from answerable.app.node_run import run as go
    from answerable.cli.where import settings

    flags = {
        "node.control": args.control,
        "gateway.host": args.host,
        "gateway.port": args.port,
        "gateway.unsafe_bind": args.unsafe_bind,
    }

    async def announce(address: Any, core: Any) -> None:
        if args.json:
            told = {"gateway": address.gateway, "control": f"unix:{address.control}"}
            print(json.dumps({**told, "store": str(core.config.store_path)}), flush=True)
        else:
            say(f"gateway {address.gateway}; Ctrl-C ends it", f"网关 {address.gateway}；按 Ctrl-C 结束")

    return go(settings(args, more=flags).config, announce, say)


def ls(args: argparse.Namespace) -> int:
    from answerable.cli.session import session

    found = session(args).get("/nodes")
    lines = [
        f"{row['node']['name']:<16} {row['node']['rid']}  "
        + pick(
            f"{row['party']}, {row['size']} leaves, {row['copies']} copies, heard {when(row['heard'])}",
            f"{row['party']}，{row['size']} 片叶子，{row['copies']} 个副本，最近应答 {when(row['heard'])}",
        )
        + (pick("  WITHDRAWN", "  已撤销") if row["node"]["ended"] else "")
        for row in found
    ]
    emit(args, found, lines or [pick("No gateway elsewhere.", "没有其他主机上的网关。")])
    return 0


def withdraw(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.model.terms import AdminRole

    done = session(args, AdminRole.ADMINISTRATOR).post("/nodes/withdraw", {"key": args.node})
    emit(args, done, [pick(f"Withdrawn: record {done['rid']}.", f"已撤销：记录 {done['rid']}。")])
    return 0
