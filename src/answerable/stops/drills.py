# SPDX-License-Identifier: Apache-2.0
"""The canary's order: a system that does nothing is really stopped, by a key that may stop nothing else.

Officers sign orders that matter; none of them signs a hundred and forty-four a day. So the canary has a key of its own,
which lies beside the service and must be worth nothing to who takes it: it orders the system that the registry names as
its canary, by itself alone, and only while that system is one that nobody could miss: no weights, no parents, nothing
that descends from it or uses it, no world but information, tier 0.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import UNSET

from answerable.crypto.random import nonce as fresh
from answerable.errors import Refused, VerificationError
from answerable.log.leaf import encode, rid
from answerable.log.statement import Signing, sign, verify
from answerable.model.leaves import OrderLeaf
from answerable.model.records import Stop, System
from answerable.model.terms import OrderKind, Scope, SystemKind, World
from answerable.model.units import SYSTEM_NUMBER, Expect, Lane, Put, Space, Unit
from answerable.ports import Directory
from answerable.stops.officers import origin
from answerable.stops.orders import plain
from answerable.stops.planned import Planned, Reason, change_of, encode_row, next_epoch, spend

# What the key leaf is for, and the row of `Space.MISC` that names it.
USE: Final = "canary"
# Rows of `Space.MISC`: rids of the canary that is registered now, and of its running copy.
SYSTEM: Final = "canary_system"
COPY: Final = "canary_copy"
NAME: Final = "answerable-canary"


def key_of(directory: Directory) -> str:
    """rid of the canary's key leaf, "" while there is none."""
    return (directory.raw(Space.MISC, USE) or b"").decode()


def canary(directory: Directory) -> System | None:
    """The system that is the canary now."""
    return directory.system((directory.raw(Space.MISC, SYSTEM) or b"-").decode())


def statement(directory: Directory, *, root: str, reason: Reason, signer: Signing) -> OrderLeaf:
    """The order, signed by the canary's key. root: rid."""
    leaf = OrderLeaf(
        c=reason.commitments,
        dig=[],
        kind=OrderKind.TERMINATE.value,
        n=fresh(),
        root=root,
        scope=Scope.SYSTEM.value,
        sigs=[],
        t=0,
    )
    return msgspec.structs.replace(leaf, sigs=[sign(leaf, origin(directory), signer, key_of(directory))])


def order(directory: Directory, leaf: OrderLeaf, reason: Reason, now_ms: int, *, public: bytes) -> Planned[Stop]:
    """Plan the canary's termination. public: the canary's key, 32 bytes.

    Raises Refused ``drill.canary`` for an order of anything else, ``stop.signature|malformed|replayed``.
    """
    if leaf.kind != OrderKind.TERMINATE or leaf.scope != Scope.SYSTEM or leaf.prev is not UNSET:
        raise Refused("drill.canary", detail="another kind or scope of order")
    plain(leaf)
    reason.matches(leaf.c)
    known = key_of(directory)
    if len(leaf.sigs) != 1 or not known or leaf.sigs[0].key != known:
        raise Refused("drill.canary", detail="signed by another key, or by others too")
    system = harmless(directory, leaf.root)
    try:
        verify(leaf, origin(directory), leaf.sigs[0], public)
    except VerificationError:
        raise Refused("stop.signature", key=known) from None
    data = encode(msgspec.structs.replace(leaf, t=now_ms))
    row = Stop(
        rid=rid(data),
        kind=leaf.kind,
        scope=leaf.scope,
        root=system.rid,
        num=system.num,
        digests=(),
        twins=(),
        at=now_ms,
        until=0,
        reason=reason.text,
        officers=(known,),
        epoch=change_of(directory),
    )
    unused, spent = spend(directory, leaf.n, now_ms)
    epoch, bump = next_epoch(directory)
    unit = Unit(
        leaves=(data,),
        effects=(Put(Space.STOPS, row.rid, encode_row(row)), bump, spent),
        expect=(
            epoch,
            unused,
            # Something that uses it, or descends from it, may be registered meanwhile: then it is looked at anew.
            Expect(Space.COUNTERS, SYSTEM_NUMBER, directory.raw(Space.COUNTERS, SYSTEM_NUMBER)),
            Expect(Space.MISC, SYSTEM, system.rid.encode()),
        ),
        payloads=(reason.payload(row.rid),),
        lane=Lane.STOP,
    )
    return Planned(unit, row.rid, row)


def harmless(directory: Directory, root: str) -> System:
    """The canary with this rid, which nobody could miss. Raises Refused ``drill.canary``."""
    system = canary(directory)
    if system is None or system.rid != root:
        raise Refused("drill.canary", detail="its root is not the canary")
    wrong = {
        "its name": system.name != NAME,
        "its kind": system.kind is not SystemKind.APPLICATION,
        "weights": bool(system.digests) or system.compute is not None or system.opaque is not None,
        "a lineage": bool(system.edges or system.ancestors),
        "a tier": system.tier > 0,
        "another world": set(system.worlds) != {World.INFORMATION},
        "an upstream": bool(system.upstream),
        "something that descends from it or uses it": any(True for _ in directory.children(system.rid)),
    }
    if found := [what for what, is_so in wrong.items() if is_so]:
        raise Refused("drill.canary", detail=f"a canary with {', '.join(found)}")
    return system
