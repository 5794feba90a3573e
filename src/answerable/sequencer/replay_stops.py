# SPDX-License-Identifier: Apache-2.0
"""Rows of stop orders, told again from their leaves. What an order reached is computed from what was registered when it
was written, by the function that computed it then."""

from __future__ import annotations

import msgspec

from answerable.model.leaves import OrderLeaf, ReauthorisationLeaf, ReleaseLeaf, Sig
from answerable.model.records import Reauthorisation, Stop
from answerable.model.terms import Scope
from answerable.model.units import EPOCH, Effect, Put, Space
from answerable.registry.book import Book
from answerable.stops.closure import reached
from answerable.stops.orders import upto
from answerable.stops.planned import change_of, encode_row

_stop = msgspec.json.Decoder(Stop).decode


def stop(book: Book, leaf: OrderLeaf, rid: str, reason: str) -> list[Effect]:
    """Raises ValueError, AnswerableError for an order of what is not registered."""
    hit = reached(book, leaf.root, Scope(leaf.scope))
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
        officers=_officers(book, leaf.sigs),
        escalates=leaf.prev if isinstance(leaf.prev, str) else "",
        epoch=change_of(book),
        upto=upto(book, digests),
    )
    return [Put(Space.STOPS, rid, encode_row(row)), count(book, EPOCH), spent(leaf.n, leaf.t)]


def release(book: Book, leaf: ReleaseLeaf, rid: str) -> list[Effect]:
    """Raises ValueError for the release of what was never ordered."""
    raw = book.raw(Space.STOPS, leaf.order)
    if raw is None:
        raise ValueError("it releases what was never ordered")
    row = msgspec.structs.replace(_stop(raw), released=rid, changed=change_of(book))
    return [Put(Space.STOPS, row.rid, encode_row(row)), count(book, EPOCH), spent(leaf.n, leaf.t)]


def reauthorisation(book: Book, leaf: ReauthorisationLeaf, rid: str) -> list[Effect]:
    row = Reauthorisation(
        rid=rid,
        order=leaf.order,
        id=leaf.id,
        digests=tuple(leaf.dig),
        at=leaf.t,
        officers=_officers(book, leaf.sigs),
    )
    return [Put(Space.REAUTHORISATIONS, row.id, encode_row(row)), spent(leaf.n, leaf.t)]


def _officers(book: Book, sigs: list[Sig]) -> tuple[str, ...]:
    """One key a person, as `stops.officers.signers` counts them."""
    found: dict[str, str] = {}
    for sig in sigs:
        admin = book.admin(sig.key)
        if admin is None:
            raise ValueError("it is signed by a key that nobody enrolled")
        found.setdefault(admin.person, admin.rid)
    return tuple(found.values())


def count(book: Book, name: str) -> Put:
    """The counter of that name, one further."""
    return Put(Space.COUNTERS, name, str(int(book.raw(Space.COUNTERS, name) or b"0") + 1).encode())


def spent(nonce: str, t: int) -> Put:
    """A statement counts once."""
    return Put(Space.NONCES, nonce, str(t).encode())
