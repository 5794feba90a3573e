# SPDX-License-Identifier: Apache-2.0
"""People with keys and roles. A person is a party of kind person: a system or a copy cannot be enrolled, and a copy's
key belongs to the copy for ever, so nothing that runs can approve, order or administer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from answerable.crypto.random import nonce
from answerable.errors import Refused
from answerable.log import leaf as leaves
from answerable.model.leaves import KeyLeaf, Sig
from answerable.model.records import Admin, Party
from answerable.model.terms import AdminRole
from answerable.model.units import Expect, Put, Space, Unit
from answerable.ports import Directory
from answerable.registry import find
from answerable.registry.keys import check_by
from answerable.registry.planned import Planned, check_signature, free_key, fresh_nonce, public_key, put, unchanged
from answerable.registry.requests import EnrolAdmin, WithdrawKey

USE: Final = "admin"
ENROLMENTS: Final = "admin:"  # before a person's rid: the counter of their enrolments
# Where two people are required one asks and another agrees: who operates does not approve.
_APART: Final = ((AdminRole.OPERATOR, AdminRole.APPROVER), (AdminRole.ADMINISTRATOR, AdminRole.APPROVER))


def enrol_statement(person: Party, request: EnrolAdmin, now_ms: int = 0) -> KeyLeaf:
    """The key leaf that the new key signs (`log.statement.to_sign`)."""
    roles = sorted({role.value for role in request.roles})
    return KeyLeaf(n=request.nonce, own=person.rid, pub=request.key, roles=roles, t=now_ms, use=USE)


def enrol(directory: Directory, request: EnrolAdmin, now_ms: int, *, by: str) -> Planned:
    """by: rid of the administrator's key leaf; "" only while there is no administrator.

    Raises Refused ``party.unknown|is_system|not_person|roles|enrolled|key|key_taken|nonce|replayed|signature|by``.
    """
    check_by(directory, by)
    person = find.person(directory, request.person)
    roles = _roles(request.roles)
    if any(admin.person == person.rid for admin in in_force(directory)):
        raise Refused("party.enrolled")
    public = public_key(request.key)
    leaf = enrol_statement(person, request, now_ms)
    spent, spend = fresh_nonce(directory, request.nonce, now_ms)
    check_signature(directory, leaf, public, request.signature)
    full = msgspec.structs.replace(leaf, sigs=[Sig(key=person.rid, sig=request.signature)])
    data = leaves.encode(msgspec.structs.replace(full, by=by) if by else full)
    rid = leaves.rid(data)
    free, claim = free_key(directory, request.key, person.rid)
    row = Admin(rid=rid, person=person.rid, name=person.id, key=request.key, roles=roles, since=now_ms)
    same, count = _next_of(directory, person)
    unit = Unit(
        leaves=(data,),
        effects=(put(Space.ADMINS, rid, row), claim, spend, count),
        expect=(free, spent, same, *((unchanged(directory, Space.ADMINS, by),) if by else ())),
    )
    return Planned(unit, rid)


def withdraw(directory: Directory, request: WithdrawKey, now_ms: int, *, by: str) -> Planned:
    """End a person's key. Raises Refused ``party.key_unknown|by|last_administrator``."""
    check_by(directory, by)
    row = directory.admin(request.key)
    if row is None or row.ended:
        raise Refused("party.key_unknown", key=request.key, party="?")
    expect = [unchanged(directory, Space.ADMINS, row.rid)]
    if AdminRole.ADMINISTRATOR in row.roles:
        others = (a for a in in_force(directory) if a.rid != row.rid and AdminRole.ADMINISTRATOR in a.roles)
        other = next(others, None)
        if other is None:
            raise Refused("party.last_administrator")
        # Two administrators who withdraw each other at once must not both succeed.
        expect.append(unchanged(directory, Space.ADMINS, other.rid))
    leaf = KeyLeaf(end=True, n=nonce(), own=row.person, prev=row.rid, pub=row.key, t=now_ms, use=USE)
    data = leaves.encode(msgspec.structs.replace(leaf, by=by) if by else leaf)
    ended = msgspec.structs.replace(row, name=_id(directory, row), ended=now_ms)
    unit = Unit(leaves=(data,), effects=(put(Space.ADMINS, row.rid, ended),), expect=tuple(expect))
    return Planned(unit, leaves.rid(data))


def _id(directory: Directory, row: Admin) -> str:
    person = directory.party(row.person)
    return row.name if person is None else person.id


def in_force(directory: Directory) -> tuple[Admin, ...]:
    """Every person's key that is not withdrawn."""
    return tuple(admin for admin in directory.admins() if not admin.ended)


def officers(directory: Directory) -> int:
    """How many different people are officers now."""
    return len({admin.person for admin in in_force(directory) if AdminRole.OFFICER in admin.roles})


def _next_of(directory: Directory, person: Party) -> tuple[Expect, Put]:
    """Enrolments of one person are counted: of two that were prepared side by side, each with roles that must not meet
    in one person, one is written."""
    key = ENROLMENTS + person.rid
    raw = directory.raw(Space.COUNTERS, key)
    return Expect(Space.COUNTERS, key, raw), Put(Space.COUNTERS, key, str(int(raw or b"0") + 1).encode())


def _roles(asked: Iterable[AdminRole]) -> tuple[AdminRole, ...]:
    roles = tuple(sorted(set(asked)))
    if not roles or any(a in roles and b in roles for a, b in _APART):
        raise Refused("party.roles", roles=", ".join(roles) or "none")
    return roles
