# SPDX-License-Identifier: Apache-2.0
"""Orders that a detector of a red line gives: of one copy or one system, and of nothing that descends from it, stands
beside it or holds the same weights. It is signed by the detectors' own key, which is no person's and counts for no
quorum: what becomes of the suspension is for officers.

Alone, a detector suspends as one officer does: it lapses after 15 minutes at tiers 0 and 1 in the information world, so
many times a day, and stays elsewhere until two people release it. It terminates where its caller says that the
deployment lets it.
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
from answerable.model.terms import OrderKind, Scope, World
from answerable.model.units import SYSTEM_NUMBER, Expect, Lane, Put, Space, Unit
from answerable.ports import Directory
from answerable.stops.officers import origin
from answerable.stops.orders import DAY_MS, LONE_SUSPENSIONS_A_DAY, plain
from answerable.stops.planned import Planned, Reason, encode_row, next_epoch, spend
from answerable.stops.preview import LONE_SUSPENSION_MS, MILD_TIER

# What the key leaf is for, and the row of `Space.MISC` that names it.
USE: Final = "detector"
SCOPES: Final = (Scope.COPY, Scope.SYSTEM)


def key_of(directory: Directory) -> str:
    """rid of the detectors' key leaf, "" while there is none."""
    return (directory.raw(Space.MISC, USE) or b"").decode()


def statement(
    directory: Directory, *, kind: OrderKind, root: str, scope: Scope, reason: Reason, signer: Signing
) -> OrderLeaf:
    """The order, signed by the detectors' key. root: rid."""
    leaf = OrderLeaf(
        c=reason.commitments, dig=[], kind=kind.value, n=fresh(), root=root, scope=scope.value, sigs=[], t=0
    )
    sig = sign(leaf, origin(directory), signer, key_of(directory))
    return msgspec.structs.replace(leaf, sigs=[sig])


def order(
    directory: Directory, leaf: OrderLeaf, reason: Reason, now_ms: int, *, public: bytes, terminates: bool = False
) -> Planned[Stop]:
    """Plan a detector's order. public: the detectors' key, 32 bytes; terminates: whether the deployment lets this
    detector terminate.

    Raises Refused ``stop.malformed|root_unknown|signature|not_officer|cap|officers|replayed``.
    """
    if leaf.scope not in SCOPES or leaf.kind not in (OrderKind.SUSPEND, OrderKind.TERMINATE):
        raise Refused("stop.malformed", detail="a detector reaches one copy or one system")
    if leaf.kind == OrderKind.TERMINATE and not terminates:
        raise Refused("stop.officers", need=2, have=0)
    if leaf.prev is not UNSET:
        raise Refused("stop.malformed", detail="a detector's order completes no other")
    plain(leaf)
    reason.matches(leaf.c)
    _signed(directory, leaf, public)
    root, system = _hit(directory, leaf)
    until = 0
    if leaf.kind == OrderKind.SUSPEND and (lapses := _lapses(system)):
        # Its own alone: an officer who spends his upon a root must not blind the detectors to it, nor they him.
        own = (stop for stop in directory.stops() if stop.root == root and leaf.sigs[0].key in stop.officers)
        recent = sum(stop.until > 0 and stop.at > now_ms - DAY_MS for stop in own)
        if recent >= LONE_SUSPENSIONS_A_DAY:
            raise Refused("stop.cap", root=root, cap=recent)
        until = now_ms + lapses
    data = encode(msgspec.structs.replace(leaf, t=now_ms, until=until or UNSET))
    epoch, bump = next_epoch(directory)
    row = Stop(
        rid=rid(data),
        kind=leaf.kind,
        scope=leaf.scope,
        root=root,
        num=system.num if leaf.scope == Scope.SYSTEM else 0,
        digests=(),
        twins=(),
        at=now_ms,
        until=until,
        reason=reason.text,
        officers=(leaf.sigs[0].key,),
        epoch=int(bump.value) if isinstance(bump, Put) else 0,
    )
    unused, spent = spend(directory, leaf.n, now_ms)
    unit = Unit(
        leaves=(data,),
        effects=(Put(Space.STOPS, row.rid, encode_row(row)), bump, spent),
        expect=(epoch, Expect(Space.COUNTERS, SYSTEM_NUMBER, directory.raw(Space.COUNTERS, SYSTEM_NUMBER)), unused),
        payloads=(reason.payload(row.rid),),
        lane=Lane.STOP,
    )
    return Planned(unit, row.rid, row)


def _hit(directory: Directory, leaf: OrderLeaf) -> tuple[str, System]:
    """rid of the root, and the system that it is or is a copy of. No twins, no digests: other parties hold the same
    weights, and did nothing."""
    if leaf.scope == Scope.COPY:
        copy = directory.copy(leaf.root)
        root, system = (copy.rid, directory.system(copy.system)) if copy is not None else ("", None)
    else:
        system = directory.system(leaf.root)
        root = system.rid if system is not None else ""
    if system is None:
        raise Refused("stop.root_unknown", scope=leaf.scope, root=leaf.root[:128])
    if root != leaf.root:
        raise Refused("stop.malformed", detail="a root that is named and not given by its record id")
    return root, system


def _lapses(system: System) -> int:
    """The life of a lone suspension, ms; 0 where it stays."""
    mild = system.tier <= MILD_TIER and set(system.worlds) <= {World.INFORMATION}
    return LONE_SUSPENSION_MS if mild else 0


def _signed(directory: Directory, leaf: OrderLeaf, public: bytes) -> None:
    known = key_of(directory)
    if len(leaf.sigs) != 1 or not known or leaf.sigs[0].key != known:
        raise Refused("stop.not_officer", key=leaf.sigs[0].key[:64] if leaf.sigs else "")
    try:
        verify(leaf, origin(directory), leaf.sigs[0], public)
    except VerificationError:
        raise Refused("stop.signature", key=known) from None
