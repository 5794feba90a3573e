# SPDX-License-Identifier: Apache-2.0
"""Orders that the registry had and lost, taken back from their messages: what the issuer signed once, it knows again.

The row is that of the message, numbers and all, so that the stop set has the same root as before. Nothing is ever taken
back by it: an order is added, a release is added to an order, and the number of changes only rises.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from answerable.admission.orders import Told, read, stop_root
from answerable.admission.trust import Trust
from answerable.crypto.b64 import unb64u
from answerable.crypto.random import nonce
from answerable.errors import AnswerableError, Refused
from answerable.log.leaf import MAX_LEAF, decode, encode, rid
from answerable.model.leaves import OrderLeaf, RegainedLeaf, ReleaseLeaf
from answerable.model.records import Stop
from answerable.model.units import EPOCH, Effect, Expect, Lane, Put, Space, Unit
from answerable.ports import Directory
from answerable.stops.orders import pause_of
from answerable.stops.planned import Planned, encode_row


def lost(directory: Directory, told: Iterable[Told]) -> tuple[Told, ...]:
    """Of what holders tell, what the issuer signed and the registry does not know; the oldest first."""
    rows = {stop.rid: stop for stop in directory.stops()}
    found = [
        each
        for each in told
        if each.issued and ((row := rows.get(each.stop.rid)) is None or (bool(each.stop.released) and not row.released))
    ]
    return tuple(sorted(found, key=lambda each: (each.epoch, each.stop.rid)))


def regain(directory: Directory, told: Told, now_ms: int) -> Planned[Stop]:
    """Plan to take one back. Raises Refused ``recover.order`` for one that the issuer did not sign, or that no leaf
    holds."""
    if not told.issued:
        raise Refused("recover.order", detail="the issuer did not sign it")
    parts = parts_of(told.data)
    row = merged(directory, row_of(told.data))
    leaf = encode(RegainedLeaf(msg=told.data.decode(), n=nonce(), t=now_ms))
    if len(leaf) > MAX_LEAF:
        raise Refused("recover.order", detail="longer than a leaf: rebuild the log from a mirror")
    known = directory.raw(Space.STOPS, row.rid)
    before = directory.raw(Space.COUNTERS, EPOCH)
    # The leaves themselves too, as far as this log does not hold them: what names them finds them.
    again = [encode(part) for part in parts if isinstance(part, ReleaseLeaf) or known is None]
    unit = Unit(
        leaves=(leaf, *again),
        effects=tuple(effects(directory, row, parts)),
        expect=(Expect(Space.STOPS, row.rid, known), Expect(Space.COUNTERS, EPOCH, before)),
        lane=Lane.STOP,
    )
    return Planned(unit, rid(leaf), row)


def parts_of(message: bytes) -> tuple[OrderLeaf | ReleaseLeaf, ...]:
    """The order's leaf in a message, and its release's. Raises Refused ``recover.order``."""
    try:
        members = msgspec.json.decode(message)
        leaves = [decode(unb64u(members[name])) for name in ("leaf", "release") if members[name]]
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise Refused("recover.order", detail=type(error).__name__) from None
    return tuple(leaf for leaf in leaves if isinstance(leaf, (OrderLeaf, ReleaseLeaf)))


def row_of(message: bytes) -> Stop:
    """The row that a message of the issuer tells. Raises Refused ``recover.order`` for what is none."""
    try:
        members = msgspec.json.decode(message)
        told = read(message, Trust(origin=members["origin"]), vouched=True).stop
        leaf = parts_of(message)[0]
        return msgspec.structs.replace(
            told,
            kind=leaf.kind if isinstance(leaf, OrderLeaf) else told.kind,
            num=members["num"],
            twins=tuple(members["twins"]),
            until=members["until"],
            released=rid(unb64u(members["release"])) if members["release"] else "",
            epoch=members["epoch"],
            changed=members["changed"],
            escalates=leaf.prev if isinstance(leaf, OrderLeaf) and isinstance(leaf.prev, str) else "",
            pause=pause_of(leaf) if isinstance(leaf, OrderLeaf) else 0,
        )
    except (AnswerableError, msgspec.MsgspecError, UnicodeDecodeError, KeyError, TypeError, IndexError) as error:
        detail = error.code if isinstance(error, AnswerableError) else type(error).__name__
        raise Refused("recover.order", detail=detail) from None


def merged(directory: Directory, stop: Stop) -> Stop:
    """The row, with what the registry knows of it already."""
    for row in directory.stops():
        if row.rid == stop.rid:
            return msgspec.structs.replace(row, released=stop.released, changed=stop.changed)
    return stop


def effects(directory: Directory, row: Stop, parts: Iterable[OrderLeaf | ReleaseLeaf]) -> list[Effect]:
    """What a regained order changes in the registry."""
    epoch = max(int(directory.raw(Space.COUNTERS, EPOCH) or b"0"), row.epoch, row.changed)
    spent = [Put(Space.NONCES, leaf.n, str(leaf.t).encode()) for leaf in parts]
    return [Put(Space.STOPS, row.rid, encode_row(row)), Put(Space.COUNTERS, EPOCH, str(epoch).encode()), *spent]


def root(directory: Directory, epoch: int) -> str:
    """Of the registry's stop set up to that change, as pulses and holders count it."""
    return stop_root(directory.stops(), epoch)
