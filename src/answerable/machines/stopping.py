# SPDX-License-Identifier: Apache-2.0
"""The order of a stop where something moves: brake, see that it stands, and only then freeze and end its controller.

Freezing a controller is not stopping a machine. The watchdogs stand under this: a device that cannot be asked brakes by
itself once its controller says no more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from answerable.errors import AnswerableError, Unavailable
from answerable.model.devices import DeviceState
from answerable.ports import Clock, Device

LOOK_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class Stopped:
    """Instants on the monotonic clock, ms. standing: 0 where standstill was not confirmed in time; error: why."""

    asked: int
    standing: int
    frozen: int
    killed: int
    error: str = ""


async def standstill(device: Device, within_ms: int, mono_ms: Callable[[], int]) -> DeviceState:
    """Its state, once its own sensor says that it stands. Raises Unavailable ``device.moving`` after `within_ms`."""
    until = mono_ms() + within_ms
    while mono_ms() < until:
        try:
            state = await device.state()
        except Unavailable:
            await asyncio.sleep(LOOK_S)
            continue
        if state.standstill:
            return state
        await asyncio.sleep(LOOK_S)
    raise Unavailable("device.moving", ms=within_ms)


async def in_order(
    device: Device,
    clock: Clock,
    *,
    within_ms: int,
    freeze: Callable[[], None],
    kill: Callable[[], None],
    order: bytes = b"",
) -> Stopped:
    """Brake, wait for standstill, freeze, kill. within_ms: S; where standstill is not confirmed by then, the controller
    is frozen and ended all the same: it may be what keeps the machine moving, and the actuator's watchdog brakes."""
    asked = clock.mono_ms()
    error, standing = "", 0
    try:
        await device.stop(order)
    except AnswerableError as refused:
        error = refused.code  # it may have been done; standing is what counts
    try:
        await standstill(device, within_ms, clock.mono_ms)
        standing, error = clock.mono_ms(), ""
    except AnswerableError as refused:
        error = refused.code
    freeze()
    frozen = clock.mono_ms()
    kill()
    return Stopped(asked, standing, frozen, clock.mono_ms(), error)
