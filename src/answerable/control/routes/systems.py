# SPDX-License-Identifier: Apache-2.0
"""Systems: announced, registered, listed, described, with all that they came from and all that came from them."""

from __future__ import annotations

from answerable.control.answers import Answer, Recorded
from answerable.control.commit import carry_out
from answerable.control.routing import Call, Route
from answerable.control.services import Services
from answerable.model.terms import AdminRole
from answerable.model.units import Space
from answerable.registry import describe, find, systems
from answerable.registry.describe import LineageView, SystemRef, SystemView
from answerable.registry.requests import AnnounceSystem, RegisterSystem
from answerable.registry.systems import Announcement


class SystemListed(Answer, frozen=True, kw_only=True):
    """running: how many copies; party: name of the party that answers first."""

    system: SystemRef
    party: str
    running: int


class Family(Answer, frozen=True, kw_only=True):
    system: SystemRef
    lineage: LineageView


class Announced(Answer, frozen=True, kw_only=True):
    """registered: rid of the system that it became, or ""."""

    announcement: Announcement
    registered: str


async def announce(services: Services, call: Call[AnnounceSystem]) -> Recorded:
    planned, written = await carry_out(
        services, lambda: systems.announce(services.book, call.body, services.clock.now_ms())
    )
    return Recorded(rid=planned.rid, id=planned.id, index=written.first, at=written.at)


async def announced(services: Services, call: Call[None]) -> list[Announced]:
    became = {system.announced: system.rid for system in services.book.systems() if system.announced}
    found = [systems.announcement(services.book, rid) for rid, _ in services.book.rows(Space.ANNOUNCED)]
    return [Announced(announcement=row, registered=became.get(row.rid, "")) for row in found if row is not None]


async def register(services: Services, call: Call[RegisterSystem]) -> SystemView:
    planned, written = await carry_out(
        services, lambda: systems.register(services.book, call.body, services.clock.now_ms())
    )
    return describe.system(services.book, planned.rid, written.at)


async def listed(services: Services, call: Call[None]) -> list[SystemListed]:
    book, now = services.book, services.clock.now_ms()
    return [
        SystemListed(
            system=describe.reference(book, system, now),
            party=party.name if (party := book.party(system.parties[0].party)) else "",
            running=sum(1 for _ in book.copies_of(system.rid)),
        )
        for system in sorted(book.systems(), key=lambda system: system.num)
    ]


async def shown(services: Services, call: Call[None]) -> SystemView:
    return describe.system(services.book, call.path["system"], services.clock.now_ms())


async def family(services: Services, call: Call[None]) -> Family:
    now = services.clock.now_ms()
    system = find.system(services.book, call.path["system"])
    return Family(
        system=describe.reference(services.book, system, now), lineage=describe.family(services.book, system, now)
    )


ROUTES = (
    Route(
        "POST",
        "/announcements",
        AdminRole.OPERATOR,
        announce,
        Recorded,
        "Say that a system will be built, before it is.",
        AnnounceSystem,
    ),
    Route("GET", "/announcements", AdminRole.VIEWER, announced, list[Announced], "What was announced."),
    Route("POST", "/systems", AdminRole.OPERATOR, register, SystemView, "Register a system.", RegisterSystem),
    Route("GET", "/systems", AdminRole.VIEWER, listed, list[SystemListed], "Every system."),
    Route(
        "GET", "/systems/{system}", AdminRole.VIEWER, shown, SystemView, "One system: parties, tier and why, duties."
    ),
    Route("GET", "/lineage/{system}", AdminRole.VIEWER, family, Family, "What it came from and what came from it."),
)
