# SPDX-License-Identifier: Apache-2.0
"""A control plane that was put back from the past: how it stands, orders that somebody kept, whom not to wait for."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from answerable.control.answers import Answer
from answerable.control.recovery import Recovering, RecoveryState
from answerable.control.routing import Call, Route
from answerable.control.services import Services
from answerable.crypto.b64 import unb64u
from answerable.errors import Unavailable, VerificationError
from answerable.model.terms import AdminRole

MOST = 256  # orders in one request


class Offer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """orders: messages as holders keep them, each base64url."""

    orders: Annotated[tuple[str, ...], Meta(max_length=MOST)]


class Waive(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """name: of one that is waited for, as the state tells it."""

    name: Annotated[str, Meta(max_length=500)]


class Regained(Answer, frozen=True, kw_only=True):
    """regained: of what was offered."""

    regained: int
    state: RecoveryState


async def state(services: Services, call: Call[None]) -> RecoveryState:
    return _recovery(services).state()


async def offer(services: Services, call: Call[Offer]) -> Regained:
    try:
        messages = [unb64u(each) for each in call.body.orders]
    except VerificationError as error:
        raise VerificationError("order.malformed", detail=error.code) from None
    recovery = _recovery(services)
    return Regained(regained=await recovery.shown(messages), state=recovery.state())


async def waive(services: Services, call: Call[Waive]) -> RecoveryState:
    recovery = _recovery(services)
    await recovery.waive(call.body.name, call.by.rid)
    return recovery.state()


def _recovery(services: Services) -> Recovering:
    if services.recovery is None:
        raise Unavailable("log.stopped", detail="nothing is signed here")
    return services.recovery


ROUTES = (
    Route("GET", "/recover", AdminRole.VIEWER, state, RecoveryState, "Whether this registry was put back in time."),
    Route("POST", "/recover/offer", AdminRole.OPERATOR, offer, Regained, "Give back orders that somebody kept.", Offer),
    Route(
        "POST",
        "/recover/waive",
        AdminRole.ADMINISTRATOR,
        waive,
        RecoveryState,
        "Do not wait for one who could know more; it stands in the log who said so.",
        Waive,
    ),
)
