# SPDX-License-Identifier: Apache-2.0
"""From rows to messages: in order, each with what the log says; what cannot be read now waits, and is not passed by."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from answerable.admission import orders as messages
from answerable.admission.clocks import ClockMode
from answerable.admission.holding import HolderView
from answerable.admission.trust import Trust
from answerable.app import telling
from answerable.app.telling import Teller
from answerable.errors import Unavailable
from answerable.model.terms import OrderKind
from answerable.model.units import Space
from answerable.relay.board import Board
from answerable.relay.fanout import Fanout
from answerable.relay.hub import Hub
from tests.small_relay import until
from tests.unit.control.house import House
from tests.unit.control.routes.test_stops import order


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path / "store")
    yield made
    made.close()


class Flaky:
    """The log's reader, which fails as often as it is told to."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self.failures = 0

    async def find(self, rid: str) -> bytes | None:
        if self.failures:
            self.failures -= 1
            raise Unavailable("store.failed", detail="x")
        found: bytes | None = await self._reader.find(rid)
        return found


def test_each_change_is_told_in_order_also_when_the_log_cannot_be_read_for_a_while(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "RETRY_S", 0.02)
    core, issuer = house.core, house.services.issuer
    trust = Trust(core.origin, issuers={issuer.kid: issuer.public})

    async def whole() -> None:
        first = await asyncio.to_thread(
            house.post, "/stops", order(house, "other", OrderKind.SUSPEND, "officer-1"), "officer-1"
        )
        view = HolderView(trust, ClockMode.SAME_HOST, pulse_required=False)
        reader = Flaky(core.reader)
        hub = Hub(Board(), Fanout(), view, core.clock)
        teller = Teller(hub, core.book, reader, core.origin, core.keys.warrant, issuer.kid)  # type: ignore[arg-type]
        core.watch(teller.follow, Space.STOPS)
        await teller.begin()
        assert [each.stop.rid for each in view.told()] == [first["order"]["rid"]]
        reader.failures = 3
        task = asyncio.create_task(teller.run())
        for name in ("helper", "base"):
            await asyncio.to_thread(
                house.post, "/stops", order(house, name, OrderKind.SUSPEND, "officer-1"), "officer-1"
            )
        await until(lambda: view.epoch == 3)
        assert reader.failures == 0
        assert [each.epoch for each in view.told()] == [1, 2, 3]
        base = next(stop for stop in core.book.stops() if stop.num == house.system("base").num)
        told = messages.read(await teller.message(base), trust)
        assert (told.stop.num, told.stop.rid, told.by) == (base.num, base.rid, "issuer")
        assert told.stop.twins == base.twins
        lost = msgspec.structs.replace(base, rid="z" * 32)
        with pytest.raises(Unavailable):
            await teller.message(lost)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    house.run(whole())
