# SPDX-License-Identifier: Apache-2.0
"""Officers: who is enrolled, who stands on the roster that root keys signed, and which suspensions wait for people."""

from __future__ import annotations

import msgspec

from answerable.control.answers import Answer
from answerable.control.commit import carry_out
from answerable.control.routing import Call, Route
from answerable.control.services import Services
from answerable.crypto.b64 import unb64u
from answerable.errors import Refused
from answerable.log import roster
from answerable.model.leaves import RosterLeaf
from answerable.model.terms import AdminRole
from answerable.redlines.desk import canary
from answerable.stops import rosters
from answerable.stops.officers import current, in_office
from answerable.stops.waiting import waiting


class GiveRoster(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """roster: with the signatures of root keys, `t` 0."""

    roster: RosterLeaf


class OfficerShown(Answer, frozen=True, kw_only=True):
    """listed: on the roster; in_office: whether the signature counts now."""

    key: str
    person: str
    name: str
    public: str
    listed: bool
    in_office: bool


class AuthorityShown(Answer, frozen=True, kw_only=True):
    """keys: their ids; need: of them, to terminate."""

    name: str
    keys: list[str]
    need: int


class OfficersShown(Answer, frozen=True, kw_only=True):
    """seq: number of the roster, 0: there is none; roots, need: the root keys' ids, and how many sign the next one."""

    seq: int
    since: int
    officers: list[OfficerShown]
    authorities: list[AuthorityShown]
    roots: list[str]
    need: int


class WaitingShown(Answer, frozen=True, kw_only=True):
    """A suspension that nobody has decided about. until: when it lapses, 0: never; staged: from when two may terminate
    under its plan, 0: none; level: told, reminded, escalated, overdue; next: when it grows louder, 0: never."""

    order: str
    root: str
    scope: str
    what: str
    since: int
    reason: str
    have: int
    need: int
    until: int
    staged: int
    level: str
    next: int


class RosterPlaced(Answer, frozen=True, kw_only=True):
    rid: str
    seq: int
    at: int


async def listed(services: Services, call: Call[None]) -> OfficersShown:
    book = services.book
    leaf = current(book)
    on_it = {each.key for each in leaf.off} if leaf is not None else set()
    return OfficersShown(
        seq=leaf.seq if leaf is not None else 0,
        since=leaf.t if leaf is not None else 0,
        officers=[
            OfficerShown(
                key=admin.rid,
                person=admin.person,
                name=admin.name,
                public=admin.key,
                listed=admin.rid in on_it,
                in_office=in_office(book, admin.rid) is not None,
            )
            for admin in sorted(book.admins(), key=lambda admin: admin.since)
            if not admin.ended and AdminRole.OFFICER in admin.roles
        ],
        authorities=[
            AuthorityShown(name=each.name, keys=[_id(key) for key in each.keys], need=each.need) for each in leaf.auth
        ]
        if leaf is not None
        else [],
        roots=[_id(key) for key in leaf.root.keys] if leaf is not None else [],
        need=leaf.root.need if leaf is not None else 0,
    )


async def shown(services: Services, call: Call[None]) -> RosterLeaf:
    leaf = current(services.book)
    if leaf is None:
        raise Refused("officer.none")
    return leaf


async def place(services: Services, call: Call[GiveRoster]) -> RosterPlaced:
    planned, written = await carry_out(
        services, lambda: rosters.place(services.book, call.body.roster, services.clock.now_ms())
    )
    return RosterPlaced(rid=planned.rid, seq=planned.row.seq, at=written.at)


async def open_ones(services: Services, call: Call[None]) -> list[WaitingShown]:
    found = []
    for each in waiting(services.book, services.clock.now_ms(), tried=canary(services.book)):
        system = services.book.system(each.order.root)
        found.append(
            WaitingShown(
                order=each.order.rid,
                root=each.order.root,
                scope=each.order.scope,
                what=f"{system.name} {system.version}".strip() if system else each.order.root,
                since=each.order.at,
                reason=each.order.reason,
                have=each.have,
                need=each.need,
                until=each.until,
                staged=each.staged,
                level=each.level.name.lower(),
                next=each.next,
            )
        )
    return found


def _id(public: str) -> str:
    return roster.key_id(unb64u(public))


ROUTES = (
    Route(
        "GET", "/officers", AdminRole.VIEWER, listed, OfficersShown, "Officers, authorities and root keys, as they are."
    ),
    Route("GET", "/officers/roster", AdminRole.VIEWER, shown, RosterLeaf, "The roster that root keys signed."),
    Route(
        "POST",
        "/officers/roster",
        AdminRole.ADMINISTRATOR,
        place,
        RosterPlaced,
        "Take the next roster; root keys sign it.",
        GiveRoster,
    ),
    Route(
        "GET",
        "/officers/waiting",
        AdminRole.VIEWER,
        open_ones,
        list[WaitingShown],
        "Suspensions that wait for people, the oldest first.",
    ),
)
