# SPDX-License-Identifier: Apache-2.0
"""Pulses and order messages by the Unix socket: anyone may carry them, their signatures are what counts."""

from __future__ import annotations

import msgspec

from answerable.control.answers import Answer
from answerable.control.routing import By, Call, Route
from answerable.control.services import Services
from answerable.crypto.canonical import MAX_INTEGER
from answerable.errors import Refused, Unavailable


class PulseTaken(Answer, frozen=True, kw_only=True):
    """taken: always true; a pulse that is not taken is refused."""

    taken: bool


async def give(services: Services, call: Call[msgspec.Raw]) -> PulseTaken:
    if services.heart is None:
        raise Refused("pulse.unpinned")
    services.heart.take(bytes(call.body))
    return PulseTaken(taken=True)


async def newest(services: Services, call: Call[None]) -> msgspec.Raw:
    if services.heart is None or not services.heart.newest:
        raise Refused("pulse.missing")
    return msgspec.Raw(services.heart.newest)


async def orders(services: Services, call: Call[None]) -> msgspec.Raw:
    if services.told is None:
        raise Unavailable("pulse.source", source="this service", detail="neither [relay] port nor [pulse] keys is set")
    return msgspec.Raw(services.told(call.number("since", 0, MAX_INTEGER)))


ROUTES = (
    Route(
        "GET",
        "/orders",
        By.ANYONE,
        orders,
        msgspec.Raw,
        "Messages of the orders after a change, as the holders' plane tells them (docs/spec/order.md).",
        query={"since": "number of the change, 0 if not told"},
    ),
    Route("POST", "/pulse", By.ANYONE, give, PulseTaken, "Carry a pulse here (docs/spec/pulse.md).", msgspec.Raw),
    Route("GET", "/pulse", By.ANYONE, newest, msgspec.Raw, "The newest pulse, to be carried on."),
)
