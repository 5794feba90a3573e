# SPDX-License-Identifier: Apache-2.0
"""`recover`: a control plane put back from the past, and what it still waits for (docs/operate/recovery.md)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

from answerable.cli.parser import Parser, children
from answerable.cli.talk import emit, pick

EXAMPLES: Final = """\
  answerable recover status                       whether anything is signed, and who is still to be heard
  answerable recover offer ./node/orders.txt      give back orders that a holder kept
  answerable recover waive "node berlin" --as admin     do not wait for it; the log says who said so
"""
BEHIND: Final = 1
TOGETHER: Final = 64


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    new_verb = children(parser)
    new_verb("status", "whether this registry was put back, and what it waits for").set_defaults(run=status)
    given = new_verb("offer", "give back orders that a holder kept")
    given.add_argument("file", type=Path, nargs="+", metavar="FILE", help="a holder's orders.txt, or one order message")
    given.set_defaults(run=offer)
    passed = new_verb("waive", "do not wait for one who could know more")
    passed.add_argument("name", help="as `recover status` tells it")
    passed.set_defaults(run=waive)


def status(args: argparse.Namespace) -> int:
    from answerable.cli.session import session

    found = session(args).get("/recover")
    emit(args, found, told(found))
    return BEHIND if found["behind"] else 0


def offer(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.crypto.b64 import b64u
    from answerable.model.terms import AdminRole

    here = session(args, AdminRole.OPERATOR)
    messages = [message for file in args.file for message in kept(file)]
    regained, found = 0, here.get("/recover")
    for start in range(0, len(messages), TOGETHER):
        some = [b64u(message) for message in messages[start : start + TOGETHER]]
        answer = here.post("/recover/offer", {"orders": some})
        regained, found = regained + answer["regained"], answer["state"]
    emit(
        args,
        {"offered": len(messages), "regained": regained, "state": found},
        [
            pick(f"{len(messages)} offered, {regained} regained.", f"提交 {len(messages)} 条，找回 {regained} 条。"),
            *told(found),
        ],
    )
    return BEHIND if found["behind"] else 0


def waive(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.model.terms import AdminRole

    found = session(args, AdminRole.ADMINISTRATOR).post("/recover/waive", {"name": args.name})
    emit(args, found, told(found))
    return BEHIND if found["behind"] else 0


def kept(file: Path) -> list[bytes]:
    """The order messages in a file: one, or a holder's, a line each. Raises Unavailable ``admin.file``."""
    from answerable.app.order_store import OrderStore
    from answerable.errors import Unavailable

    try:
        data = file.read_bytes()
    except OSError as error:
        raise Unavailable("admin.file", file=str(file), detail=error.strerror or "cannot be read") from None
    return [data] if data.startswith(b"{") else OrderStore.parse(data)


def told(found: dict[str, Any]) -> list[str]:
    if not found["behind"]:
        return [pick(f"Nothing is to be regained; change {found['epoch']} of the stop set is the newest.",
                     f"无需恢复；终止集合最新变更为 {found['epoch']}。")]  # fmt: skip
    lines = [
        pick(
            "PUT BACK FROM THE PAST: nothing is signed until all that was stopped is known again.",
            "已由旧备份恢复：在获知全部终止令之前不签发任何内容。",
        ),
        pick(
            f"Known: change {found['epoch']}; regained: {found['regained']} orders.",
            f"已知变更：{found['epoch']}；已找回 {found['regained']} 条终止令。",
        ),
    ]
    lines += [
        pick(f"  waits for {name}: {why}", f"  等待 {name}：{why}") for name, why in sorted(found["waiting"].items())
    ]
    return lines
