# SPDX-License-Identifier: Apache-2.0
"""Drills: how the last canary went, stopping one now, the quarterly plan, practising a tier, its report."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from answerable.control.answers import Answer
from answerable.control.drills import CanaryState, CanaryTold, Drilling, Planned
from answerable.control.routing import Call, Route
from answerable.control.services import Services
from answerable.errors import Refused, Unavailable
from answerable.model.terms import AdminRole


class Practise(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """life_ms: shorter lives than the tier's warrants have, for a rehearsal; 0 for those."""

    tier: Annotated[int, Meta(ge=0, le=4)]
    life_ms: Annotated[int, Meta(ge=0, le=300_000)] = 0


class DrillState(Answer, frozen=True, kw_only=True):
    """running: tier that is practised now, -1 for none; failure: code of why the last one came to no report."""

    now: int
    canary: CanaryState
    plan: list[Planned]
    running: int
    failure: str


async def state(services: Services, call: Call[None]) -> DrillState:
    drills = _drills(services)
    return DrillState(
        now=services.clock.now_ms(),
        canary=drills.canary(),
        plan=drills.plan(),
        running=drills.running,
        failure=drills.failure,
    )


async def fly(services: Services, call: Call[None]) -> CanaryTold:
    return await _drills(services).fly()


async def practise(services: Services, call: Call[Practise]) -> DrillState:
    _drills(services).begin(call.body.tier, call.body.life_ms)
    return await state(services, Call(None))


async def report(services: Services, call: Call[None]) -> dict[str, Any]:
    tier = call.path["tier"]
    if not (tier.isascii() and tier.isdigit() and len(tier) == 1):
        raise Refused("drill.unknown", name=tier[:16])
    return await _drills(services).report(int(tier))


def _drills(services: Services) -> Drilling:
    if services.drills is None:
        raise Unavailable("log.stopped", detail="nothing is written here")
    return services.drills


ROUTES = (
    Route("GET", "/drills", AdminRole.VIEWER, state, DrillState, "The last canary, and the plan of drills."),
    Route("POST", "/drills/canary", AdminRole.OPERATOR, fly, CanaryTold, "Stop a canary on every gateway, now."),
    Route("POST", "/drills", AdminRole.OPERATOR, practise, DrillState, "Practise the stop of one tier.", Practise),
    Route("GET", "/drills/{tier}", AdminRole.VIEWER, report, dict[str, Any], "The newest report of a tier's drill."),
)
