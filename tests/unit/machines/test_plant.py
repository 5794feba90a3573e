# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.machines.limits import Braking
from answerable.machines.machine import Drive, Seen
from answerable.machines.plant import Plant


def plant() -> Plant:
    made = Plant(braking=Braking(), watchdog_ms=200)
    made.step(0)
    return made


def turns(made: Plant, start: int, end: int, drive: Drive | None = None) -> Seen:
    seen = made.seen
    for mono in range(start, end, 10):
        if drive is not None:
            made.drive = Drive(drive.speed, drive.rate, mono, drive.powered)
        seen = made.step(mono)
    return seen


def test_it_speeds_up_and_brakes_at_its_rates() -> None:
    made = plant()
    assert turns(made, 10, 1_010, Drive(800, 1_500, 0, True)).speed == 800
    assert turns(made, 1_010, 1_310, Drive(0, 1_500, 0, True)).speed == 350
    assert turns(made, 1_310, 2_000, Drive(0, 1_500, 0, True)).speed == 0


def test_without_renewals_it_brakes_hard_whatever_it_was_told() -> None:
    made = plant()
    turns(made, 10, 1_010, Drive(600, 1_500, 0, True))
    assert turns(made, 1_010, 1_190).speed == 600
    assert not made.tripped
    assert turns(made, 1_190, 1_430).speed == 0
    assert made.tripped


def test_nothing_was_ever_said_and_it_stands() -> None:
    made = plant()
    assert turns(made, 10, 500) == Seen(0, 0, 0)
    assert made.tripped


def test_no_power_and_the_switch_brake() -> None:
    made = plant()
    turns(made, 10, 1_010, Drive(600, 1_500, 0, True))
    assert turns(made, 1_010, 1_260, Drive(600, 1_500, 0, False)).speed == 0
    turns(made, 1_260, 2_260, Drive(-600, 1_500, 0, True))
    assert made.seen.speed == -600
    made.switch = True
    assert turns(made, 2_260, 2_500, Drive(-600, 1_500, 0, True)).speed == 0


def test_what_moves_at_all_is_not_said_to_stand() -> None:
    made = plant()
    made._speed = 0.2
    assert made.seen.speed == 1
    made._speed = -0.2
    assert made.seen.speed == -1
