# SPDX-License-Identifier: Apache-2.0
"""Where messages come in: each told once, to holders and bus; what is not verified, to nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from answerable.admission import pulse
from answerable.admission.clocks import ClockMode
from answerable.admission.holding import HolderView
from answerable.admission.orders import stop_root
from answerable.admission.trust import Trust
from answerable.buses.memory import MemoryBus
from answerable.crypto.ed25519 import Key
from answerable.errors import AnswerableError, Unavailable
from answerable.relay import encoded, hub
from answerable.relay.board import Board
from answerable.relay.fanout import Fanout
from answerable.relay.hub import Hub, topics
from tests.small_orders import ISSUER, KID, OFFICER, OFFICER_KID, ORIGIN, message, told
from tests.small_relay import until

HEART = Key.from_seed(b"\x03" * 32)


class Still:
    def now_ms(self) -> int:
        return 10_000

    def mono_ms(self) -> int:
        return 10_000


class Said(Fanout):
    def __init__(self) -> None:
        super().__init__()
        self.events: list[bytes] = []

    def tell(self, event: bytes) -> None:
        self.events.append(event)


def made(bus: MemoryBus | None = None) -> tuple[Hub, Said]:
    trust = Trust(ORIGIN, {KID: ISSUER.public}, {"heart": HEART.public}, {OFFICER_KID: OFFICER.public})
    view = HolderView(trust, ClockMode.SAME_HOST, pulse_required=False)
    said = Said()
    return Hub(Board(), said, view, Still(), bus), said


def beat(seq: int, *numbers: int, delta: tuple[bytes, ...] = ()) -> bytes:
    root = stop_root([told(number).stop for number in numbers])
    whole = pulse.Pulse("heart", ORIGIN, seq, 10_000, 5_000, len(numbers), root, delta)
    return pulse.make(whole, HEART, "heart")


@asynccontextmanager
async def running(*hubs: Hub) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(each.run()) for each in hubs]
    await asyncio.sleep(0.01)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_an_order_is_told_once_and_the_board_knows_how_far_it_is() -> None:
    one, said = made()
    assert one.order(message(1)) is not None
    assert one.order(message(1)) is None
    assert one.order(message(3)) is not None
    assert said.events == [encoded.order(message(n), n) for n in (1, 3)]
    assert (one.board.epoch, len(one.board)) == (1, 2), "change 2 is missing, and the board says so"
    one.order(message(2))
    assert one.board.epoch == 3
    with pytest.raises(AnswerableError):
        one.order(b"{}")
    assert len(said.events) == 3


async def test_an_order_past_the_registry_goes_on_and_is_handed_to_our_own_gateway() -> None:
    one, said = made()
    heard: list[bytes] = []
    one.direct.append(heard.append)
    data = message(0)
    one.order(data)
    one.order(message(1))
    assert heard == [data]
    assert said.events[0] == encoded.order(data, 0)


async def test_a_pulse_is_told_with_what_it_brought_and_an_old_one_is_not() -> None:
    one, said = made()
    heard: list[bytes] = []
    one.heard.append(heard.append)
    first = beat(1, 1, delta=(message(1),))
    assert one.pulse(first) is False
    assert one.board.pulse == first
    assert said.events == [encoded.order(message(1), 1), encoded.pulse(first)]
    one.pulse(first)
    second = beat(2, 1, 2)
    assert one.pulse(second) is True, "it speaks of what is not here"
    assert heard == [first, second]
    with pytest.raises(AnswerableError):
        one.pulse(first)
    assert one.board.pulse == second


async def test_what_comes_by_the_bus_is_told_here_and_not_published_again() -> None:
    bus = MemoryBus()
    (one, _), (other, said) = made(bus), made(bus)
    async with running(one, other):
        one.order(message(1))
        await until(lambda: len(said.events) == 1)
        await bus.publish(topics(ORIGIN)[0], b"junk that anyone may publish")
        one.pulse(beat(1, 1))
        await until(lambda: len(said.events) == 2)
        await asyncio.sleep(0.02)
        assert said.events == [encoded.order(message(1), 1), encoded.pulse(beat(1, 1))]
        assert other._unsent.empty()


async def test_a_hint_is_pulled_after_and_a_failing_pull_ends_nothing() -> None:
    bus = MemoryBus()
    one, _ = made(bus)
    pulls = 0

    async def pull() -> None:
        nonlocal pulls
        pulls += 1
        raise Unavailable("relay.busy")

    task = asyncio.create_task(one.run(pull))
    await until(lambda: pulls == 1)
    await bus.publish(topics(ORIGIN)[0], b"")
    await until(lambda: pulls == 2)
    await bus.publish(topics(ORIGIN)[1], beat(1, 1))
    await until(lambda: pulls == 3)
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_a_bus_does_not_take_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "MAX_UNSENT", 2)
    one, said = made(MemoryBus())
    for number in range(1, 6):
        one.order(message(number))
    assert one._unsent.qsize() == 2
    assert len(said.events) == 5


async def test_without_a_bus_there_is_nothing_to_run_and_it_does_not_end() -> None:
    one, _ = made()
    task = asyncio.create_task(one.run())
    await asyncio.sleep(0.01)
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
