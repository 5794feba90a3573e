# SPDX-License-Identifier: Apache-2.0
"""The moment of sale: a role on a system passes from one party to another; both sign."""

from __future__ import annotations

from answerable.control.answers import Recorded
from answerable.control.commit import carry_out
from answerable.control.routing import Call, Route
from answerable.control.services import Services
from answerable.model.terms import AdminRole
from answerable.registry import transfers
from answerable.registry.requests import TransferSystem


async def transfer(services: Services, call: Call[TransferSystem]) -> Recorded:
    planned, written = await carry_out(
        services, lambda: transfers.transfer(services.book, call.body, services.clock.now_ms())
    )
    return Recorded(rid=planned.rid, id=planned.id, index=written.first, at=written.at)


ROUTES = (
    Route(
        "POST",
        "/transfers",
        AdminRole.OPERATOR,
        transfer,
        Recorded,
        "A role on a system passes to another party; keys of both sign the same statement.",
        TransferSystem,
    ),
)
