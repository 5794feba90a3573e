# SPDX-License-Identifier: Apache-2.0
"""`party`: who answers. Registered as declared; vouched for by a registrar; proven by a certificate's key."""

from __future__ import annotations

import argparse
import base64
import re
from pathlib import Path
from typing import Any, Final

from answerable.cli.parser import Parser, children
from answerable.cli.talk import emit, pick, table, when

EXAMPLES: Final = """\
  answerable party register --id LEIXG-... --name "Example Ltd"
  answerable party key LEIXG-...                        a key with which it signs; --registrar to vouch for others
  answerable party vouch LEIXG-... --registrar NTRCN-...
  answerable party challenge LEIXG-... --out text.bin   sign text.bin with the key of its certificate, then
  answerable party prove LEIXG-... --challenge NONCE --certificates chain.pem --signature text.sig
"""
_PEM: Final = re.compile(rb"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)
MAX_FILE: Final = 1 << 20


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    new_verb = children(parser)
    new_verb("ls", "every party").set_defaults(run=ls)
    _party(new_verb("show", "one party and its keys"), show)
    new = new_verb("register", "register a party")
    new.add_argument("--id", required=True, help="NTRCN-, LEIXG-, NTR<cc>-, VAT<cc>- or PERSON-")
    new.add_argument("--name", required=True)
    new.set_defaults(run=register)
    key = _party(new_verb("key", "make and enrol a key with which the party signs"), make_key)
    key.add_argument("--registrar", action="store_true", help="it may vouch for other parties")
    key.add_argument("--out", metavar="DIR", help="where the key goes; default: in the store")
    gone = new_verb("withdraw-key", "end a party's key")
    gone.add_argument("key", metavar="RID")
    gone.set_defaults(run=withdraw_key)
    vouch_parser = _party(new_verb("vouch", "a registrar's word for a party's identifier"), vouch)
    vouch_parser.add_argument("--registrar", default="", metavar="PARTY", help="whose key in the store signs")
    vouch_parser.add_argument("--key", default="", metavar="CARD", help="the registrar's card, if it is elsewhere")
    ask = _party(new_verb("challenge", "ask for a text to sign"), challenge)
    ask.add_argument("--out", metavar="FILE", help="write the bytes to sign there")
    answer = _party(new_verb("prove", "answer a challenge"), prove)
    answer.add_argument("--challenge", required=True, metavar="NONCE")
    answer.add_argument("--certificates", required=True, metavar="PEM", help="its certificate first, then the chain")
    answer.add_argument("--signature", required=True, metavar="FILE", help="over the challenge's text")


def ls(args: argparse.Namespace) -> int:
    from answerable.cli.session import session

    found = session(args).get("/parties")
    head = [pick("NAME", "名称"), pick("ID", "标识"), pick("STANDING", "核验"), pick("SINCE", "登记时间")]
    emit(args, found, table(head, ([p["name"], p["id"], p["standing"], when(p["since"])] for p in found)))
    return 0


def show(args: argparse.Namespace) -> int:
    from answerable.cli.session import part, session

    found = session(args).get(f"/parties/{part(args.party)}")
    party = found["party"]
    lines = [
        f"{party['name']} ({party['id']})",
        f"  {pick('standing', '核验级别')}: {party['standing']}"
        + (f" ({pick('by', '担保方')} {party['voucher']})" if party["voucher"] else ""),
        f"  {pick('record', '记录')}: {party['rid']}",
        *[f"  {pick('key', '密钥')}: {key['rid']} ({key['use']})" for key in found["keys"]],
    ]
    if party["demo"]:
        lines.append(pick("  a demo's identifier, from an unassigned range", "  演示用标识，取自未分配号段"))
    emit(args, found, lines)
    return 0


def register(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.crypto.random import opaque_id
    from answerable.model.terms import AdminRole

    # A natural person's identifier says nothing of the person: it is drawn here.
    identifier = f"PERSON-{opaque_id()}" if args.id == "PERSON" else args.id
    done = session(args, AdminRole.OPERATOR).post("/parties", {"id": identifier, "name": args.name})
    emit(
        args,
        done,
        [pick(f"Registered {done['id']}: record {done['rid']}.", f"已登记 {done['id']}：记录 {done['rid']}。")],
    )
    return 0


def make_key(args: argparse.Namespace) -> int:
    from answerable.cli import party_keys
    from answerable.cli.session import part, session
    from answerable.crypto.b64 import b64u
    from answerable.crypto.ed25519 import Key
    from answerable.crypto.random import nonce
    from answerable.log.statement import to_sign
    from answerable.model.leaves import KeyLeaf
    from answerable.model.terms import AdminRole

    here = session(args, AdminRole.ADMINISTRATOR)
    party = here.get(f"/parties/{part(args.party)}")["party"]
    key, drawn, use = Key.generate(), nonce(), "registrar" if args.registrar else "party"
    leaf = KeyLeaf(n=drawn, own=party["rid"], pub=b64u(key.public), t=0, use=use)
    done = here.post(
        "/parties/keys",
        {
            "party": party["rid"],
            "key": leaf.pub,
            "registrar": args.registrar,
            "nonce": drawn,
            "signature": b64u(key.sign(to_sign(leaf, here.origin))),
        },
    )
    folder = Path(args.out) if args.out else here.place.store / party_keys.FOLDER
    card = party_keys.write(folder, party_keys.PartyCard(done["rid"], party["rid"], use, key))
    emit(args, {**done, "card": str(card)}, [str(card)])
    return 0


def withdraw_key(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.model.terms import AdminRole

    done = session(args, AdminRole.ADMINISTRATOR).post("/parties/keys/withdraw", {"key": args.key})
    emit(args, done, [pick(f"Withdrawn: record {done['rid']}.", f"已撤回：记录 {done['rid']}。")])
    return 0


def vouch(args: argparse.Namespace) -> int:
    from answerable.cli import party_keys
    from answerable.cli.session import part, session
    from answerable.crypto.b64 import b64u
    from answerable.crypto.random import nonce, salt
    from answerable.errors import Refused
    from answerable.log.statement import to_sign
    from answerable.model.leaves import PartyLeaf
    from answerable.model.terms import AdminRole
    from answerable.registry.planned import name

    here = session(args, AdminRole.OPERATOR)
    party = here.get(f"/parties/{part(args.party)}")["party"]
    if args.key:
        card = party_keys.read(Path(args.key))
    elif args.registrar:
        registrar = here.get(f"/parties/{part(args.registrar)}")["party"]
        card = party_keys.find(here.place.store / party_keys.FOLDER, registrar["rid"], "registrar")
    else:
        raise Refused("admin.no_key", detail="neither --registrar nor --key is given")
    salted, drawn = salt(), nonce()
    leaf = PartyLeaf(
        c=name(party["name"], salted=salted).commitments,
        id=party["id"],
        kind=party["kind"],
        n=drawn,
        prev=party["rid"],
        std="vouched",
        t=0,
        vch=card.party,
    )
    done = here.post(
        "/parties/vouch",
        {
            "party": party["rid"],
            "key": card.kid,
            "nonce": drawn,
            "salt": b64u(salted),
            "signature": b64u(card.key.sign(to_sign(leaf, here.origin))),
        },
    )
    emit(
        args,
        done,
        [pick(f"Vouched for {done['id']}: record {done['rid']}.", f"已为 {done['id']} 担保：记录 {done['rid']}。")],
    )
    return 0


def challenge(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.cli.where import write_bytes
    from answerable.model.terms import AdminRole

    found = session(args, AdminRole.OPERATOR).post("/parties/challenge", {"party": args.party})
    if args.out:
        write_bytes(args.out, base64.b64decode(found["text"]))
    lines = [found["nonce"], *([] if args.out else [found["text"]])]
    emit(args, found, lines)
    return 0


def prove(args: argparse.Namespace) -> int:
    from answerable.cli.session import session
    from answerable.cli.where import read_bytes
    from answerable.crypto.b64 import b64u
    from answerable.model.terms import AdminRole

    chain = certificates(read_bytes(args.certificates, MAX_FILE))
    done = session(args, AdminRole.OPERATOR).post(
        "/parties/prove",
        {
            "party": args.party,
            "challenge": args.challenge,
            "certificates": [b64u(each) for each in chain],
            "signature": b64u(read_bytes(args.signature, MAX_FILE)),
        },
    )
    emit(
        args,
        done,
        [pick(f"Proven: {done['id']}, record {done['rid']}.", f"已证明：{done['id']}，记录 {done['rid']}。")],
    )
    return 0


def certificates(pem: bytes) -> list[bytes]:
    """DER of each certificate in a PEM file (RFC 7468), in order. Raises Refused ``admin.request``."""
    import binascii

    from answerable.errors import Refused

    try:
        found = [base64.b64decode(b"".join(body.split()), validate=True) for body in _PEM.findall(pem)]
    except binascii.Error:
        found = []
    if not found:
        raise Refused("admin.request", detail="no certificate in the PEM file")
    return found


def _party(parser: Parser, run: Any) -> Parser:
    parser.add_argument("party", metavar="PARTY", help="party id or record id")
    parser.set_defaults(run=run)
    return parser
