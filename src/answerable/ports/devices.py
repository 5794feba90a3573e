# SPDX-License-Identifier: Apache-2.0
"""A machine that moves (stop categories: IEC 60204-1)."""

from __future__ import annotations

from typing import Protocol

from answerable.model.devices import Command, DeviceState, Hand


class Device(Protocol):
    """A machine that moves, seen by who leads it, stops it or stands beside it. One suite runs over every transport.

    The machine decides by itself: it checks each warrant, signature, limit and clock, and brakes when it hears nothing.
    No method waits longer than its adapter's time-out: what is not answered raises Unavailable ``device.unreachable``,
    and was perhaps done. What the machine does not do raises Refused ``device.*``, ``warrant.*``, ``envelope.*``,
    ``stop.*``; it goes on as it was. Messages may be lost, doubled and late: none that is late moves the machine.
    """

    @property
    def id(self) -> str:
        """Of the machine: 26 base32 characters that name its key."""

    async def lease(self, warrant: str, envelope: str = "") -> DeviceState:
        """Show a warrant, with its envelope where it was signed on site, or show it again: each showing renews the
        lease. Without a renewal within the machine's watchdog (100 to 500 ms) it brakes."""

    async def command(self, command: Command) -> DeviceState:
        """Tell it how to move. What moves it no more than before is always admitted, whoever it is from and whatever
        has ended, and recorded after; what moves it more needs the lease's holder, a live lease and a record first."""

    async def stop(self, order: bytes = b"") -> DeviceState:
        """A Stop 1 (IEC 60204-1): it brakes, stands, then its drive loses power. Always admitted, recorded after; it
        returns when braking has begun. order: a stop order's message, if there is one: the machine then stays stopped
        until a person resets it. This is not the emergency stop, which depends on no network and no program."""

    async def state(self) -> DeviceState:
        """How it is now. `standstill` comes from the machine's own sensor."""

    async def takeover(self, hand: Hand) -> DeviceState:
        """A person, by a key that is pinned at the machine, takes it over (it brakes, and does what no system tells
        it), gives it back, or resets a stop. Neither giving back nor a reset moves it: a new lease and a new command
        do. Recorded."""

    async def close(self) -> None:
        """Let the transport go. A leader that goes away, by this or by dying, makes the machine brake."""
