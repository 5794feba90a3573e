# SPDX-License-Identifier: Apache-2.0
"""`admin`: the people who administer, approve and order. Never a system, a copy or an organisation."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from answerable.cli.parser import Parser, children
from answerable.cli.talk import emit, pick
from answerable.model.terms import AdminRole

EXAMPLES: Final = """\
  answerable admin ls
  answerable admin enrol clara --role officer         registers the person, makes her key, enrols it
  answerable admin withdraw RECORD_ID                 what the key signed stays signed
"""


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    new_verb = children(parser)
    new_verb("ls", "everyone who was enrolled").set_defaults(run=ls)
    new_verb("self", "whose key signs here").set_defaults(run=myself)
    new = new_verb("enrol", "give a person a key and roles")
    new.add_argument("name", help="of the person; also the name of the key's file")
    new.add_argument("--role", action="append", required=True, choices=[role.value for role in AdminRole])
    new.add_argument("--person", default="", metavar="PARTY", help="PERSON- id, if the person is registered already")
    new.add_argument("--out", metavar="DIR", help="where key and card go; default: in the store")
    new.set_defaults(run=enrol)
    gone = new_verb("withdraw", "end a person's key")
    gone.add_argument("key", metavar="RECORD_ID")
    gone.set_defaults(run=withdraw)


def ls(args: argparse.Namespace) -> int:
    from answerable.cli.look import ls as listed

    args.kind = "admins"
    return listed(args)


def myself(args: argparse.Namespace) -> int:
    from answerable.cli.session import session

    found = session(args).get("/admins/self")
    emit(args, found, [f"{found['name']}  {','.join(found['roles'])}  {found['rid']}"])
    return 0


def enrol(args: argparse.Namespace) -> int:
    from answerable.app.people import FOLDER, Person, write
    from answerable.cli.session import part, session
    from answerable.crypto.b64 import b64u
    from answerable.crypto.ed25519 import Key
    from answerable.crypto.random import nonce, opaque_id
    from answerable.errors import Refused
    from answerable.log.statement import to_sign
    from answerable.model.leaves import KeyLeaf
    from answerable.model.roles import may

    if not args.name or "/" in args.name or args.name.startswith("."):
        raise Refused("admin.request", detail="a name that cannot be a file's")
    here = session(args, AdminRole.ADMINISTRATOR)
    me = here.get("/admins/self")
    if not may([AdminRole(role) for role in me["roles"]], AdminRole.ADMINISTRATOR):
        # Before the person is registered: a refused enrolment leaves nobody behind.
        raise Refused("admin.role", needed=AdminRole.ADMINISTRATOR.value, roles=", ".join(me["roles"]))
    folder = Path(args.out) if args.out else here.place.store / FOLDER
    if (folder / f"{args.name}.key").exists():
        raise Refused("admin.request", detail=f"{args.name}.key exists already")
    person = args.person or here.post("/parties", {"id": f"PERSON-{opaque_id()}", "name": args.name})["rid"]
    party = here.get(f"/parties/{part(person)}")["party"]
    roles = tuple(sorted({AdminRole(role) for role in args.role}))
    key, drawn = Key.generate(), nonce()
    leaf = KeyLeaf(
        n=drawn, own=party["rid"], pub=b64u(key.public), roles=[role.value for role in roles], t=0, use="admin"
    )
    done = here.post(
        "/admins",
        {
            "person": party["rid"],
            "key": leaf.pub,
            "roles": leaf.roles,
            "nonce": drawn,
            "signature": b64u(key.sign(to_sign(leaf, here.origin))),
        },
    )
    card = write(folder, Person(args.name, done["rid"], roles, key))
    emit(args, {**done, "card": str(card)}, [str(card)])
    return 0


def withdraw(args: argparse.Namespace) -> int:
    from answerable.cli.session import session

    done = session(args, AdminRole.ADMINISTRATOR).post("/admins/withdraw", {"key": args.key})
    emit(args, done, [pick(f"Withdrawn: record {done['rid']}.", f"已撤回：记录 {done['rid']}。")])
    return 0
