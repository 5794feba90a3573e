# SPDX-License-Identifier: Apache-2.0
"""Rows of stop orders, told again from their leaves. What an order reached is computed from what was registered when it
was written, by the function that computed it then."""

from __future__ import annotations

import msgspec

from answerable.model.leaves import OrderLeaf, ReauthorisationLeaf, RegainedLeaf, ReleaseLeaf, RosterLeaf
from answerable.model.records import Reauthorisation, Stop
from answerable.model.terms import Scope
from answerable.model.units import EPOCH, Effect, Put, Space
from answerable.registry.book import Book
from answerable.stops import regain
from answerable.stops.closure import alone, reached
from answerable.stops.officers import by_owners, counted, detector
from answerable.stops.orders import pause_of, upto
from answerable.stops.planned import change_of, encode_row
from answerable.stops.rosters import placed

_stop = msgspec.json.Decoder(Stop).decode


def stop(book: Book, leaf: OrderLeaf, rid: str, reason: str) -> list[Effect]:
    """Raises ValueError, AnswerableError for an order of what is not registered."""
    if book.raw(Space.STOPS, rid) is not None:
        return []  # it was regained, and its row is that of its message
    hit = reached(book, leaf.root, Scope(leaf.scope))
    keys = counted(book, leaf.sigs)
    if by_owners(book, keys) or detector(book) in keys:
        hit = alone(hit)  # neither owners nor a detector reach beyond the one that they name
    digests = hit.listed()
    row = Stop(
        rid=rid,
        kind=leaf.kind,
        scope=leaf.scope,
        root=hit.root,
        num=hit.num,
        digests=digests,
        twins=hit.twins,
        at=leaf.t,
        until=leaf.until if isinstance(leaf.until, int) else 0,
        reason=reason,
        officers=keys,
        escalates=leaf.prev if isinstance(leaf.prev, str) else "",
        epoch=change_of(book),
        pause=pause_of(leaf),
        upto=upto(book, digests),
    )
    return [Put(Space.STOPS, rid, encode_row(row)), count(book, EPOCH), spent(leaf.n, leaf.t)]


def release(book: Book, leaf: ReleaseLeaf, rid: str) -> list[Effect]:
    """Raises ValueError for the release of what was never ordered."""
    raw = book.raw(Space.STOPS, leaf.order)
    if raw is None:
        raise ValueError("it releases what was never ordered")
    if _stop(raw).released == rid:
        return []
    row = msgspec.structs.replace(_stop(raw), released=rid, changed=change_of(book))
    return [Put(Space.STOPS, row.rid, encode_row(row)), count(book, EPOCH), spent(leaf.n, leaf.t)]


def regained(book: Book, leaf: RegainedLeaf) -> list[Effect]:
    """Raises AnswerableError for what holds no order message."""
    message = leaf.msg.encode()
    return regain.effects(book, regain.merged(book, regain.row_of(message)), regain.parts_of(message))


def reauthorisation(book: Book, leaf: ReauthorisationLeaf, rid: str) -> list[Effect]:
    row = Reauthorisation(
        rid=rid,
        order=leaf.order,
        id=leaf.id,
        digests=tuple(leaf.dig),
        at=leaf.t,
        officers=counted(book, leaf.sigs),
    )
    return [Put(Space.REAUTHORISATIONS, row.id, encode_row(row)), spent(leaf.n, leaf.t)]


def roster(book: Book, leaf: RosterLeaf) -> list[Effect]:
    """Raises ValueError for one that does not follow the one before it."""
    return [*placed(leaf), spent(leaf.n, leaf.t)]


def count(book: Book, name: str) -> Put:
    """The counter of that name, one further."""
    return Put(Space.COUNTERS, name, str(int(book.raw(Space.COUNTERS, name) or b"0") + 1).encode())


def spent(nonce: str, t: int) -> Put:
    """A statement counts once."""
    return Put(Space.NONCES, nonce, str(t).encode())
