# SPDX-License-Identifier: Apache-2.0
"""Grants: who may read what was said in one action, for what purpose, until when; and what was read.

A grant comes from the party that answers for the record, signed by its own key, or, where it rests on a law, from two
officers, neither of whom reads. Every reading is a leaf that the party can list, written before anything is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import UNSET

from answerable.crypto.random import nonce as fresh
from answerable.errors import Refused
from answerable.log.leaf import encode, rid
from answerable.model.leaves import GrantLeaf, ReadLeaf, RevokeLeaf
from answerable.model.records import Admin, Grant, Reading
from answerable.model.terms import Purpose
from answerable.model.units import Expect, Put, Space, Unit
from answerable.ports import Directory
from answerable.privacy.erasure import refuse_erased
from answerable.privacy.statements import (
    BASIS,
    OFFICERS,
    SIGS,
    Planned,
    Subject,
    Words,
    check_signature,
    encode_row,
    extensions,
    is_person,
    known,
    officer,
    officers,
    party_key,
    signatures,
    spend,
)

GROUPS: Final = ("ctx", "in", "out", "pri")
DAY_MS: Final = 86_400_000
# Leave is for a matter at hand; what goes on for longer is asked for anew.
MAX_DAYS: Final = 90
_row = msgspec.json.Decoder(Grant).decode


def grant_statement(
    record: str, to: str, purpose: Purpose, expires: int, by: str, *, words: Words | None = None, nonce: str = ""
) -> GrantLeaf:
    """What a party's key signs, or two officers with the words of the basis. to: rid of a person's party leaf; by: rid
    of the first signer's key leaf; expires: ms UTC."""
    extension = {BASIS: words.commitment} if words else UNSET
    return GrantLeaf(by=by, exp=expires, n=nonce or fresh(), of=record, purp=purpose.value, t=0, to=to, x=extension)


def revoke_statement(grant: str, *, nonce: str = "") -> RevokeLeaf:
    """What the party's key, or an officer, signs to end a grant."""
    return RevokeLeaf(grant=grant, n=nonce or fresh(), sigs=[], t=0)


def read_statement(grant: str, record: str, groups: Sequence[str], *, nonce: str = "") -> ReadLeaf:
    """What the person who reads signs."""
    return ReadLeaf(grant=grant, grps=sorted(groups), n=nonce or fresh(), of=record, sigs=[], t=0)


def grant(
    directory: Directory, leaf: GrantLeaf, subject: Subject, now_ms: int, *, words: Words | None = None
) -> Planned:
    """Plan a grant. words: of the basis, where it rests on a law.

    Raises Refused ``privacy.malformed|signer|signature|officers|disjoint|erased|replayed``.
    """
    known(leaf, BASIS, SIGS)
    lawful = BASIS in extensions(leaf)
    if leaf.purp not in Purpose.__members__.values() or leaf.of != subject.record:
        raise Refused("privacy.malformed", detail="no known purpose, or another record")
    if not now_ms < leaf.exp <= now_ms + MAX_DAYS * DAY_MS:
        raise Refused("privacy.malformed", detail=f"an end that is not within {MAX_DAYS} days")
    if not is_person(directory, leaf.to):
        raise Refused("privacy.malformed", detail="who may read is not a registered natural person")
    if lawful is (words is None):
        raise Refused(
            "privacy.malformed", detail="the words of a basis go with a grant that rests on a law, and with no other"
        )
    refuse_erased(directory, subject.record)
    if words is not None:
        words.matches(extensions(leaf)[BASIS])
        signed = officers(directory, leaf, OFFICERS)
        if any(admin.person == leaf.to for admin in signed):
            raise Refused("privacy.disjoint")
        keys = tuple(admin.rid for admin in signed)
    else:
        keys = (_owner(directory, leaf, subject.party),)
    if leaf.by != signatures(leaf)[0].key:
        raise Refused("privacy.malformed", detail="`by` is not who signed first")
    data = encode(msgspec.structs.replace(leaf, t=now_ms))
    row = Grant(
        rid=rid(data),
        record=subject.record,
        party=subject.party,
        to=leaf.to,
        purpose=leaf.purp,
        signers=keys,
        lawful=lawful,
        at=now_ms,
        expires=leaf.exp,
    )
    unused, spent = spend(directory, leaf.n, now_ms)
    unit = Unit(
        leaves=(data,),
        effects=(Put(Space.GRANTS, row.rid, encode_row(row)), spent),
        expect=(unused, Expect(Space.ERASURES, subject.record, None)),
        payloads=(words.payload(row.rid),) if words is not None else (),
    )
    return Planned(unit, row.rid, row)


