# SPDX-License-Identifier: Apache-2.0
"""What is said to a machine that moves, and what it says of itself. Lengths in mm, speeds in mm/s, times in ms."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Mode(StrEnum):
    """IDLE: nobody leads it. LIVE: a lease is live, it does what it is told. STOPPING: it brakes. STOPPED: it stands,
    and moves again only for a new lease and a new command; after an order, after a person's reset alone. PERSON: a
    person has it."""

    IDLE = "idle"
    LIVE = "live"
    STOPPING = "stopping"
    STOPPED = "stopped"
    PERSON = "person"


class Hand(StrEnum):
    """What a person does: takes the machine over, gives it back, or acknowledges a stop. None of them moves it."""

    TAKE = "take"
    GIVE = "give"
    RESET = "reset"


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """speed: to move with from now on; negative: backwards."""

    speed: int


class DeviceState(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """beat: the device's own monotonic clock when it said this; x, y, speed: where it is and how it moves; standstill:
    confirmed by its own sensor; powered: its drive can move it; wanted: the speed it was told; why: code of what it
    brakes or stands for, "" for nothing; order: rid of the order that stopped it; person: who has it; left: how long
    its lease holds on; run: number of the lease, 0 for none; unrecorded: entries that its journal could not take;
    unsafe: red lines that it crossed since a person's reset, ``no_stop``, ``zone``, with commas."""

    device: str
    mode: Mode
    beat: int
    x: int
    y: int
    speed: int
    wanted: int
    standstill: bool
    powered: bool
    why: str = ""
    order: str = ""
    person: str = ""
    left: int = 0
    run: int = 0
    unrecorded: int = 0
    unsafe: str = ""
