# SPDX-License-Identifier: Apache-2.0
"""Gateway nodes: gateways on other hosts, each with a key and a log of its own, for which a registered party answers.

An administrator enrols one; its key signs the leaf, which proves possession. What follows the registry, asks for
warrants and hands in checkpoints shows that key each time. The name in its audience is taken for ever: a warrant for a
node that was withdrawn is for no other one.
"""

from __future__ import annotations

import re
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from answerable.crypto.random import nonce
from answerable.errors import Refused, VerificationError
from answerable.log import leaf as leaves
from answerable.log.note import VerifierKey
from answerable.model.leaves import CopyLeaf, KeyLeaf, Leaf, Sig
from answerable.model.records import Node, Party
from answerable.model.units import Lane, Space, Unit
from answerable.ports import Directory
from answerable.registry import find
from answerable.registry.keys import check_by
from answerable.registry.planned import Planned, check_signature, free_key, fresh_nonce, public_key, put, unchanged
from answerable.registry.requests import Nonce, PublicKey, Ref, Request, Signature, WithdrawKey

USE: Final = "node"
MEMBER: Final = "answerable.node"  # of `x`, in the node's key leaf and in the leaves of the copies that it keeps
MAIN: Final = "main"  # the control plane's own gateway
# A path segment of a SPIFFE id (SPIFFE-ID section 2.2), in lower case: it stands in file names and metrics too.
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?")

_row = msgspec.json.Decoder(Node).decode


class EnrolNode(Request, frozen=True, kw_only=True):
    """A gateway on another host. party: who answers for its records; log: verifier key of its own log; `signature` by
    `key` over the key leaf that `enrol_statement` builds."""

    party: Ref
    name: Annotated[str, Meta(max_length=64, description="of the audience spiffe://<domain>/gateway/<name>")]
    key: PublicKey
    log: Annotated[str, Meta(max_length=400, description="verifier key of the node's own log")]
    nonce: Nonce
    signature: Signature


def enrol_statement(party: Party, request: EnrolNode, now_ms: int = 0) -> KeyLeaf:
    """The key leaf that the node's key signs (`log.statement.to_sign`)."""
    said = {"log": request.log, "name": request.name}
    return KeyLeaf(n=request.nonce, own=party.rid, pub=request.key, t=now_ms, use=USE, x={MEMBER: said})


def enrol(directory: Directory, request: EnrolNode, now_ms: int, *, by: str) -> Planned:
    """by: rid of the administrator's key leaf.

    Raises Refused ``node.name|taken|log``, ``party.unknown|is_system|key|key_taken|nonce|replayed|signature|by``.
    """
    check_by(directory, by)
    party = find.party(directory, request.party)
    if not fits(request.name):
        raise Refused("node.name", name=request.name)
    origin = _origin(request.log)
    for row in every(directory):
        if row.name == request.name or _origin(row.log) == origin:
            raise Refused("node.taken", name=row.name)
    if origin == (directory.raw(Space.MISC, "origin") or b"").decode():
        raise Refused("node.log")
    public = public_key(request.key)
    leaf = enrol_statement(party, request, now_ms)
    spent, spend = fresh_nonce(directory, request.nonce, now_ms)
    check_signature(directory, leaf, public, request.signature)
    full = msgspec.structs.replace(leaf, sigs=[Sig(key=party.rid, sig=request.signature)])
    data = leaves.encode(msgspec.structs.replace(full, by=by) if by else full)
    rid = leaves.rid(data)
    free, claim = free_key(directory, request.key, party.rid)
    row = Node(rid=rid, name=request.name, party=party.rid, key=request.key, log=request.log, since=now_ms)
    unit = Unit(leaves=(data,), effects=(put(Space.NODES, rid, row), claim, spend), expect=(free, spent))
    return Planned(unit, rid)


def fits(name: str) -> bool:
    """Whether a node can be named so."""
    return bool(_NAME.fullmatch(name)) and name != MAIN


def withdraw(directory: Directory, request: WithdrawKey, now_ms: int, *, by: str) -> Planned:
    """End a node: it is given nothing any more. Raises Refused ``node.unknown``, ``party.by``."""
    check_by(directory, by)
    row = in_force(directory, request.key)
    leaf = KeyLeaf(end=True, n=nonce(), own=row.party, prev=row.rid, pub=row.key, t=now_ms, use=USE)
    data = leaves.encode(msgspec.structs.replace(leaf, by=by) if by else leaf)
    ended = msgspec.structs.replace(row, ended=now_ms)
    unit = Unit(
        leaves=(data,),
        effects=(put(Space.NODES, row.rid, ended),),
        expect=(unchanged(directory, Space.NODES, row.rid),),
        lane=Lane.STOP,  # taken while orders are regained too: it may be this node, or its thief, that is waited for
    )
    return Planned(unit, leaves.rid(data))


def every(directory: Directory) -> tuple[Node, ...]:
    """All that were ever enrolled."""
    return tuple(_row(raw) for _, raw in directory.rows(Space.NODES))


def running(directory: Directory) -> tuple[Node, ...]:
    """Those that are not withdrawn."""
    return tuple(node for node in every(directory) if not node.ended)


def in_force(directory: Directory, ref: str) -> Node:
    """The node with that rid or name, if it is not withdrawn. Raises Refused ``node.unknown``."""
    for node in running(directory):
        if ref in (node.rid, node.name):
            return node
    raise Refused("node.unknown", node=ref[:64])


def said(leaf: KeyLeaf) -> tuple[str, str]:
    """(name, verifier key of its log) of a node's key leaf. Raises ValueError for another leaf."""
    member = _member(leaf)
    name, log = member.get("name"), member.get("log")
    if leaf.use != USE or not isinstance(name, str) or not isinstance(log, str):
        raise ValueError("no node's key leaf")
    return name, log


def keeper(leaf: CopyLeaf) -> str:
    """rid of the node that keeps the copy's warrants, "" where it is no node's."""
    rid = _member(leaf).get("rid")
    return rid if isinstance(rid, str) else ""


def _member(leaf: Leaf) -> dict[str, object]:
    member = leaf.x.get(MEMBER) if isinstance(leaf.x, dict) else None
    return member if isinstance(member, dict) else {}


def _origin(log: str) -> str:
    try:
        return VerifierKey.parse(log).name
    except VerificationError:
        raise Refused("node.log") from None
