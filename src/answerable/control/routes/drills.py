# SPDX-License-Identifier: Apache-2.0
"""Drills: how the last canary went, stopping one now, the quarterly plan, practising one of it, its report."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from answerable.control.answers import Answer
from answerable.control.drills import CanaryState, CanaryTold, Drilling, Planned
from answerable.control.routing import Call, Route
from answerable.control.services import Services
from answerable.errors import Unavailable
from answerable.model.terms import AdminRole


class Practise(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """name: a tier in the information world (``0`` to ``4``), ``biological`` or ``physical``; life_ms: shorter lives
    than its warrants have, for a rehearsal; 0 for those."""

    name: Annotated[str, Meta(min_length=1, max_length=16)]
    life_ms: Annotated[int, Meta(ge=0, le=300_000)] = 0


class DrillState(Answer, frozen=True, kw_only=True):
    """running: name of what is practised now, "" for none; failure: code of why the last one came to no report."""

    now: int
    canary: CanaryState
    plan: list[Planned]
    running: str
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
    _drills(services).begin(call.body.name, call.body.life_ms)
    return await state(services, Call(None))


async def report(services: Services, call: Call[None]) -> dict[str, Any]:
    return await _drills(services).report(call.path["name"])


def _drills(services: Services) -> Drilling:
    if services.drills is None:
        raise Unavailable("log.stopped", detail="nothing is written here")
    return services.drills


ROUTES = (
    Route("GET", "/drills", AdminRole.VIEWER, state, DrillState, "The last canary, and the plan of drills."),
    Route("POST", "/drills/canary", AdminRole.OPERATOR, fly, CanaryTold, "Stop a canary on every gateway, now."),
    Route(
        "POST",
        "/drills",
        AdminRole.OPERATOR,
        practise,
        DrillState,
        "Practise the stop of one tier, or of one world.",
        Practise,
    ),
    Route("GET", "/drills/{name}", AdminRole.VIEWER, report, dict[str, Any], "The newest report of a drill."),
)
