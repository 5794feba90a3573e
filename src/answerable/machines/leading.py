# SPDX-License-Identifier: Apache-2.0
"""Leads a machine: keeps the warrant fresh, shows it to the machine several times within its watchdog, and commands.

The two go on side by side: an issuer that is slow to answer must not cost the machine its renewals while the warrant in
hand still holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, Protocol

from answerable.errors import AnswerableError, Unavailable
from answerable.model.devices import Command, DeviceState, Mode
from answerable.ports import Device

ANSWER_S: Final = 0.12
LOST_MS: Final = 2_000  # a machine that is not heard for so long has braked by itself long ago
RENEW_S: Final = 0.08  # four times within the shortest of common watchdogs, 300 ms


class Held(Protocol):
    """A warrant in hand. due, ends: monotonic ms."""

    @property
    def token(self) -> str: ...

    @property
    def envelope(self) -> str: ...

    @property
    def due(self) -> int: ...

    @property
    def ends(self) -> int: ...

    @property
    def orders(self) -> tuple[bytes, ...]:
        """Messages of what the warrant names and was not known before."""


class Warrants(Protocol):
    """Implemented by `guard.lease.Lease`."""

    def next(self) -> Held:
        """Blocking. Raises Refused; Unavailable where none could be had and the one in hand has ended."""


async def _told(held: Held, tell: Callable[[bytes], Awaitable[object]] | None) -> bool:
    """Whether the machine has heard what the warrant names, or can be told nothing."""
    if tell is None:
        return True
    for order in held.orders:
        try:
            await asyncio.wait_for(tell(order), ANSWER_S)
        except (TimeoutError, Unavailable):
            return False
        except AnswerableError:
            continue  # it does not believe it, and is shown what there is
    return True


async def lead(
    device: Device,
    warrants: Warrants,
    speed: int,
    *,
    mono_ms: Callable[[], int],
    seen: Callable[[DeviceState], None] = lambda _state: None,
    tell: Callable[[bytes], Awaitable[object]] | None = None,
) -> None:
    """Drive with `speed` until the machine or the issuer refuses, or the machine is not heard for `LOST_MS`.

    seen: is given each state; tell: carries an order to the machine, which refuses a warrant that names one that it has
    not heard: until it was told, the warrant before is shown. Raises what was refused, Unavailable
    ``device.unreachable``. A program that is to go on after that decides so by itself, and calls again.
    """
    held = await asyncio.to_thread(warrants.next)
    newest = [held]

    async def keep() -> None:
        while True:
            await asyncio.sleep(max(0, newest[0].due - mono_ms()) / 1000)
            newest[0] = await asyncio.to_thread(warrants.next)

    keeping = asyncio.create_task(keep())
    commanded = led = False
    heard = mono_ms()
    try:
        while True:
            if keeping.done():
                await keeping  # raises what the issuer refused
            if held is not newest[0] and (mono_ms() >= held.ends or await _told(newest[0], tell)):
                held = newest[0]
            try:
                # Once it leads, an answer that is lost must not cost the next renewal its time.
                state = await asyncio.wait_for(device.lease(held.token, held.envelope), ANSWER_S if led else None)
                led = True
                if not commanded and state.mode is Mode.LIVE:
                    state = await device.command(Command(speed=speed))
                    commanded = True
                seen(state)
                heard = mono_ms()
            except (TimeoutError, Unavailable) as error:
                if mono_ms() - heard > LOST_MS:
                    raise Unavailable("device.unreachable", ms=LOST_MS) from error
            await asyncio.sleep(RENEW_S)
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await keeping
