# SPDX-License-Identifier: Apache-2.0
"""What anyone may bring to a relay: a pulse, and orders. Both prove themselves; a carrier adds nothing to them."""

from __future__ import annotations

from typing import Final

import msgspec

from answerable.admission.orders import MAX_MESSAGE
from answerable.admission.pulse import MAX_PULSE
from answerable.errors import Refused
from answerable.relay.hub import Hub, Pull
from answerable.relay.plane import ORDERS, PULSE
from answerable.relay.routes import Answer, Call, Route

MOST: Final = 64  # orders at once


class Brought(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    orders: tuple[msgspec.Raw, ...]


def routes(hub: Hub, pull: Pull | None = None) -> tuple[Route, ...]:
    """pull: brings the orders that a pulse speaks of and that are not here."""

    async def pulse(call: Call) -> Answer:
        if hub.pulse(call.body) and pull is not None:
            await pull()
        return Answer(b'{"epoch":%d,"missing":%b}' % (hub.view.epoch, b"true" if hub.view.missing else b"false"))

    async def orders(call: Call) -> Answer:
        """An authority's order reaches holders past a registry that would not take it."""
        try:
            brought = msgspec.json.decode(call.body, type=Brought)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise Refused("admin.request", detail="no list of orders") from None
        if len(brought.orders) > MOST:
            raise Refused("admin.request", detail=f"more than {MOST} orders")
        news = [hub.order(bytes(each)) for each in brought.orders]
        return Answer(b'{"epoch":%d,"news":%d}' % (hub.view.epoch, sum(each is not None for each in news)))

    return (
        Route("POST", PULSE, pulse, limit=MAX_PULSE),
        Route("POST", ORDERS, orders, limit=4 * MAX_MESSAGE),
    )
