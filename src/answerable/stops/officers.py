# SPDX-License-Identifier: Apache-2.0
"""Whose signatures count: officers in office, natural persons, each once, however many keys they have; authorities on
the roster; parties that own a share of the one system that an order names.

Where root keys signed a roster, an officer is who is enrolled *and* stands there: administrators cannot make officers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import msgspec

from answerable.crypto.b64 import unb64u
from answerable.errors import Refused, Unavailable, VerificationError
from answerable.log import roster
from answerable.log.statement import verify
from answerable.model.leaves import Leaf, RosterLeaf, Sig
from answerable.model.records import Admin, PartyKey, Stop
from answerable.model.terms import AdminRole, PartyKind
from answerable.model.units import Space
from answerable.ports import Directory

# More signatures than any rule asks for; checking one costs some 120 microseconds.
MAX_SIGNATURES: Final = 16
ROSTER: Final = "roster"  # row of `Space.MISC`: the newest roster leaf
AUTHORITY: Final = "authority:"  # before a key's id: the name of the authority that it is of, kept for ever
_PARTY: Final = "party"  # use of a party's own key

_party_key = msgspec.json.Decoder(PartyKey).decode
_leaf = msgspec.json.Decoder(RosterLeaf).decode


@dataclass(frozen=True, slots=True)
class Signed:
    """Who signed a statement. officers: one entry a person; authorities: names, by one key of theirs or more; whole:
    those of them of which as many keys signed as the roster asks for; owners: rids of parties; keys: what a row holds,
    one a person, authority's key and party."""

    officers: tuple[Admin, ...] = ()
    authorities: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


def origin(directory: Directory) -> str:
    """The log's origin, which every statement names. Raises Unavailable ``stop.no_origin`` before the log has one."""
    raw = directory.raw(Space.MISC, "origin")
    if not raw:
        raise Unavailable("stop.no_origin")
    return raw.decode("utf-8")


def current(directory: Directory) -> RosterLeaf | None:
    """The roster that holds, if root keys ever signed one."""
    raw = directory.raw(Space.MISC, ROSTER)
    return _roster(raw) if raw else None


def signers(directory: Directory, leaf: Leaf, sigs: Sequence[Sig]) -> tuple[Admin, ...]:
    """The officers who signed `leaf`, one entry a person. One bad signature refuses the statement: it was tampered with
    or made for another log.

    Raises Refused ``stop.signature``, ``stop.not_officer``, ``stop.malformed``, ``officer.not_listed``.
    """
    found = signed(directory, leaf, sigs)
    if found.authorities or found.owners:
        other = next(sig.key for sig in sigs if directory.admin(sig.key) is None)
        raise Refused("stop.not_officer", key=other[:64])
    return found.officers


def signed(directory: Directory, leaf: Leaf, sigs: Sequence[Sig]) -> Signed:
    """Who signed `leaf`, whatever their office. Raises as `signers`."""
    if len(sigs) > MAX_SIGNATURES:
        raise Refused("stop.malformed", detail=f"more than {MAX_SIGNATURES} signatures")
    where = origin(directory)
    listed = current(directory)
    known = roster.authorities(listed) if listed is not None else {}
    officers: dict[str, Admin] = {}
    ids: dict[str, str] = {}
    owners: dict[str, None] = {}
    for sig in sigs:
        owner = _owner(directory, sig.key)
        if sig.key in known:
            name, public = known[sig.key]
            ids[sig.key] = name
        elif owner is not None:
            public = unb64u(owner.key)
            owners.setdefault(owner.party)
        else:
            officer = in_office(directory, sig.key)
            if officer is None:
                raise _no_officer(directory, sig.key)
            public = unb64u(officer.key)
            officers.setdefault(officer.person, officer)
        try:
            verify(leaf, where, sig, public)
        except VerificationError:
            raise Refused("stop.signature", key=sig.key[:64]) from None
    return Signed(
        officers=tuple(officers.values()),
        authorities=tuple(dict.fromkeys(ids.values())),
        whole=roster.met(listed.auth, ids) if listed is not None else (),
        owners=tuple(owners),
        keys=counted(directory, sigs),
    )


def counted(directory: Directory, sigs: Iterable[Sig]) -> tuple[str, ...]:
    """The keys that an order's row holds: of each person one, then those of authorities, then of each party one.
    Raises ValueError for a key that nobody registered."""
    persons: dict[str, str] = {}
    others: dict[str, str] = {}
    parties: dict[str, str] = {}
    for sig in sigs:
        if (admin := directory.admin(sig.key)) is not None:
            persons.setdefault(admin.person, admin.rid)
        elif authority_of(directory, sig.key) or sig.key in (detector(directory), canary(directory)):
            others.setdefault(sig.key, sig.key)
        elif (raw := directory.raw(Space.PARTY_KEYS, sig.key)) is not None:
            parties.setdefault(_party_key(raw).party, sig.key)
        else:
            raise ValueError("it is signed by a key that nobody enrolled")
    return (*persons.values(), *others.values(), *parties.values())


def authority_of(directory: Directory, key: str) -> str:
    """Name of the authority whose key has this id, on the roster now or once; "" for none."""
    return (directory.raw(Space.MISC, AUTHORITY + key) or b"").decode()


def detector(directory: Directory) -> str:
    """rid of the detectors' key leaf, "" while there is none."""
    return (directory.raw(Space.MISC, "detector") or b"").decode()


def canary(directory: Directory) -> str:
    """rid of the canary's key leaf, "" while there is none (`stops.drills`)."""
    return (directory.raw(Space.MISC, "canary") or b"").decode()


def by_owners(directory: Directory, keys: Iterable[str]) -> bool:
    """Whether an order whose row holds these keys was the owners' own: no officer and no authority signed it."""
    listed = tuple(keys)
    return bool(listed) and all(directory.raw(Space.PARTY_KEYS, key) is not None for key in listed)


def authorities_behind(directory: Directory, stop: Stop) -> tuple[str, ...]:
    """Names of the authorities that signed the order."""
    return tuple(dict.fromkeys(name for key in stop.officers if (name := authority_of(directory, key))))


def in_office(directory: Directory, key: str) -> Admin | None:
    """The officer whose key leaf has this rid, if still in office, a natural person, and on the roster where there is
    one. A system's or copy's key is never one, whatever its credentials."""
    admin = _enrolled(directory, key)
    listed = current(directory)
    if admin is None or listed is None:
        return admin
    return admin if any(each.key == key and each.pub == admin.key for each in listed.off) else None


def people(directory: Directory, keys: Iterable[str]) -> set[str]:
    """rids of the persons behind key leaves, in office or not."""
    return {admin.person for key in keys if (admin := directory.admin(key)) is not None}


def _enrolled(directory: Directory, key: str) -> Admin | None:
    admin = directory.admin(key)
    if admin is None or admin.ended or AdminRole.OFFICER not in admin.roles:
        return None
    person = directory.party(admin.person)
    return admin if person is not None and person.kind is PartyKind.PERSON else None


def _no_officer(directory: Directory, key: str) -> Refused:
    listed = _enrolled(directory, key) is not None
    return Refused("officer.not_listed" if listed else "stop.not_officer", key=key[:64])


def _owner(directory: Directory, key: str) -> PartyKey | None:
    raw = directory.raw(Space.PARTY_KEYS, key)
    row = _party_key(raw) if raw else None
    return row if row is not None and not row.ended and row.use == _PARTY else None


@lru_cache(maxsize=4)
def _roster(raw: bytes) -> RosterLeaf:
    return _leaf(raw)
