# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

from answerable.errors import Refused, Unavailable
from answerable.guard.plans import Plan, carry_out


@dataclass(frozen=True)
class State:
    standstill: bool


@dataclass
class Machine:
    """Brakes for so long, after having missed the first `deaf` words."""

    brakes_s: float = 0.05
    deaf: int = 0
    refuses: bool = False
    knows: bool = True
    told: list[bytes] = field(default_factory=list)
    began: float = 0.0

    async def stop(self, order: bytes = b"") -> State:
        self.told.append(order)
        if self.refuses:
            raise Refused("device.malformed", detail="x")
        if len(self.told) <= self.deaf:
            raise Unavailable("device.unreachable", ms=1)
        self.began = self.began or time.monotonic()
        if order and not self.knows:
            raise Refused("order.untrusted")
        return State(False)

    async def state(self) -> State:
        return State(time.monotonic() - self.began > self.brakes_s)


@dataclass
class Body:
    sent: list[tuple[int, float]] = field(default_factory=list)

    def signal(self, number: int) -> None:
        self.sent.append((number, time.monotonic()))


async def test_machines_stand_before_the_program_is_told_anything(tmp_path: Path) -> None:
    machine, body, file = Machine(), Body(), tmp_path / "ran"
    plan = Plan(800, (machine,), ("sh", "-c", f'echo "$ANSWERABLE_STOP" > {file}'), (signal.SIGINT, signal.SIGTERM))
    done = await carry_out(plan, body, reason="stop.system", ended=lambda: len(body.sent) == 2, order=b"the order")
    assert list(done.steps) == ["device 1", "command", "SIGINT", "SIGTERM"]
    assert set(done.steps.values()) == {"done"}
    assert done.still
    assert machine.told == [b"the order"]
    assert body.sent[0][1] - machine.began > machine.brakes_s
    assert file.read_text() == "stop.system\n"


async def test_a_machine_that_does_not_answer_is_told_again_and_time_is_bounded() -> None:
    machine = Machine(deaf=3)
    done = await carry_out(Plan(2_000, (machine,), signals=()), Body(), reason="x", ended=lambda: False)
    assert (done.still, len(machine.told)) == (True, 4)
    began = time.monotonic()
    done = await carry_out(Plan(100, (Machine(deaf=10**9),)), Body(), reason="x", ended=lambda: False)
    assert time.monotonic() - began < 1
    assert done.steps["device 1"] == "late"
    assert not done.still
    done = await carry_out(Plan(100, (Machine(refuses=True),)), Body(), reason="x", ended=lambda: True)
    assert done.steps["device 1"] == "device.malformed"


async def test_a_machine_that_cannot_check_the_order_is_waited_for_all_the_same() -> None:
    machine, body = Machine(knows=False, brakes_s=0.1), Body()
    done = await carry_out(Plan(2_000, (machine,)), body, reason="x", ended=lambda: bool(body.sent), order=b"an order")
    assert (machine.told, done.still) == ([b"an order", b""], True)
    assert body.sent[0][1] - machine.began > machine.brakes_s, "nothing is ended before it stands"


async def test_the_grace_is_for_all_of_it_and_force_does_not_wait_longer() -> None:
    body = Body()
    began = time.monotonic()
    plan = Plan(300, signals=(signal.SIGINT, signal.SIGTERM))
    done = await carry_out(plan, body, reason="x", ended=lambda: False)
    took = time.monotonic() - began
    assert 0.29 < took < 0.6
    assert [number for number, _ in body.sent] == [signal.SIGINT, signal.SIGTERM]
    assert 0.1 < body.sent[1][1] - body.sent[0][1] < 0.3, "the time is shared"
    assert done.steps["SIGTERM"] == "done"


async def test_a_program_that_ends_is_not_waited_for() -> None:
    body = Body()
    began = time.monotonic()
    await carry_out(Plan(5_000), body, reason="x", ended=lambda: bool(body.sent))
    assert time.monotonic() - began < 1


async def test_what_will_be_frozen_is_not_signalled() -> None:
    body = Body()
    done = await carry_out(Plan(100, (Machine(),)), body, reason="x", ended=lambda: False, final=False)
    assert (list(done.steps), body.sent) == (["device 1"], [])


async def test_a_command_that_hangs_or_fails_holds_nothing_up() -> None:
    began = time.monotonic()
    done = await carry_out(Plan(200, command=("sleep", "60"), signals=()), Body(), reason="x", ended=lambda: False)
    assert time.monotonic() - began < 2
    assert done.steps["command"] == "late"
    done = await carry_out(Plan(2_000, command=("false",), signals=()), Body(), reason="x", ended=lambda: False)
    assert done.steps["command"] == "status 1"
    done = await carry_out(Plan(500, command=("/nonexistent",), signals=()), Body(), reason="x", ended=lambda: False)
    assert done.steps["command"] not in ("done", "late")
    await asyncio.sleep(0)
