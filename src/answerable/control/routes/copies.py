# SPDX-License-Identifier: Apache-2.0
"""Running copies: started by whoever holds a copy's key, ended by an operator or by the copy itself."""

from __future__ import annotations

from answerable.control.answers import Answer, Recorded
from answerable.control.commit import carry_out
from answerable.control.routing import By, Call, Route
from answerable.control.services import Services
from answerable.errors import Refused
from answerable.model.records import Copy
from answerable.model.terms import AdminRole
from answerable.registry import copies
from answerable.registry.requests import EndCopy, StartCopy


class CopyListed(Answer, frozen=True, kw_only=True):
    """system: its name and version."""

    copy: Copy
    system: str
    tier: int


class CopyStarted(Answer, frozen=True, kw_only=True):
    """What the copy needs to ask for warrants: issuer and audience are members of what it signs."""

    rid: str
    id: str
    issuer: str
    audience: str
    gateway: str


async def listed(services: Services, call: Call[None]) -> list[CopyListed]:
    everyone = call.query.get("all", "") == "1"
    found = []
    for copy in services.book.copies():
        system = services.book.system(copy.system)
        if system is not None and (everyone or not copy.ended):
            found.append(CopyListed(copy=copy, system=f"{system.name} {system.version}".strip(), tier=system.tier))
    return sorted(found, key=lambda row: row.copy.since)


async def start(services: Services, call: Call[StartCopy]) -> CopyStarted:
    planned, _ = await carry_out(services, lambda: copies.start(services.book, call.body, services.clock.now_ms()))
    return CopyStarted(
        rid=planned.rid,
        id=planned.id,
        issuer=services.issuer.iss,
        audience=services.audience,
        gateway=services.gateway,
    )


async def end(services: Services, call: Call[EndCopy]) -> Recorded:
    return await _end(services, call.body)


async def end_self(services: Services, call: Call[None]) -> Recorded:
    if call.copy is None:
        raise Refused("admin.unsigned", detail="no copy")
    return await _end(services, EndCopy(copy=call.copy.rid))


async def _end(services: Services, request: EndCopy) -> Recorded:
    planned, written = await carry_out(services, lambda: copies.end(services.book, request, services.clock.now_ms()))
    return Recorded(rid=planned.rid, id=planned.id, index=written.first, at=written.at)


ROUTES = (
    Route(
        "GET",
        "/copies",
        AdminRole.VIEWER,
        listed,
        list[CopyListed],
        "Running copies.",
        query={"all": "1 for ended ones too"},
    ),
    Route(
        "POST",
        "/copies",
        AdminRole.OPERATOR,
        start,
        CopyStarted,
        "Start a copy; its own key signs, which proves possession.",
        StartCopy,
    ),
    Route("POST", "/copies/end", AdminRole.OPERATOR, end, Recorded, "End a copy.", EndCopy),
    Route("POST", "/copies/self/end", By.COPY, end_self, Recorded, "A copy ends itself."),
)
