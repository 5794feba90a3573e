# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from answerable.errors import Refused, Unavailable
from answerable.machines.leading import LOST_MS, lead
from answerable.machines.station import mono_ms
from answerable.model.devices import Command, DeviceState, Hand, Mode
from tests.small_site import DEVICE


@dataclass
class Held:
    token: str
    due: int
    ends: int
    envelope: str = "e"
    orders: tuple[bytes, ...] = ()


class Warrants:
    """Gives one at once, the next as slowly as it is told."""

    def __init__(self, *, life: int = 900, slow: float = 0.0, refuses: bool = False) -> None:
        self.given, self.life, self.slow, self.refuses = 0, life, slow, refuses

    def next(self) -> Held:
        import time

        if self.given and self.slow:
            time.sleep(self.slow)
        if self.given and self.refuses:
            raise Refused("stop.system", order="o" * 32)
        self.given += 1
        orders = (b"order",) if self.given == 2 else ()
        return Held(f"t{self.given}", mono_ms() + self.life // 3, mono_ms() + self.life, orders=orders)


class Script:
    """A device that keeps what it was shown and told. A script, not a machine."""

    id = DEVICE

    def __init__(self, fails: Any = None) -> None:
        self.shown: list[tuple[float, str]] = []
        self.told: list[int] = []
        self.fails = fails

    async def lease(self, warrant: str, envelope: str = "") -> DeviceState:
        self.shown.append((asyncio.get_running_loop().time(), warrant))
        if self.fails is not None and len(self.shown) > 3:
            raise self.fails
        return self._state()

    async def command(self, command: Command) -> DeviceState:
        self.told.append(command.speed)
        return self._state()

    async def stop(self, order: bytes = b"") -> DeviceState:
        return self._state()

    async def state(self) -> DeviceState:
        return self._state()

    async def takeover(self, hand: Hand) -> DeviceState:
        return self._state()

    async def close(self) -> None: ...

    def _state(self) -> DeviceState:
        return DeviceState(
            device=DEVICE, mode=Mode.LIVE, beat=1, x=0, y=0, speed=0, wanted=0, standstill=True, powered=True, run=1
        )


async def test_a_slow_issuer_costs_no_renewal() -> None:
    device, warrants = Script(), Warrants(life=1_500, slow=0.5)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(lead(device, warrants, 7, mono_ms=mono_ms), 1.4)
    gaps = [b[0] - a[0] for a, b in zip(device.shown, device.shown[1:], strict=False)]
    assert max(gaps) < 0.3
    assert device.told == [7], "commanded once"
    assert len({token for _, token in device.shown}) >= 2


async def test_what_the_machine_or_the_issuer_refuses_ends_it() -> None:
    with pytest.raises(Refused, match="no live lease"):
        await lead(Script(Refused("device.authority")), Warrants(), 7, mono_ms=mono_ms)
    with pytest.raises(Refused, match=r"stop\.system"):
        await asyncio.wait_for(lead(Script(), Warrants(refuses=True), 7, mono_ms=mono_ms), 5)


async def test_a_machine_that_is_not_heard_is_led_no_more() -> None:
    device = Script(Unavailable("device.unreachable", ms=400))
    began = mono_ms()
    with pytest.raises(Unavailable):
        await asyncio.wait_for(lead(device, Warrants(), 7, mono_ms=mono_ms), 10)
    assert LOST_MS <= mono_ms() - began <= LOST_MS + 1_500


@pytest.mark.parametrize("fails", [0, 2, 99])
async def test_a_machine_is_told_of_an_order_before_it_is_shown_a_warrant_that_names_it(fails: int) -> None:
    device, warrants, left = Script(), Warrants(life=900), [fails]
    heard: list[tuple[float, bytes]] = []

    async def tell(order: bytes) -> None:
        if left[0]:
            left[0] -= 1
            raise Unavailable("device.unreachable", ms=1)
        heard.append((asyncio.get_running_loop().time(), order))

    began = asyncio.get_running_loop().time()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(lead(device, warrants, 7, mono_ms=mono_ms, tell=tell), 0.58 if fails < 99 else 1.1)
    shown = [when for when, token in device.shown if token == "t2"]
    if fails < 99:
        assert [order for _, order in heard] == [b"order"]
        assert shown[0] >= heard[0][0]
    else:  # a machine that cannot be told is shown the next warrant only when the one before has ended
        assert not heard
        assert all(when - began >= 0.89 for when in shown)
    assert max(b[0] - a[0] for a, b in zip(device.shown, device.shown[1:], strict=False)) < 0.3