def revoke(directory: Directory, leaf: RevokeLeaf, now_ms: int) -> Planned:
    """Plan the end of a grant: by the party that answers for the record, or by one officer.

    Raises Refused ``privacy.unknown|malformed|signer|signature|officers|replayed``.
    """
    known(leaf)
    found = find(directory, leaf.grant)
    if found.revoked:
        raise Refused("privacy.grant", grant=found.rid, problem="it was revoked before")
    sigs = signatures(leaf)
    if sigs and officer(directory, sigs[0].key) is not None:
        officers(directory, leaf, 1)
    else:
        _owner(directory, leaf, found.party)
    data = encode(msgspec.structs.replace(leaf, t=now_ms))
    row = msgspec.structs.replace(found, revoked=rid(data))
    unused, spent = spend(directory, leaf.n, now_ms)
    unit = Unit(
        leaves=(data,),
        effects=(Put(Space.GRANTS, found.rid, encode_row(row)), spent),
        expect=(_as_it_was(directory, found), unused),
    )
    return Planned(unit, rid(data), row)


def read(directory: Directory, leaf: ReadLeaf, person: Admin, now_ms: int) -> Planned:
    """Plan the reading of a record's payloads by the person whom a grant names, and who signed for it.

    Raises Refused ``privacy.unknown|malformed|signer|signature|grant|erased|replayed``.
    """
    known(leaf)
    if not leaf.grps or leaf.grps != sorted(set(leaf.grps) & set(GROUPS)):
        raise Refused("privacy.malformed", detail=f"groups other than {', '.join(GROUPS)}, or none")
    sigs = signatures(leaf)
    if len(sigs) != 1 or sigs[0].key != person.rid or person.ended or not is_person(directory, person.person):
        raise Refused("privacy.signer", key=sigs[0].key[:64] if sigs else "?", need="person")
    check_signature(directory, leaf, sigs[0], person.key)
    found = find(directory, leaf.grant)
    problem = (
        "it is for another record" if found.record != leaf.of
        else "it is for another person" if found.to != person.person
        else "it was revoked" if found.revoked
        else "it has expired" if now_ms >= found.expires
        else ""
    )  # fmt: skip
    if problem:
        raise Refused("privacy.grant", grant=found.rid, problem=problem)
    refuse_erased(directory, found.record)
    data = encode(msgspec.structs.replace(leaf, t=now_ms))
    row = Reading(
        rid=rid(data),
        record=found.record,
        grant=found.rid,
        person=person.person,
        groups=tuple(leaf.grps),
        at=now_ms,
    )
    unused, spent = spend(directory, leaf.n, now_ms)
    unit = Unit(
        leaves=(data,),
        effects=(Put(Space.READS, row.rid, encode_row(row)), spent),
        expect=(_as_it_was(directory, found), Expect(Space.ERASURES, found.record, None), unused),
    )
    return Planned(unit, row.rid, row)


def find(directory: Directory, grant: str) -> Grant:
    """The grant with that rid. Raises Refused ``privacy.unknown``."""
    raw = directory.raw(Space.GRANTS, grant)
    if raw is None:
        raise Refused("privacy.unknown", what="grant", rid=grant[:64])
    return _row(raw)


def _owner(directory: Directory, leaf: GrantLeaf | RevokeLeaf, party: str) -> str:
    """The key with which the party signed, and it alone."""
    sigs = signatures(leaf)
    if len(sigs) != 1:
        raise Refused("privacy.malformed", detail="not one signature, by a key of the party")
    key = party_key(directory, sigs[0].key, party)
    check_signature(directory, leaf, sigs[0], key.key)
    return key.rid


def _as_it_was(directory: Directory, found: Grant) -> Expect:
    return Expect(Space.GRANTS, found.rid, directory.raw(Space.GRANTS, found.rid))
