# SPDX-License-Identifier: Apache-2.0
"""The roster of officers, taken into the registry: signed by root keys, about people who are enrolled."""

from __future__ import annotations

import msgspec

from answerable.crypto.random import nonce as fresh
from answerable.errors import Refused, VerificationError
from answerable.log import roster
from answerable.log.leaf import encode, rid
from answerable.model.leaves import AuthorityRef, OfficerRef, RootsRef, RosterLeaf
from answerable.model.terms import AdminRole, PartyKind
from answerable.model.units import Effect, Expect, Put, Space, Unit
from answerable.ports import Directory
from answerable.stops.officers import AUTHORITY, ROSTER, current, origin
from answerable.stops.planned import Planned, spend


def draft(
    before: RosterLeaf | None,
    officers: tuple[OfficerRef, ...],
    roots: RootsRef,
    authorities: tuple[AuthorityRef, ...] = (),
    *,
    nonce: str = "",
) -> RosterLeaf:
    """The roster that root keys sign next, without signatures."""
    return RosterLeaf(
        auth=sorted(authorities, key=lambda each: each.name),
        n=nonce or fresh(),
        off=sorted(officers, key=lambda each: each.key),
        root=RootsRef(keys=sorted(roots.keys), need=roots.need),
        seq=1 if before is None else before.seq + 1,
        sigs=[],
        t=0,
    )


def enrolled(directory: Directory) -> tuple[OfficerRef, ...]:
    """Everyone who is enrolled as an officer now, as a roster names them."""
    return tuple(
        OfficerRef(key=admin.rid, own=admin.person, pub=admin.key)
        for admin in directory.admins()
        if not admin.ended and AdminRole.OFFICER in admin.roles
    )


def place(directory: Directory, leaf: RosterLeaf, now_ms: int) -> Planned[RosterLeaf]:
    """Plan that this roster holds from now on. Raises Refused ``officer.malformed|sequence|signature|quorum|consent|
    unknown``, ``stop.replayed|malformed``."""
    before = current(directory)
    try:
        if leaf.x is not msgspec.UNSET:
            raise roster.malformed("an extension that this version does not know")
        roster.check(leaf, origin(directory), before)
    except VerificationError as error:
        raise Refused(error.code, **error.params) from None
    for each in leaf.off:
        _known(directory, each)
    placed_leaf = msgspec.structs.replace(leaf, t=now_ms)
    data = encode(placed_leaf)
    unused, spent = spend(directory, leaf.n, now_ms)
    unit = Unit(
        leaves=(data,),
        effects=(*placed(placed_leaf), spent),
        expect=(Expect(Space.MISC, ROSTER, directory.raw(Space.MISC, ROSTER)), unused),
    )
    return Planned(unit, rid(data), placed_leaf)


def placed(leaf: RosterLeaf) -> list[Effect]:
    """The rows of a roster that holds."""
    known = roster.authorities(leaf)
    return [
        Put(Space.MISC, ROSTER, encode(leaf)),
        *(Put(Space.MISC, AUTHORITY + key, name.encode()) for key, (name, _) in sorted(known.items())),
    ]


def _known(directory: Directory, officer: OfficerRef) -> None:
    admin = directory.admin(officer.key)
    person = directory.party(officer.own)
    problem = (
        "no such key" if admin is None
        else "the key is withdrawn" if admin.ended
        else "another key" if admin.key != officer.pub
        else "another person's" if admin.person != officer.own
        else "not enrolled as an officer" if AdminRole.OFFICER not in admin.roles
        else "no natural person" if person is None or person.kind is not PartyKind.PERSON
        else ""
    )  # fmt: skip
    if problem:
        raise Refused("officer.unknown", key=officer.key[:64], problem=problem)
