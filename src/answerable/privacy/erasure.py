# SPDX-License-Identifier: Apache-2.0
"""Erasure: what was said in one action, or what a natural person is called, is made unreadable for ever, by two
officers, under a basis that is recorded.

It cannot be undone, so it takes two people, as a termination does: nobody does away alone with what might tell against
them. The record itself stays, and with it who answers.
"""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from answerable.crypto.random import nonce as fresh
from answerable.errors import Refused
from answerable.log.leaf import encode, rid
from answerable.model.leaves import EraseLeaf
from answerable.model.records import Erasure, Party
from answerable.model.terms import Basis, PartyKind
from answerable.model.units import Drop, Expect, Put, Space, Unit
from answerable.ports import Directory
from answerable.privacy import holds
from answerable.privacy.statements import (
    BASIS,
    OFFICERS,
    SIGS,
    Planned,
    Subject,
    Words,
    encode_row,
    extensions,
    known,
    officers,
    signatures,
    spend,
)

_row = msgspec.json.Decoder(Erasure).decode
_leaves = msgspec.json.Decoder(list[tuple[int, str]]).decode


def statement(record: str, basis: Basis, words: Words, by: str, *, nonce: str = "") -> EraseLeaf:
    """What two officers sign. record: rid of the open leaf, or of the person's party leaf; by: rid of the first
    signer's key leaf."""
    return EraseLeaf(bas=basis.value, by=by, n=nonce or fresh(), of=record, t=0, x={BASIS: words.commitment})


def erase(directory: Directory, leaf: EraseLeaf, words: Words, subject: Subject, now_ms: int) -> Planned:
    """Plan the erasure of an action's payloads, or of a person's name (`of_person`). The bytes go after its leaf is
    durable; until they are known to be gone a row of `Space.ERASING` says so.

    Raises Refused ``privacy.malformed|signer|signature|officers|in_flight|held|erased|replayed``.
    """
    known(leaf, BASIS, SIGS)
    if leaf.bas not in Basis.__members__.values() or leaf.of != subject.record:
        raise Refused("privacy.malformed", detail="no known basis, or another record")
    words.matches(extensions(leaf).get(BASIS, UNSET))
    signed = officers(directory, leaf, OFFICERS)
    if leaf.by != signatures(leaf)[0].key:
        raise Refused("privacy.malformed", detail="`by` is not who signed first")
    if not subject.ended:
        raise Refused("privacy.in_flight", record=subject.record)
    refuse_erased(directory, subject.record)
    refuse_held(directory, subject)
    data = encode(msgspec.structs.replace(leaf, t=now_ms))
    row = Erasure(
        rid=rid(data),
        record=subject.record,
        basis=leaf.bas,
        at=now_ms,
        officers=tuple(admin.rid for admin in signed),
    )
    unused, spent = spend(directory, leaf.n, now_ms)
    unit = Unit(
        leaves=(data,),
        effects=(
            Put(Space.ERASURES, subject.record, encode_row(row)),
            Put(Space.ERASING, subject.record, encode_row(subject.leaves)),
            spent,
        ),
        expect=(Expect(Space.ERASURES, subject.record, None), holds.unchanged(directory), unused, *subject.rests),
        payloads=(words.payload(row.rid),),
    )
    return Planned(unit, row.rid, row)


def of_person(party: Party, leaves: tuple[tuple[int, str], ...], row: Expect) -> Subject:
    """What is erased where a natural person's name is. leaves: (index, rid) of each leaf that commits to it; row: of
    the party, as it stood before they were looked for: whoever vouches for the person meanwhile adds one. Raises
    Refused ``privacy.organisation``: what an organisation is called is no personal data, and says who answers."""
    if party.kind is not PartyKind.PERSON:
        raise Refused("privacy.organisation", party=party.id)
    return Subject(record=party.rid, party=party.rid, systems=(), leaves=leaves, rests=(row,))


def refuse_held(directory: Directory, subject: Subject) -> None:
    """Raises Refused ``privacy.held``."""
    standing = holds.in_force(directory.rows(Space.PRESERVED))
    if hold := holds.over(standing, subject.record, subject.party, subject.systems):
        raise Refused("privacy.held", hold=hold)


def refuse_erased(directory: Directory, record: str) -> None:
    """Raises Refused ``privacy.erased``."""
    if (found := find(directory, record)) is not None:
        raise Refused("privacy.erased", erasure=found.rid)


def find(directory: Directory, record: str) -> Erasure | None:
    """What is recorded of the erasure of that action's payloads. record: rid of its open leaf."""
    raw = directory.raw(Space.ERASURES, record)
    return None if raw is None else _row(raw)


def pending(row: bytes) -> list[tuple[int, str]]:
    """(index, rid) of the leaves of a row of `Space.ERASING`."""
    return _leaves(row)


def gone(record: str) -> Unit:
    """The unit that takes the mark away, once no byte is left."""
    return Unit(effects=(Drop(Space.ERASING, record),))
