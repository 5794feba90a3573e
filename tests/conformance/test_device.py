# SPDX-License-Identifier: Apache-2.0
"""The contract of `ports.Device`, one suite over every transport: zenoh peer to peer, MQTT through a real broker.

The device is a real station on a real wire, over a cart in memory; who leads, who stops and who stands beside it are
`RemoteDevice`s of their own.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from answerable.crypto.b64 import b64u
from answerable.errors import Refused, Unavailable
from answerable.machines.frames import topics
from answerable.machines.machine import Drive
from answerable.machines.plant import Plant
from answerable.machines.remote import RemoteDevice
from answerable.machines.settings import Settings
from answerable.machines.station import Station, build, mono_ms, now_ms
from answerable.machines.wires import Wire, open_wire
from answerable.model.devices import Command, Hand, Mode
from tests.brokers import Mosquitto, free_port
from tests.fleet import ISSUER
from tests.small_site import (
    AUDIENCE,
    COPY_KEY,
    DEVICE,
    DEVICE_KEY,
    LIMITS,
    PERSON,
    PERSON_KEY,
    SYSTEM,
    order,
    token,
)
from tests.unit.admission.a_stop import ISSUER as ISSUER_KEY
from tests.unit.admission.a_stop import KID, ORIGIN

SETTLE_S = 3.0


class World:
    """A device and its address; the plant turns beside it."""

    def __init__(self, address: str, folder: Path, broker: Mosquitto | None) -> None:
        self.address, self.broker = address, broker
        self._folder = folder
        self._seq = 0
        self._open: list[Any] = []

    async def start(self) -> None:
        key = self._folder / "device.key"
        DEVICE_KEY.save(key, purpose="device")
        given = Settings(
            key=str(key),
            wire=self.address,
            audience=AUDIENCE,
            iss=ISSUER,
            origin=ORIGIN,
            issuers={KID: b64u(ISSUER_KEY.public)},
            systems=(SYSTEM,),
            people={PERSON: b64u(PERSON_KEY.public)},
            area=LIMITS.area,
            keep_out=LIMITS.keep_out,
            max_speed=LIMITS.max_speed,
            journal=str(self._folder / "journal"),
        )
        near, self._far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        for end in (near, self._far):
            end.setblocking(False)
        self._near = near
        self.plant = Plant(braking=given.braking, watchdog_ms=given.watchdog_ms)
        self.station: Station = build(given, near)
        self.wire: Wire = await open_wire(self.address, listen=True)
        self._tasks = [asyncio.create_task(self.station.run(self.wire)), asyncio.create_task(self._turn())]
        await asyncio.sleep(0.1)

    async def _turn(self) -> None:
        decode = msgspec.json.Decoder(Drive).decode
        while True:
            with contextlib.suppress(BlockingIOError):
                while data := self._far.recv(4096):
                    self.plant.drive = decode(data)
            with contextlib.suppress(BlockingIOError):
                self._far.send(msgspec.json.encode(self.plant.step(mono_ms())))
            await asyncio.sleep(0.01)

    async def open(self, *, leads: bool = False, **given: Any) -> RemoteDevice:
        device = await RemoteDevice.open(self.address, DEVICE_KEY.public, leads=leads, **given)
        self._open.append(device)
        return device

    async def leader(self) -> RemoteDevice:
        return await self.open(leads=True, signer=COPY_KEY)

    def warrant(self) -> str:
        self._seq += 1
        return token(now_ms(), seq=self._seq)

    async def drive(self, device: RemoteDevice, seconds: float, speed: int = 0) -> None:
        """Lead for so long; with a speed, command it once at the start."""
        until = time.monotonic() + seconds
        warrant, since = "", 0.0
        while time.monotonic() < until:
            if time.monotonic() - since > 0.6:
                warrant, since = self.warrant(), time.monotonic()
            await device.lease(warrant)
            if speed:
                await device.command(Command(speed=speed))
                speed = 0
            await asyncio.sleep(0.08)

    async def standing(self, within_s: float) -> float:
        """Seconds until the plant stands."""
        began = time.monotonic()
        while self.plant.seen.speed:
            assert time.monotonic() - began < within_s, f"still moving: {self.plant.seen}"
            await asyncio.sleep(0.01)
        return time.monotonic() - began

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for each in (*self._open, self.wire):
            with contextlib.suppress(Unavailable):
                await each.close()
        self._near.close()
        self._far.close()


@pytest.fixture(params=["zenoh", pytest.param("mqtt", marks=pytest.mark.system("mosquitto"))])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    broker = Mosquitto(tmp_path) if request.param == "mqtt" else None
    made = World(broker.address if broker else f"zenoh:tcp/127.0.0.1:{free_port()}", tmp_path, broker)
    try:
        await made.start()
        yield made
        await made.close()
    finally:
        if broker is not None:
            broker.kill()


async def test_it_is_led_stopped_and_seen(world: World) -> None:
    leader, other = await world.leader(), await world.open()
    assert leader.id == DEVICE
    assert (await other.state()).mode is Mode.IDLE
    await world.drive(leader, 1.0, speed=600)
    state = await other.state()
    assert (state.mode, state.standstill, state.wanted) == (Mode.LIVE, False, 600)
    assert 0 < state.left <= 2_000
    assert (await other.stop()).mode is Mode.STOPPING, "by anyone"
    await world.standing(SETTLE_S)
    await asyncio.sleep(0.05)
    state = await other.state()
    assert (state.mode, state.standstill, state.powered) == (Mode.STOPPED, True, False)


async def test_what_slows_is_anyones_and_what_moves_more_is_not(world: World) -> None:
    leader, other = await world.leader(), await world.open()
    with pytest.raises(Refused, match="no live lease"):
        await leader.command(Command(speed=100))
    await world.drive(leader, 0.6, speed=600)
    assert (await other.command(Command(speed=200))).wanted == 200
    with pytest.raises(Refused) as error:
        await other.command(Command(speed=300))
    assert error.value.code == "device.forged"
    with pytest.raises(Refused) as error:
        await leader.command(Command(speed=LIMITS.max_speed + 1))
    assert error.value.code == "device.limit"


async def test_without_renewals_it_brakes(world: World) -> None:
    leader = await world.leader()
    await world.drive(leader, 1.2, speed=600)
    assert await world.standing(SETTLE_S) < 0.3 + 0.6 + 0.4
    await asyncio.sleep(0.1)  # its own sensor tells it so
    with pytest.raises(Refused):
        await leader.lease(world.warrant())  # it hears that it was stopped
    await leader.lease(world.warrant())
    await asyncio.sleep(0.1)
    assert world.plant.seen.speed == 0


async def test_a_leader_that_goes_away_is_missed_at_once(world: World) -> None:
    """By the transport's last words, before the watchdog."""
    leader = await world.leader()
    await world.drive(leader, 0.8, speed=600)
    await leader.close()
    await asyncio.sleep(0.2)
    assert world.station.machine.state(0, 0).mode is not Mode.LIVE
    await world.standing(SETTLE_S)


