# SPDX-License-Identifier: Apache-2.0
"""Copies: each is an operating-system process or a remote endpoint with a key of its own.

A copy's id ends in the first 26 base32 characters of SHA-256 over its public key. The copy can so sign its whole leaf
before anyone numbers it, ids are never reassigned, and the id alone says which key it is.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Final

import msgspec

from answerable.crypto.b64 import b64u
from answerable.crypto.random import nonce
from answerable.errors import Refused
from answerable.log import leaf as leaves
from answerable.model.leaves import CopyLeaf
from answerable.model.records import Copy, System
from answerable.model.terms import Moment
from answerable.model.units import Expect, Put, Space, Unit
from answerable.ports import Directory
from answerable.registry import duties, fields, find, nodes, stopped
from answerable.registry.planned import (
    Planned,
    check_signature,
    free_key,
    fresh_nonce,
    public_key,
    put,
    unchanged,
)
from answerable.registry.requests import EndCopy, StartCopy

# Process number and start time in clock ticks (field 22 of proc(5) stat): together they name one process of one boot.
_PROCESS: Final = re.compile(r"pid:[1-9][0-9]{0,9}:[0-9]{1,20}")
START: Final = "start"
END: Final = "end"


def copy_id(system: System, public: bytes) -> str:
    """The SPIFFE id of the copy of `system` with that key (32 bytes)."""
    digest = base64.b32encode(hashlib.sha256(public).digest()).decode("ascii").lower()
    return f"{system.id}/copy/{digest[:26]}"


def start_statement(system: System, request: StartCopy, now_ms: int = 0) -> CopyLeaf:
    """The copy leaf that the copy's key signs (`log.statement.to_sign`). Raises Refused ``party.key``."""
    return CopyLeaf(
        id=copy_id(system, public_key(request.key)),
        loc="endpoint" if request.endpoint else "process",
        n=request.nonce,
        pub=request.key,
        st=START,
        sys=system.rid,
        t=now_ms,
    )


def start(directory: Directory, request: StartCopy, now_ms: int, *, node: str = "") -> Planned:
    """A running copy, once it has shown that it holds its key. The recorded leaf carries the signature as the extension
    ``answerable.sig``. node: rid of the gateway node that keeps its warrants, "" for none.

    Raises Refused ``system.unknown|copy_place|duty|field``, ``stop.system``,
    ``party.key|key_taken|nonce|replayed|signature``.
    """
    system = find.system(directory, request.system)
    stopped.check(directory, system, now_ms)
    if bool(request.process) == bool(request.endpoint) or not (request.endpoint or _PROCESS.fullmatch(request.process)):
        raise Refused("system.copy_place")
    endpoint = fields.endpoint(request.endpoint, "endpoint") if request.endpoint else ""
    duties.enforce(directory, system, Moment.USE)
    public = public_key(request.key)
    leaf = start_statement(system, request, now_ms)
    spent, spend = fresh_nonce(directory, request.nonce, now_ms)
    check_signature(directory, leaf, public, request.signature)
    more: dict[str, object] = {"answerable.sig": {"sig": request.signature}}
    if node:
        more = {nodes.MEMBER: {"rid": node}, **more}
    data = leaves.encode(msgspec.structs.replace(leaf, x=more))
    rid = leaves.rid(data)
    free, claim = free_key(directory, request.key, rid)
    row = Copy(
        rid=rid,
        id=leaf.id,
        system=system.rid,
        key=b64u(public),
        since=now_ms,
        process=request.process,
        endpoint=endpoint,
        node=node,
    )
    unit = Unit(
        leaves=(data,),
        effects=(put(Space.COPIES, rid, row), Put(Space.COPY_IDS, leaf.id, rid.encode()), claim, spend),
        expect=(
            stopped.same_stops(directory),
            unchanged(directory, Space.SYSTEMS, system.rid),
            Expect(Space.COPY_IDS, leaf.id, None),
            free,
            spent,
        ),
    )
    return Planned(unit, rid, leaf.id)


def end(directory: Directory, request: EndCopy, now_ms: int) -> Planned:
    """The copy runs no more. Its key stays taken. Raises Refused ``system.copy_unknown|copy_ended``."""
    copy = find.copy(directory, request.copy)
    if copy.ended:
        raise Refused("system.copy_ended", copy=copy.id)
    leaf = CopyLeaf(
        id=copy.id,
        loc="endpoint" if copy.endpoint else "process",
        n=nonce(),
        pub=copy.key,
        st=END,
        sys=copy.system,
        t=now_ms,
    )
    data = leaves.encode(leaf)
    row = msgspec.structs.replace(copy, ended=now_ms)
    unit = Unit(
        leaves=(data,),
        effects=(put(Space.COPIES, copy.rid, row),),
        expect=(unchanged(directory, Space.COPIES, copy.rid),),
    )
    return Planned(unit, leaves.rid(data), copy.id)
