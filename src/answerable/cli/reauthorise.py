# SPDX-License-Identifier: Apache-2.0
"""`reauthorise`: officers who did not sign an order let one *new* system id stand beside what it stopped."""

from __future__ import annotations

import argparse
from typing import Final

from answerable.cli.parser import Parser
from answerable.cli.talk import emit, pick, say

EXAMPLES: Final = """\
  answerable reauthorise ORDER --digest sha256:... --as clara --as david
  answerable register --name base-model-2 ... --reauthorises spiffe://...       then register the new id
"""


def add(parser: Parser) -> None:
    from answerable.cli.drafts import options

    parser.examples = EXAMPLES
    parser.add_argument("order", nargs="?", default="", metavar="ORDER", help="record id of the termination")
    parser.add_argument(
        "--digest", action="append", default=[], help="of the new system's weights, as the order lists it"
    )
    parser.add_argument("--system", default="", metavar="ID", help="the new system's id; drawn if not given")
    parser.add_argument("--attestation", default="", metavar="RID", help="record id of what speaks for it")
    options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    import msgspec
    from msgspec import UNSET

    from answerable.cli import drafts
    from answerable.cli.session import session, signers
    from answerable.crypto.random import nonce, opaque_id
    from answerable.errors import Refused
    from answerable.model.leaves import ReauthorisationLeaf
    from answerable.model.terms import AdminRole

    here = session(args, AdminRole.OFFICER)
    if args.source:
        leaf, _ = drafts.take(args, "reauthorisation")
    elif args.order and args.digest:
        domain = here.get("/status")["domain"]
        leaf = ReauthorisationLeaf(
            att=args.attestation or UNSET,
            dig=sorted(args.digest),
            id=args.system or f"spiffe://{domain}/system/{opaque_id()}",
            n=nonce(),
            order=args.order,
            sigs=[],
            t=0,
        )
    else:
        raise Refused("admin.request", detail="ORDER and --digest, or --from, are missing")
    leaf = drafts.signed(leaf, here.origin, signers(args, AdminRole.OFFICER))
    if drafts.keep(args, leaf):
        say(f"Signed by {len(leaf.sigs)}; not sent.", f"已有 {len(leaf.sigs)} 人签名，尚未提交。")
        return 0
    done = here.post("/reauthorisations", {"reauthorisation": msgspec.to_builtins(leaf)})
    emit(
        args,
        done,
        [
            pick(
                f"Allowed: {done['id']} may be registered. What was stopped stays stopped, and nothing is restarted.",
                f"已重新授权：可登记 {done['id']}。已终止者仍为终止状态，不会重启任何副本。",
            )
        ],
    )
    return 0
