# SPDX-License-Identifier: Apache-2.0
"""`device drive`: lead a machine, and tell the log what a leader sees there of red lines and takeovers.

What is told is signed with the copy's own key and reaches that copy alone (`docs/spec/events.md`). Where the network is
away it is not told from here; the machine's journal has it (`device journal --tell`).
"""

from __future__ import annotations

import argparse
import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from answerable.errors import AnswerableError, Refused
from answerable.guard.enrolment import Enrolment
from answerable.model.devices import DeviceState

EVENTS: Final = "/control/v1/events"
FLUSH_S: Final = 3.0


class Teller:
    """Tells each red line and each takeover once. Its ways are the planes of the enrolment."""

    def __init__(self, enrolled: Enrolment, device: str) -> None:
        self._enrolled = enrolled
        self._device = device
        self._told: set[str] = set()
        self._sending: list[asyncio.Task[None]] = []

    def state(self, state: DeviceState) -> None:
        from answerable.model.events import DeviceUnsafe

        for why in state.unsafe.split(","):
            if why in ("no_stop", "zone", "limit") and why not in self._told:
                self._told.add(why)
                place: dict[str, Any] = {"why": why, "x": state.x, "y": state.y, "speed": state.speed}
                self._tell(DeviceUnsafe(device=self._device, **place))

    def taken(self, person: str) -> None:
        from answerable.app.clock import SystemClock
        from answerable.model.events import DeviceTakeover

        if person not in self._told:
            self._told.add(person)
            self._tell(DeviceTakeover(device=self._device, mode="take", person=person, at=SystemClock().now_ms()))

    async def flush(self) -> None:
        """Wait for what is on its way, not for long."""
        if self._sending:
            _, late = await asyncio.wait(self._sending, timeout=FLUSH_S)
            for task in late:
                task.cancel()

    def _tell(self, fact: Any) -> None:
        import msgspec

        from answerable.admission import reports
        from answerable.app.clock import SystemClock

        who = self._enrolled
        if not who.system:  # an enrolment of before, that does not say it
            return
        report = reports.make(
            fact,
            system=who.system,
            by=who.rid,
            copy=who.rid,
            origin=who.origin,
            key=who.identity().key,
            at=SystemClock().now_ms(),
        )
        self._sending.append(asyncio.create_task(self._send(msgspec.json.encode(report))))

    async def _send(self, data: bytes) -> None:
        from answerable.net.relay_client import RelayClient

        for url in self._enrolled.planes:
            client = RelayClient(url, self._enrolled.ca_file)
            try:
                with suppress(AnswerableError):
                    await client.post(EVENTS, data)
                    return
            finally:
                await client.close()


async def lead_it(args: argparse.Namespace) -> None:
    """Until the machine or the issuer refuses. Raises what they refused with."""
    from answerable.app.clock import SystemClock
    from answerable.cli.client import exchange
    from answerable.cli.motion import at
    from answerable.cli.where import place
    from answerable.crypto.b64 import unb64u
    from answerable.crypto.ed25519 import Key
    from answerable.guard.enrolment import read
    from answerable.guard.lease import Lease
    from answerable.machines.frames import device_id
    from answerable.machines.leading import lead
    from answerable.machines.remote import RemoteDevice

    enrolled = read(Path(args.enrolment))
    me = enrolled.identity()
    address, public = at(args.at)
    socket = args.on_site or place(args).socket
    lease = Lease(
        me.key,
        copy=me.copy,
        issuer=args.site or me.issuer,
        audience=f"{me.issuer.partition('/issuer/')[0]}/device/{device_id(public)}",
        ask=lambda path, body: exchange(
            socket,
            "POST",
            path,
            body,
            {"content-type": "application/json", "host": "localhost"},
            lease.patience(),
        ),
    )
    lease.known = lambda: lease.epoch
    device = await RemoteDevice.open(address, public, signer=Key.from_seed(unb64u(enrolled.seed)), leads=True)
    teller = Teller(enrolled, device.id)
    runs: set[int] = set()

    def seen(state: DeviceState) -> None:
        if state.run not in runs:
            runs.add(state.run)
            print(f"leads {state.device}", flush=True)
        teller.state(state)

    try:
        mono_ms = SystemClock().mono_ms
        await lead(device, lease, args.speed, mono_ms=mono_ms, seen=seen, tell=lambda order: device.tell(order=order))
    except Refused as error:
        if error.code == "device.person":
            teller.taken(str(error.params["person"]))
        with suppress(AnswerableError):
            teller.state(await device.state())
        raise
    finally:
        await teller.flush()
        await device.close()
