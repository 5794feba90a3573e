# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from answerable.errors import Refused, Unavailable
from answerable.machines import frames
from answerable.machines.remote import RemoteDevice
from answerable.machines.wires import Take
from answerable.model.devices import Command, DeviceState, Hand, Mode
from tests.fleet import ManualClock
from tests.small_site import COPY_KEY, DEVICE, DEVICE_KEY, Site, key_of_nobody, token

STATE = DeviceState(device=DEVICE, mode=Mode.IDLE, beat=9, x=0, y=0, speed=0, wanted=0, standstill=True, powered=False)


class Loop:
    """A wire that ends in a machine in memory, and can lose or forge what comes back."""

    def __init__(self, site: Site) -> None:
        self.site, self.take = site, (lambda _data: None)
        self.lose = False
        self.forge: bytes | None = None

    async def listen(self, topic: str, take: Take) -> None:
        self.take = take

    def send(self, topic: str, data: bytes) -> None:
        if self.lose:
            return
        answer = self.site.machine.ask(data, self.site.clock.now, self.site.clock.mono)
        if self.forge is not None:
            answer = self.forge
        self.take(answer)

    async def close(self) -> None: ...


async def remote(signer: Any = COPY_KEY) -> tuple[RemoteDevice, Loop]:
    wire = Loop(Site())
    device = RemoteDevice(wire, DEVICE_KEY.public, signer=signer, timeout_ms=50)
    await device.start()
    return device, wire


async def test_it_leads_and_begins_anew_only_after_it_heard_why() -> None:
    device, wire = await remote()
    assert (await device.lease(token(wire.site.clock.now))).run == 1
    assert (await device.command(Command(speed=100))).wanted == 100
    await device.stop()
    wire.site.turn()
    with pytest.raises(Refused) as error:
        await device.lease(token(wire.site.clock.now))
    assert error.value.code == "device.authority"
    assert (await device.lease(token(wire.site.clock.now))).run == 2


async def test_nothing_is_believed_but_the_devices_own_word() -> None:
    device, wire = await remote()
    wire.forge = frames.say(STATE, key_of_nobody(), re="x", params={})
    with pytest.raises(Unavailable) as error:
        await device.state()
    assert error.value.code == "device.unreachable"
    wire.forge = frames.say(STATE, DEVICE_KEY, re="another", params={})
    with pytest.raises(Unavailable):
        await device.state()
    assert device._beat == 0, "only the answer to its own question tells it the device's clock"


async def test_a_device_whose_clock_began_anew_is_led_again() -> None:
    device, wire = await remote()
    await device.lease(token(wire.site.clock.now))
    wire.site = Site(clock=ManualClock(wire.site.clock.now, 7))  # its host was started again
    with pytest.raises(Refused) as error:
        await device.lease(token(wire.site.clock.now))
    assert error.value.code == "device.stale"
    assert (await device.lease(token(wire.site.clock.now))).run == 1
    assert (await device.command(Command(speed=100))).wanted == 100


async def test_a_late_answer_still_tells_the_clock_and_an_older_one_does_not() -> None:
    device, wire = await remote()
    said: list[bytes] = []
    told, wire.take = wire.take, said.append
    for passed in (0, 400):
        wire.site.turn(passed)
        with pytest.raises(Unavailable):
            await device.state()
    wire.take = told
    first, second = (frames.read_say(data, DEVICE_KEY.public).state.beat for data in said)
    wire.take(said[1])
    assert device._beat == second > first
    wire.take(said[0])
    assert device._beat == second


async def test_what_is_lost_is_not_waited_for_for_ever() -> None:
    device, wire = await remote()
    wire.lose = True
    with pytest.raises(Unavailable):
        await device.stop()
    assert not device._waiting


async def test_refusals_are_ours_and_unknown_ones_do_not_pass() -> None:
    device, wire = await remote()
    with pytest.raises(Refused) as error:
        await device.takeover(Hand.TAKE)
    assert error.value.code == "device.forged"
    wire.site.book.full = True
    with pytest.raises(Unavailable) as full:
        await device.lease(token(wire.site.clock.now))
    assert full.value.code == "device.unrecorded"
