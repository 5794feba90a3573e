# SPDX-License-Identifier: Apache-2.0
"""The people who administer. Never a system, a copy, or an organisation."""

from __future__ import annotations

from answerable.control.answers import Recorded
from answerable.control.commit import carry_out
from answerable.control.routing import Call, Route
from answerable.control.services import Services
from answerable.model.records import Admin
from answerable.model.terms import AdminRole
from answerable.registry import admins
from answerable.registry.requests import EnrolAdmin, WithdrawKey


async def listed(services: Services, call: Call[None]) -> list[Admin]:
    return sorted(services.book.admins(), key=lambda admin: admin.since)


async def myself(services: Services, call: Call[None]) -> Admin:
    return call.by


async def enrol(services: Services, call: Call[EnrolAdmin]) -> Recorded:
    planned, written = await carry_out(
        services, lambda: admins.enrol(services.book, call.body, services.clock.now_ms(), by=call.by.rid)
    )
    return Recorded(rid=planned.rid, id=planned.id, index=written.first, at=written.at)


async def withdraw(services: Services, call: Call[WithdrawKey]) -> Recorded:
    planned, written = await carry_out(
        services, lambda: admins.withdraw(services.book, call.body, services.clock.now_ms(), by=call.by.rid)
    )
    return Recorded(rid=planned.rid, id=planned.id, index=written.first, at=written.at)


ROUTES = (
    Route(
        "GET", "/admins", AdminRole.VIEWER, listed, list[Admin], "Everyone who was enrolled, withdrawn keys included."
    ),
    Route("GET", "/admins/self", AdminRole.VIEWER, myself, Admin, "Whose key signed this request."),
    Route(
        "POST",
        "/admins",
        AdminRole.ADMINISTRATOR,
        enrol,
        Recorded,
        "Enrol a person's key with roles; the new key signs.",
        EnrolAdmin,
    ),
    Route("POST", "/admins/withdraw", AdminRole.ADMINISTRATOR, withdraw, Recorded, "End a person's key.", WithdrawKey),
)
