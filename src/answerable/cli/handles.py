# SPDX-License-Identifier: Apache-2.0
"""`handles`: API keys for plain clients. Bound to a place, shown once, listed, revoked."""

from __future__ import annotations

import argparse
import re
from typing import Final

from answerable.cli.parser import Parser, children
from answerable.cli.talk import emit, pick, say

EXAMPLES: Final = """\
  export OPENAI_API_KEY=$(answerable handles issue COPY --life 8h)
  answerable handles ls
  answerable handles revoke RECORD_ID
"""
_LIFE: Final = re.compile(r"([1-9][0-9]{0,6})(s|m|h|d)")
_UNITS: Final = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    new_verb = children(parser)
    new = new_verb("issue", "a handle for a running copy; its value goes to stdout, once")
    new.add_argument("copy", metavar="COPY", help="id or record id of a running copy")
    new.add_argument("--bind", default="cidr:127.0.0.0/8", metavar="PLACE", help="unix or cidr:NETWORK")
    new.add_argument("--life", default="8h", help="30m, 8h, 30d")
    new.set_defaults(run=issue)
    new_verb("ls", "every handle, by its record").set_defaults(run=ls)
    gone = new_verb("revoke", "end a handle, for ever")
    gone.add_argument("handle", metavar="RECORD_ID", help="record id or SHA-256 of the handle")
    gone.set_defaults(run=revoke)


def issue(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.model.terms import AdminRole

    done = session(args, AdminRole.OPERATOR).post(
        "/handles", {"copy": args.copy, "binding": args.bind, "life": life(args.life)}
    )
    if not args.json:
        say("This is shown once; only its digest is kept.", "仅显示一次，系统只保存其摘要。")
    emit(args, done, [done["value"]])
    return 0


def ls(args: argparse.Namespace) -> int:
    from answerable.cli.look import ls as listed

    args.kind = "handles"
    return listed(args)


def revoke(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.model.terms import AdminRole

    done = session(args, AdminRole.OPERATOR).post("/handles/revoke", {"handle": args.handle})
    emit(args, done, [pick(f"Revoked: record {done['rid']}.", f"已撤销：记录 {done['rid']}。")])
    return 0


def life(text: str) -> int:
    """Milliseconds of ``30m``, ``8h``, ``30d``. Raises Refused ``admin.request``."""
    from answerable.errors import Refused

    match = _LIFE.fullmatch(text)
    if match is None:
        raise Refused("admin.request", detail=f"{text!r} is not a time such as 30m, 8h or 30d")
    return int(match[1]) * _UNITS[match[2]]
