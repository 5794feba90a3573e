# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec
import pytest

from answerable.admission import reports
from answerable.admission.reports import Report
from answerable.errors import Refused, Unavailable
from answerable.guard import telling
from answerable.guard.lease import now_ms
from answerable.guard.telling import Teller
from answerable.model.events import AliveUnleased, ClockStepped
from tests.unit.guard.offices import COPY_KEY, IDENTITY

ORIGIN, SYSTEM = "demo.invalid/log", "s" * 32


class Plane:
    def __init__(self, fails: int = 0, refuses: bool = False) -> None:
        self.fails, self.refuses, self.got = fails, refuses, list[bytes]()

    async def post(self, path: str, body: bytes) -> bytes:
        assert path == "/control/v1/events"
        if self.fails:
            self.fails -= 1
            raise Unavailable("upstream.unreachable", upstream="x")
        self.got.append(body)
        if self.refuses:
            raise Refused("redline.event_replayed")
        return b"{}"


def teller(plane: Plane, system: str = SYSTEM) -> Teller:
    return Teller(IDENTITY, system=system, origin=ORIGIN, posts=(plane,))


async def test_what_it_sees_is_told_by_its_copys_key() -> None:
    plane = Plane()
    made = teller(plane)
    made.stepped(-5_000)
    made.alive(70)
    await made.flush(5)
    told = [
        reports.accept(msgspec.json.decode(data, type=Report), origin=ORIGIN, public=COPY_KEY.public, now_ms=now_ms())
        for data in plane.got
    ]
    assert [each.fact for each in told] == [ClockStepped(ms=-5_000, limit=1_000), AliveUnleased(ms=70)]
    assert {(each.event.sys, each.event.by, each.event.cpy) for each in told} == {(SYSTEM, IDENTITY.rid, IDENTITY.rid)}


async def test_what_a_clock_may_do_is_told_to_nobody() -> None:
    plane = Plane()
    made = teller(plane)
    made.stepped(900)
    teller(plane, system="").alive(70)
    await made.flush(1)
    assert plane.got == []


async def test_it_is_sent_again_to_who_is_away_and_not_to_who_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "PAUSE_S", 0.01)
    away, refuses = Plane(fails=2), Plane(refuses=True)
    for plane in (away, refuses):
        made = teller(plane)
        made.alive(1)
        await made.flush(5)
    assert (len(away.got), len(refuses.got)) == (1, 1)
    gone = Plane(fails=10**6)
    made = teller(gone)
    made.alive(1)
    await made.flush(0.05)
    assert not made._sending
