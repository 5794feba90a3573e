# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from answerable.admission.receipts import StopState, read
from answerable.errors import Refused, Unavailable
from answerable.guard import reporting
from answerable.guard.folder import Folder
from answerable.guard.reporting import Receipts
from tests.unit.guard.offices import COPY_KEY, IDENTITY

ORIGIN, ORDER = "demo.invalid/log", "o" * 32


class Plane:
    def __init__(self, fails: int = 0) -> None:
        self.fails, self.got = fails, list[bytes]()

    async def post(self, path: str, body: bytes) -> bytes:
        assert path in ("/relay/v1/receipts", "/relay/v1/regain")
        if self.fails:
            self.fails -= 1
            raise Unavailable("upstream.unreachable", upstream="x")
        self.got.append(body)
        return b"{}"


def say(receipts: Receipts, state: StopState, now: int) -> bool:
    return receipts.say(ORDER, state, now_ms=now, last_ms=3, flying=2) is not None


async def test_each_state_is_signed_and_sent_once_and_forward_only(tmp_path: Path) -> None:
    plane = Plane()
    folder = Folder(tmp_path / "kept")
    receipts = Receipts(IDENTITY, ORIGIN, (plane,), folder)
    assert say(receipts, StopState.DRAINING, 10)
    assert not say(receipts, StopState.DRAINING, 11)
    assert say(receipts, StopState.STOPPED, 12)
    assert not say(receipts, StopState.DRAINING, 13)
    assert say(receipts, StopState.SEALED, 14)
    assert await receipts.flush(5)
    told = [read(data, {IDENTITY.rid: COPY_KEY.public}, ORIGIN) for data in plane.got]
    assert {each.stop_state for each in told} == {StopState.DRAINING, StopState.STOPPED, StopState.SEALED}
    assert {(each.order, each.t_received, each.t_last_action, each.in_flight) for each in told} == {(ORDER, 10, 3, 2)}
    assert receipts.sent == 3
    assert folder.flush()
    files = sorted(file.name for file in (tmp_path / "kept").iterdir())
    assert files == [f"{ORDER}.{state}.receipt" for state in ("draining", "sealed", "stopped")], "anyone may carry them"
    assert (tmp_path / "kept" / files[1]).read_bytes() in plane.got


async def test_one_that_did_not_arrive_is_sent_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "RETRY_S", 0.01)
    bad, good = Plane(fails=10**9), Plane(fails=2)
    receipts = Receipts(IDENTITY, ORIGIN, (bad, good), Folder(tmp_path))
    say(receipts, StopState.DRAINING, 1)
    assert await receipts.flush(5)
    assert len(good.got) == 1


async def test_who_refuses_it_is_not_asked_again(tmp_path: Path) -> None:
    class Refuses(Plane):
        async def post(self, path: str, body: bytes) -> bytes:
            self.got.append(body)
            raise Refused("admin.path")

    plane = Refuses()
    receipts = Receipts(IDENTITY, ORIGIN, (plane,), Folder(tmp_path))
    say(receipts, StopState.DRAINING, 1)
    assert await receipts.flush(2), "nobody is waited for in vain"
    assert (len(plane.got), receipts.sent) == (1, 0)


async def test_nobody_waits_for_it_for_long(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    receipts = Receipts(IDENTITY, ORIGIN, (Plane(fails=10**9),), Folder(tmp_path / "file" / "no folder"))
    say(receipts, StopState.SEALED, 1)
    assert not await receipts.flush(0.05)
    assert await receipts.flush(0.05), "what was given up is not waited for again"


async def test_orders_are_given_back_one_offer_at_a_time(tmp_path: Path) -> None:
    plane = Plane()
    receipts = Receipts(IDENTITY, ORIGIN, (plane,), Folder(tmp_path))
    receipts.offer([])
    receipts.offer([b'{"a":1}', b'{"b":2}'])
    receipts.offer([b'{"a":1}'])
    await asyncio.sleep(0.05)
    assert plane.got == [b'{"orders":[{"a":1},{"b":2}]}']
