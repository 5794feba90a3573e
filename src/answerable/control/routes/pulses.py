# SPDX-License-Identifier: Apache-2.0
"""Pulses by the Unix socket: anyone may carry one, its signature is what counts."""

from __future__ import annotations

import msgspec

from answerable.control.answers import Answer
from answerable.control.routing import By, Call, Route
from answerable.control.services import Services
from answerable.errors import Refused


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


ROUTES = (
    Route("POST", "/pulse", By.ANYONE, give, PulseTaken, "Carry a pulse here (docs/spec/pulse.md).", msgspec.Raw),
    Route("GET", "/pulse", By.ANYONE, newest, msgspec.Raw, "The newest pulse, to be carried on."),
)
