# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.errors import Refused, Unavailable
from answerable.machines.stopping import Stopped, in_order, standstill
from answerable.model.devices import Command, DeviceState, Hand, Mode
from tests.fleet import ManualClock
from tests.small_site import DEVICE


class Braking:
    """A device that stands after so many looks; each look takes 50 ms. It is a script, not a machine: what is tested is
    the order of what is done to it."""

    id = DEVICE

    def __init__(self, clock: ManualClock, looks: int, *, deaf: bool = False) -> None:
        self.clock, self.looks, self.deaf, self.done = clock, looks, deaf, list[str]()

    async def stop(self, order: bytes = b"") -> DeviceState:
        self.done.append("stop")
        if self.deaf:
            raise Unavailable("device.unreachable", ms=400)
        return await self.state()

    async def state(self) -> DeviceState:
        self.clock.pass_ms(50)
        self.looks -= 1
        if self.deaf:
            raise Unavailable("device.unreachable", ms=400)
        return DeviceState(
            device=DEVICE, mode=Mode.STOPPING, beat=1, x=0, y=0, speed=int(self.looks > 0), wanted=0,
            standstill=self.looks <= 0, powered=True,
        )  # fmt: skip

    async def lease(self, warrant: str, envelope: str = "") -> DeviceState:
        raise Refused("device.authority")

    async def command(self, command: Command) -> DeviceState:
        raise Refused("device.authority")

    async def takeover(self, hand: Hand) -> DeviceState:
        raise Refused("device.forged")

    async def close(self) -> None: ...


async def ordered(device: Braking, within_ms: int = 1_000) -> tuple[Stopped, list[str]]:
    done = await in_order(
        device,
        device.clock,
        within_ms=within_ms,
        freeze=lambda: device.done.append("freeze"),
        kill=lambda: device.done.append("kill"),
    )
    return done, device.done


async def test_brake_stand_then_freeze_then_kill() -> None:
    clock = ManualClock(0, 0)
    done, steps = await ordered(Braking(clock, looks=5))
    assert steps == ["stop", "freeze", "kill"]
    assert done.asked < done.standing <= done.frozen <= done.killed
    assert done.standing == 250
    assert not done.error


async def test_without_standstill_in_time_the_controller_ends_all_the_same() -> None:
    clock = ManualClock(0, 0)
    done, steps = await ordered(Braking(clock, looks=1_000), within_ms=500)
    assert steps[-2:] == ["freeze", "kill"]
    assert (done.standing, done.error) == (0, "device.moving")
    assert done.frozen <= 600


async def test_a_device_that_does_not_answer_holds_nothing_up_for_ever() -> None:
    done, steps = await ordered(Braking(ManualClock(0, 0), looks=1, deaf=True), within_ms=300)
    assert steps == ["stop", "freeze", "kill"]
    assert done.error == "device.moving"


async def test_standstill_is_the_devices_own_word() -> None:
    clock = ManualClock(0, 0)
    state = await standstill(Braking(clock, looks=3), 1_000, clock.mono_ms)
    assert state.standstill
