# SPDX-License-Identifier: Apache-2.0
"""Whose word on a hold counts: natural persons in office, each once, whatever keys they have, and none who answers for
the system that asks. A vote lasts as long as its signer's office."""

from __future__ import annotations

from collections.abc import Sequence

from answerable.errors import Refused
from answerable.model.holds import Hold, Vote
from answerable.model.records import Admin
from answerable.model.terms import AdminRole, PartyKind
from answerable.ports import Directory


def approver(directory: Directory, hold: Hold, key: str) -> Admin:
    """Who signs with the key leaf `key`, if they may decide about this hold. A system, a copy, a party's own key are
    nobody here. Raises Refused ``hold.signer``, ``hold.own``."""
    admin = _in_office(directory, hold, key)
    if admin is None or directory.system(hold.system) is None:
        raise Refused("hold.signer", key=key[:64], roles=", ".join(role.value for role in hold.roles))
    if admin.person in _answering(directory, hold):
        raise Refused("hold.own", person=admin.name)
    return admin


def agreed(directory: Directory, hold: Hold) -> tuple[Vote, ...]:
    """The votes that count now for the call as it would run: one a person, by people who may still decide."""
    own = _answering(directory, hold)
    people: dict[str, Vote] = {}
    for vote in hold.agreed:
        if vote.person not in own and _in_office(directory, hold, vote.key) is not None:
            people.setdefault(vote.person, vote)
    return tuple(people.values())


def enough(directory: Directory, hold: Hold) -> bool:
    """Whether as many people as it needs agree, each role held by another one of them."""
    votes = agreed(directory, hold)
    if len(votes) < hold.people or hold.people < 1:
        return False
    roles = [_roles(directory, vote) for vote in votes]
    return _seated(hold.roles, roles)


def _seated(roles: Sequence[AdminRole], people: list[frozenset[AdminRole]]) -> bool:
    """Whether each role can be given to a different one of the people."""
    if not roles:
        return True
    return any(
        roles[0] in held and _seated(roles[1:], people[:at] + people[at + 1 :]) for at, held in enumerate(people)
    )


def _roles(directory: Directory, vote: Vote) -> frozenset[AdminRole]:
    admin = directory.admin(vote.key)
    return frozenset(admin.roles) if admin is not None else frozenset()


def _in_office(directory: Directory, hold: Hold, key: str) -> Admin | None:
    admin = directory.admin(key)
    if admin is None or admin.ended or not set(admin.roles) & set(hold.roles):
        return None
    person = directory.party(admin.person)
    return admin if person is not None and person.kind is PartyKind.PERSON else None


def _answering(directory: Directory, hold: Hold) -> frozenset[str]:
    """rids of the parties that answer for the caller: whoever gains from the call does not approve it."""
    system = directory.system(hold.system)
    return frozenset() if system is None else frozenset(entry.party for entry in system.parties)
