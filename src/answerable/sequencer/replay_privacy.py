# SPDX-License-Identifier: Apache-2.0
"""Rows of erasures, legal holds, grants and readings, told again from their leaves.

Which party a grant came from stands in the open leaf of its record: that is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from answerable.model.leaves import EraseLeaf, GrantLeaf, Leaf, OpenLeaf, PreserveLeaf, ReadLeaf, RevokeLeaf
from answerable.model.records import Erasure, Grant, LegalHold, PartyKey, Reading
from answerable.model.units import HOLDS, Effect, Put, Space
from answerable.privacy.statements import BASIS, encode_row, extensions, signatures
from answerable.registry.book import Book
from answerable.sequencer.replay_stops import count, spent

LeafOf = Callable[[str], Leaf | None]  # the leaf with that rid

_hold = msgspec.json.Decoder(LegalHold).decode
_grant = msgspec.json.Decoder(Grant).decode
_party_key = msgspec.json.Decoder(PartyKey).decode


def erasure(book: Book, leaf: EraseLeaf, rid: str) -> list[Effect]:
    """Raises ValueError for signatures by nobody."""
    row = Erasure(rid=rid, record=leaf.of, basis=leaf.bas, at=leaf.t, officers=_signers(book, leaf))
    return [Put(Space.ERASURES, leaf.of, encode_row(row)), spent(leaf.n, leaf.t)]


def hold(book: Book, leaf: PreserveLeaf, rid: str, reason: str) -> list[Effect]:
    """Raises ValueError for a hold that lifts what is not held."""
    if leaf.st == "hold":
        row = LegalHold(rid=rid, scope=leaf.scope, of=leaf.of, at=leaf.t, reason=reason, officers=_signers(book, leaf))
    else:
        raw = book.raw(Space.PRESERVED, leaf.prev if isinstance(leaf.prev, str) else "")
        if raw is None:
            raise ValueError("it lifts what is not held")
        row = msgspec.structs.replace(_hold(raw), lifted=rid)
    return [Put(Space.PRESERVED, row.rid, encode_row(row)), count(book, HOLDS), spent(leaf.n, leaf.t)]


def grant(book: Book, leaf: GrantLeaf, rid: str, leaf_of: LeafOf) -> list[Effect]:
    """Raises ValueError for signatures by nobody, and for a record that is no action."""
    lawful = BASIS in extensions(leaf)
    opened = leaf_of(leaf.of)
    if not isinstance(opened, OpenLeaf):
        raise ValueError("its record is no action")
    row = Grant(
        rid=rid,
        record=leaf.of,
        party=opened.party,
        to=leaf.to,
        purpose=leaf.purp,
        signers=_signers(book, leaf) if lawful else (_of_party(book, leaf),),
        lawful=lawful,
        at=leaf.t,
        expires=leaf.exp,
    )
    return [Put(Space.GRANTS, rid, encode_row(row)), spent(leaf.n, leaf.t)]


def revocation(book: Book, leaf: RevokeLeaf, rid: str) -> list[Effect]:
    """Raises ValueError for a grant that is not there."""
    raw = book.raw(Space.GRANTS, leaf.grant)
    if raw is None:
        raise ValueError("it ends a grant that was never given")
    row = msgspec.structs.replace(_grant(raw), revoked=rid)
    return [Put(Space.GRANTS, row.rid, encode_row(row)), spent(leaf.n, leaf.t)]


def reading(book: Book, leaf: ReadLeaf, rid: str) -> list[Effect]:
    """Raises ValueError for a signature by nobody."""
    person = book.admin(leaf.sigs[0].key) if leaf.sigs else None
    if person is None:
        raise ValueError("it is signed by a key that nobody enrolled")
    row = Reading(rid=rid, record=leaf.of, grant=leaf.grant, person=person.person, groups=tuple(leaf.grps), at=leaf.t)
    return [Put(Space.READS, rid, encode_row(row)), spent(leaf.n, leaf.t)]


def _signers(book: Book, leaf: Leaf) -> tuple[str, ...]:
    """One key a person."""
    found: dict[str, str] = {}
    for key in _keys(leaf):
        admin = book.admin(key)
        if admin is None:
            raise ValueError("it is signed by a key that nobody enrolled")
        found.setdefault(admin.person, admin.rid)
    return tuple(found.values())


def _of_party(book: Book, leaf: GrantLeaf) -> str:
    for key in _keys(leaf):
        raw = book.raw(Space.PARTY_KEYS, key)
        if raw is not None:
            return _party_key(raw).rid
    raise ValueError("it is signed by a key that no party has")


def _keys(leaf: Leaf) -> Iterable[str]:
    return (sig.key for sig in signatures(leaf))
