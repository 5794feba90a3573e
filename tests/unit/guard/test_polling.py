# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import json

import pytest

from answerable.admission.clocks import ClockMode
from answerable.admission.holding import HolderView
from answerable.admission.trust import Trust
from answerable.errors import Refused, Unavailable
from answerable.guard.polling import Poller
from tests.unit.admission import a_stop


def order(num: int, epoch: int) -> bytes:
    return a_stop.issued(a_stop.order(num), num, epoch=epoch)


class Service:
    """Tells one order a page."""

    def __init__(self, *orders: bytes) -> None:
        self.orders = list(orders)
        self.asked: list[str] = []
        self.away = False
        self.pulses: list[bytes] = []

    async def get(self, path: str) -> bytes:
        self.asked.append(path)
        if self.away:
            raise Unavailable("upstream.unreachable", upstream="x")
        if path == "/control/v1/pulse":
            if not self.pulses:
                raise Refused("pulse.missing")
            return self.pulses[-1]
        since = int(path.partition("since=")[2])
        told = self.orders[since : since + 1]
        page = {
            "epoch": since + len(told),
            "more": since + 1 < len(self.orders),
            "orders": [json.loads(o) for o in told],
        }
        return json.dumps(page, separators=(",", ":"), sort_keys=True).encode()


def view(*, pulse: bool = False) -> HolderView:
    return HolderView(Trust(a_stop.ORIGIN, issuers=a_stop.TRUST.issuers), ClockMode.SAME_HOST, pulse)


async def test_all_pages_are_heard_and_told_once() -> None:
    service, heard, told = Service(order(1, 1), order(2, 2), order(3, 3)), view(), []
    poller = Poller(service, heard, lambda: told.append(1))
    await poller.pull()
    assert (heard.epoch, len(told)) == (3, 1)
    await poller.pull()
    assert (heard.epoch, len(told)) == (3, 1), "nothing new is no news"
    assert service.asked[-1] == "/control/v1/orders?since=3"


async def test_what_is_not_to_be_believed_changes_nothing() -> None:
    service, heard = Service(a_stop.issued(a_stop.order(1), 1, epoch=1).replace(b"demo", b"dema")), view()
    await Poller(service, heard, lambda: None).pull()
    assert heard.epoch == 0
    assert heard.stops.quiet


async def test_a_service_that_is_away_is_asked_again() -> None:
    service, heard = Service(order(1, 1)), view()
    service.away = True
    poller = Poller(service, heard, lambda: None, every_s=0.01)
    with pytest.raises(Unavailable):
        await poller.pull()
    task = asyncio.create_task(poller.run())
    await asyncio.sleep(0.05)
    assert heard.epoch == 0
    service.away = False
    async with asyncio.timeout(5):
        while heard.epoch == 0:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    task.cancel()


async def test_the_pulse_is_asked_for_where_one_is_needed() -> None:
    service = Service()
    await Poller(service, view(), lambda: None).pull()
    assert "/control/v1/pulse" not in service.asked
    await Poller(service, view(pulse=True), lambda: None).pull()
    assert service.asked[-1] == "/control/v1/pulse"
