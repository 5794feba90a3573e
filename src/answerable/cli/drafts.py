# SPDX-License-Identifier: Apache-2.0
"""Statements that several people sign: a draft travels from one to the next as a small JSON file; each one signs.

Where all keys are on one machine, `--as` names several people and no file is needed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from answerable.app.people import Person
from answerable.cli.parser import Parser
from answerable.cli.where import read_bytes, write_bytes
from answerable.errors import Refused
from answerable.log.statement import sign
from answerable.model.leaves import (
    ApprovalLeaf,
    EraseLeaf,
    GrantLeaf,
    Leaf,
    OrderLeaf,
    PreserveLeaf,
    ReauthorisationLeaf,
    ReleaseLeaf,
    RevokeLeaf,
    Sig,
    TransferLeaf,
)
from answerable.privacy.statements import signatures, with_signatures

MAX_DRAFT: Final = 1 << 20
_KINDS: Final[dict[str, type[Leaf]]] = {
    "order": OrderLeaf,
    "release": ReleaseLeaf,
    "reauthorisation": ReauthorisationLeaf,
    "transfer": TransferLeaf,
    "erase": EraseLeaf,
    "preserve": PreserveLeaf,
    "grant": GrantLeaf,
    "revoke": RevokeLeaf,
    "approval": ApprovalLeaf,
}


def options(parser: Parser) -> None:
    group = parser.add_argument_group("several people")
    group.add_argument("--draft", metavar="FILE", help="do not send: write what was signed so far, for the next person")
    group.add_argument("--from", dest="source", metavar="FILE", help="go on with such a file: add a signature, send it")


def signed(leaf: Any, origin: str, people: Iterable[Person]) -> Any:
    """The leaf with a signature of each person, each once, beside those that it has."""
    sigs: list[Sig] = signatures(leaf)
    for person in people:
        if all(sig.key != person.kid for sig in sigs):
            sigs.append(sign(leaf, origin, person.key, person.kid))
    return with_signatures(leaf, sigs)


def keep(args: argparse.Namespace, leaf: Any, **beside: Any) -> bool:
    """Write the draft if `--draft` asks for it; whether it did."""
    if not args.draft:
        return False
    data = {"leaf": msgspec.to_builtins(leaf), **beside}
    write_bytes(args.draft, json.dumps(data, ensure_ascii=False, indent=2).encode() + b"\n")
    return True


def take(args: argparse.Namespace, kind: str) -> tuple[Any, dict[str, Any]]:
    """(leaf, what stands beside it) of the file that `--from` names. Raises Refused ``admin.draft``."""
    try:
        data = json.loads(read_bytes(args.source, MAX_DRAFT))
        leaf = msgspec.convert(data.pop("leaf"), _KINDS[kind])
    except (ValueError, KeyError, TypeError, AttributeError, msgspec.ValidationError):
        raise Refused("admin.draft", file=args.source, kind=kind) from None
    return leaf, data