async def test_an_order_stops_it_for_good(world: World) -> None:
    leader, other = await world.leader(), await world.open()
    await world.drive(leader, 0.5, speed=400)
    assert len((await other.stop(order())).order) == 32
    await world.standing(SETTLE_S)
    await asyncio.sleep(0.1)
    with pytest.raises(Refused):
        await leader.lease(world.warrant())
    with pytest.raises(Refused) as error:
        await leader.lease(world.warrant())
    assert error.value.code == "stop.system"


async def test_a_person_takes_over_and_gives_back(world: World) -> None:
    leader = await world.leader()
    person = await world.open(signer=PERSON_KEY, kid=PERSON)
    stranger = await world.open(signer=COPY_KEY, kid=PERSON)
    await world.drive(leader, 0.5, speed=400)
    with pytest.raises(Refused) as error:
        await stranger.takeover(Hand.TAKE)
    assert error.value.code == "device.forged"
    state = await person.takeover(Hand.TAKE)
    assert (state.mode, state.person) == (Mode.PERSON, PERSON)
    await world.standing(SETTLE_S)
    with pytest.raises(Refused) as error:
        await leader.command(Command(speed=100))
    assert error.value.code == "device.person"
    assert (await person.takeover(Hand.GIVE)).mode is Mode.IDLE
    assert world.plant.seen.speed == 0


async def test_noise_and_repetition_move_nothing(world: World) -> None:
    leader = await world.leader()
    heard: list[bytes] = []
    ear = await open_wire(world.address) if world.broker else world.wire
    asks, _ = topics(DEVICE)
    if world.broker:
        await ear.listen(asks, heard.append)
    await world.drive(leader, 0.4, speed=300)
    await leader.command(Command(speed=0))
    for data in (b"x", b"{}", b"\xff" * 70_000, *heard):
        ear.send(asks, data)
    await asyncio.sleep(0.2)
    assert world.station.machine.state(0, 0).wanted == 0
    if world.broker:
        assert len(heard) > 3
        await ear.close()


async def test_a_device_that_is_not_there_is_unreachable(world: World) -> None:
    wire = await open_wire(world.address)
    absent = RemoteDevice(wire, PERSON_KEY.public, timeout_ms=150)
    await absent.start()
    with pytest.raises(Unavailable) as error:
        await absent.state()
    assert error.value.code == "device.unreachable"
    await absent.close()
