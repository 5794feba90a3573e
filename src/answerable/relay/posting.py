# SPDX-License-Identifier: Apache-2.0
"""What anyone may bring to a relay: a pulse, and orders. Both prove themselves; a carrier adds nothing to them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

import msgspec

from answerable.admission.orders import MAX_MESSAGE, Told
from answerable.admission.pulse import MAX_PULSE
from answerable.errors import AnswerableError, Refused, VerificationError
from answerable.relay.hub import Hub, Pull
from answerable.relay.plane import ORDERS, PULSE
from answerable.relay.routes import Answer, Call, Route

MOST: Final = 64  # orders at once
Refusal = Callable[[AnswerableError], None]
"""Told of each order that was refused: where there is a log, that is evidence."""


def nobody(_: AnswerableError) -> None:
    """A carrier has no log."""


class View(Protocol):
    """Implemented by `admission.holding.HolderView`."""

    @property
    def epoch(self) -> int: ...

    def knows(self, data: bytes) -> bool: ...


class Brought(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    orders: tuple[msgspec.Raw, ...]


async def taken(body: bytes, view: View, take: Callable[[bytes], Told | None], refused: Refusal = nobody) -> Answer:
    """Take the orders in a request's body, a turn of the event loop for each. Raises Refused ``admin.request``, and as
    `take`; ``order.full`` when the others were taken."""
    try:
        brought = msgspec.json.decode(body, type=Brought)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Refused("admin.request", detail="no list of orders") from None
    if len(brought.orders) > MOST:
        raise Refused("admin.request", detail=f"more than {MOST} orders")
    news = idle = 0
    full: Refused | None = None
    for each in brought.orders:
        data = bytes(each)
        if view.knows(data):
            continue
        try:
            told = take(data)
        except (Refused, VerificationError) as error:
            refused(error)
            if not isinstance(error, Refused) or error.code != "order.full":
                raise
            full, told = error, None  # one officer's orders are not in the way of another's
        if told is not None:
            news += 1
        else:
            idle += 1  # signatures were checked, and told nothing: who varies what is known pays for it
        await asyncio.sleep(0)
    if full is not None:
        raise full
    return Answer(b'{"epoch":%d,"news":%d}' % (view.epoch, news), idle=idle)


def routes(hub: Hub, pull: Pull | None = None, refused: Refusal = nobody) -> tuple[Route, ...]:
    """pull: brings the orders that a pulse speaks of and that are not here."""

    async def pulse(call: Call) -> Answer:
        if hub.pulse(call.body) and pull is not None:
            await pull()
        return Answer(b'{"epoch":%d,"missing":%b}' % (hub.view.epoch, b"true" if hub.view.missing else b"false"))

    async def orders(call: Call) -> Answer:
        """An authority's order reaches holders past a registry that would not take it."""
        return await taken(call.body, hub.view, hub.order, refused)

    return (
        Route("POST", PULSE, pulse, limit=MAX_PULSE),
        Route("POST", ORDERS, orders, limit=4 * MAX_MESSAGE),
    )
