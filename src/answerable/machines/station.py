# SPDX-License-Identifier: Apache-2.0
"""The process on a machine that hears and decides. The actuator is another one and does not depend on it: when this one
hangs or dies, no renewal reaches the actuator's watchdog, and it brakes."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from answerable.admission.holding import HolderView
from answerable.errors import AnswerableError
from answerable.machines import settings
from answerable.machines.frames import device_id, topics
from answerable.machines.journal import Journal
from answerable.machines.machine import Machine, Seen
from answerable.machines.settings import Settings
from answerable.machines.wires import Wire, open_wire
from answerable.model.devices import Hand
from answerable.net.events import Follower
from answerable.net.timex import read_clock

TURN_S: Final = 0.01
PANEL: Final = "panel"  # who pressed the switch on the machine itself: no name is known
RETRY_S: Final = 1.0
CLOCK_S: Final = 10.0

_seen = msgspec.json.Decoder(Seen).decode
_encode = msgspec.json.encode


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def mono_ms() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


class Station:
    """One machine between its wire and its actuator. link: datagrams, `Drive` out, `Seen` in; view: what the machine
    knows of orders and pulses."""

    def __init__(self, machine: Machine, link: socket.socket, view: HolderView) -> None:
        self.machine = machine
        self.view = view
        self._link = link
        self._wire: Wire | None = None
        self._sight = Seen(0, 0, 0)
        self._says = ""

    async def run(self, wire: Wire) -> None:
        """Until cancelled."""
        asks, self._says = topics(self.machine.device)
        self._wire = wire
        await wire.listen(asks, self.heard)
        while True:
            self.turn()
            await asyncio.sleep(TURN_S)

    def heard(self, data: bytes) -> None:
        """Answer one message; what it changed reaches the actuator before anything is written down."""
        answer = self.machine.ask(data, now_ms(), mono_ms())
        self.turn()
        if answer and self._wire is not None:
            self._wire.send(self._says, answer)

    def pressed(self, hand: Hand) -> None:
        """The switch on the machine."""
        with suppress(AnswerableError):
            self.machine.hand(hand, PANEL, now_ms(), mono_ms())
        self.turn()

    def turn(self) -> None:
        with suppress(BlockingIOError):
            while data := self._link.recv(4096):
                self._sight = _seen(data)
        drive = self.machine.turn(self._sight, now_ms(), mono_ms())
        with suppress(BlockingIOError, ConnectionError):  # a full or dead link: the actuator brakes by itself
            self._link.send(_encode(drive))
        self.machine.write_down()


def build(given: Settings, link: socket.socket) -> Station:
    """Raises Refused ``log.key``, ``config.value``, Unavailable ``device.unrecorded``."""
    signer = given.signer()
    device = device_id(signer.public)
    view = given.view()
    journal = Journal(Path(given.journal), device, signer)
    machine = Machine(
        device=device,
        signer=signer,
        authority=given.authority(view),
        people=given.hands(),
        limits=given.limits,
        braking=given.braking,
        journal=journal,
        watchdog_ms=given.watchdog_ms,
        order=journal.order,
        person=journal.person,
    )
    return Station(machine, link, view)


async def serve(given: Settings, link: socket.socket) -> None:
    """Run until the actuator is gone or SIGTERM comes. A wire that cannot be had is tried again: the machine stands
    meanwhile, and its switch works."""
    station = build(given, link)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, station.pressed, Hand.TAKE)
    loop.add_signal_handler(signal.SIGUSR2, station.pressed, Hand.GIVE)
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    parent = os.getppid()
    hearing = [asyncio.create_task(_read_clock(station.view))]
    if given.planes:
        follower = Follower(given.planes, station.view, wall=now_ms, mono=mono_ms, ca_file=given.ca_file)
        hearing.append(asyncio.create_task(follower.run()))
    leading: asyncio.Task[None] | None = None
    wire: Wire | None = None
    while not ended.is_set() and os.getppid() == parent:
        if wire is None:
            with suppress(AnswerableError):
                wire = await open_wire(given.wire, listen=given.listen)
                leading = asyncio.create_task(station.run(wire))
        station.turn()
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), RETRY_S if wire is not None else TURN_S * 10)
    for task in (*hearing, *((leading,) if leading is not None else ())):
        task.cancel()
    if wire is not None:
        await wire.close()


async def _read_clock(view: HolderView) -> None:
    while True:
        reading = read_clock()
        if reading is not None:
            view.clock(reading)
        await asyncio.sleep(CLOCK_S)


def main() -> int:
    """``python -m answerable.machines.station SETTINGS FD``: started by the cart, with the link as an open file."""
    link = socket.socket(fileno=int(sys.argv[2]))
    link.setblocking(False)
    try:
        asyncio.run(serve(settings.read(Path(sys.argv[1])), link))
    except AnswerableError as error:
        print(f"{error.code}: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
