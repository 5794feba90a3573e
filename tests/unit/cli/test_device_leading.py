# SPDX-License-Identifier: Apache-2.0
"""What a leader tells the log; that it leads is shown in `tests/e2e/test_machines.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from answerable.cli.device_leading import Teller
from answerable.guard.enrolment import read
from answerable.log.leaf import decode
from answerable.model.devices import DeviceState, Mode
from answerable.model.leaves import EventLeaf
from tests.small_site import DEVICE
from tests.unit.cli.conftest import Run
from tests.unit.control.house import House

STATE = DeviceState(
    device=DEVICE, mode=Mode.STOPPING, beat=1, x=5, y=0, speed=6, wanted=0, standstill=False, powered=True
)


def told(house: House) -> list[EventLeaf]:
    tail: Any = house.run(house.core.reader.tail(0, 1_000))
    return [leaf for data in tail if isinstance(leaf := decode(data), EventLeaf)]


async def test_red_lines_and_takeovers_are_told_once_by_the_copy_itself(house: House, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "cart.guard"
    assert run("guard", "--enrol", "other", "--out", str(path), "--clock", "same-host").status == 0
    enrolled = read(path)
    before = len(told(house))
    teller = Teller(enrolled, DEVICE)
    teller.state(STATE)
    for _ in range(3):
        teller.state(msgspec.structs.replace(STATE, unsafe="no_stop,zone"))
        teller.taken("dora")
    await teller.flush()
    events = told(house)[before:]
    assert sorted(leaf.what for leaf in events) == ["device.takeover", "device.unsafe", "device.unsafe"]
    assert {(leaf.by, leaf.cpy, leaf.sys) for leaf in events} == {(enrolled.rid, enrolled.rid, enrolled.system)}


async def test_without_a_way_nothing_is_told_and_nothing_waits(house: House, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "cart.guard"
    assert run("guard", "--enrol", "other", "--out", str(path), "--clock", "same-host").status == 0
    before = len(told(house))
    away = Teller(msgspec.structs.replace(read(path), planes=("unix:///nowhere",)), DEVICE)
    away.taken("dora")
    await away.flush()
    nameless = Teller(msgspec.structs.replace(read(path), system=""), DEVICE)
    nameless.taken("dora")
    await nameless.flush()
    assert len(told(house)) == before
