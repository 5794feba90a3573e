# SPDX-License-Identifier: Apache-2.0
"""`transfer`: the moment of sale. A role on a system passes to another party; both sign the same statement."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

from answerable.cli.parser import Parser
from answerable.cli.talk import emit, pick, say
from answerable.model.terms import Role

EXAMPLES: Final = """\
  answerable transfer base-model --role provider --old LEIXG-... --new NTRCN-...    both keys are in the store
  answerable transfer base-model --role provider --old LEIXG-... --new NTRCN-... --key old.json --draft sale.json
  answerable transfer --from sale.json --key new.json                                 the buyer, elsewhere
"""


def add(parser: Parser) -> None:
    from answerable.cli.drafts import options

    parser.examples = EXAMPLES
    parser.add_argument("system", nargs="?", default="", metavar="SYSTEM")
    parser.add_argument("--role", choices=[role.value for role in Role])
    parser.add_argument("--old", metavar="PARTY", default="", help="who sells")
    parser.add_argument("--new", metavar="PARTY", default="", help="who buys")
    parser.add_argument(
        "--key", action="append", default=[], metavar="CARD", help="a party's card, as `party key` wrote it"
    )
    options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from answerable.cli import drafts, party_keys
    from answerable.cli.session import session
    from answerable.errors import Refused
    from answerable.model.terms import AdminRole

    here = session(args, AdminRole.OPERATOR)
    leaf: Any
    if args.source:
        leaf, beside = drafts.take(args, "transfer")
        owners: dict[str, str] = dict(beside.get("owners", {}))
    else:
        leaf, owners = _draft(args, here), {}
    if args.key:
        cards = [party_keys.read(Path(path)) for path in args.key]
    else:
        folder = here.place.store / party_keys.FOLDER
        cards = [party_keys.find(folder, rid) for rid in (leaf.old, leaf.new) if rid not in owners.values()]
    owners.update({card.kid: card.party for card in cards})
    leaf = drafts.signed(leaf, here.origin, [card.signer for card in cards])
    if drafts.keep(args, leaf, owners=owners):
        say(f"Signed by {len(leaf.sigs)} of 2; not sent.", f"已有 {len(leaf.sigs)} 方签名（共 2 方），尚未提交。")
        return 0
    by_party = {owners.get(sig.key, ""): sig for sig in leaf.sigs}
    if leaf.old not in by_party or leaf.new not in by_party:
        raise Refused("admin.no_key", detail="both parties must sign")
    old, new = by_party[leaf.old], by_party[leaf.new]
    done = here.post(
        "/transfers",
        {
            "system": leaf.sys,
            "role": leaf.role,
            "old": leaf.old,
            "new": leaf.new,
            "nonce": leaf.n,
            "old_key": old.key,
            "old_signature": old.sig,
            "new_key": new.key,
            "new_signature": new.sig,
        },
    )
    emit(args, done, [pick(f"Transferred: record {done['rid']}.", f"已转让：记录 {done['rid']}。")])
    return 0


def _draft(args: argparse.Namespace, here: Any) -> Any:
    from answerable.cli.session import part
    from answerable.crypto.random import nonce
    from answerable.errors import Refused
    from answerable.model.leaves import TransferLeaf

    if not (args.system and args.role and args.old and args.new):
        raise Refused("admin.request", detail="SYSTEM, --role, --old and --new, or --from, are missing")
    return TransferLeaf(
        n=nonce(),
        new=here.get(f"/parties/{part(args.new)}")["party"]["rid"],
        old=here.get(f"/parties/{part(args.old)}")["party"]["rid"],
        role=args.role,
        sigs=[],
        sys=here.get(f"/systems/{part(args.system)}")["rid"],
        t=0,
    )
