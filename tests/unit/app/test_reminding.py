# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import logging

import pytest

from answerable.app.reminding import Reminder
from answerable.model.terms import OrderKind, World
from answerable.stops.orders import statement, suspend
from answerable.stops.planned import Reason
from tests.fleet import Fleet

WHY = Reason.of("it lied", salted=bytes(32))


def test_each_level_is_said_once_and_the_status_names_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="answerable.stops")
    fleet = Fleet()
    fleet.system("robot", worlds=(World.PHYSICAL,))
    reminder = Reminder(fleet.book, fleet.clock)
    reminder.remind()
    assert (caplog.messages, reminder.problems()) == ([], {})
    leaf = statement(fleet.book, kind=OrderKind.SUSPEND, root="robot", reason=WHY)
    planned = suspend(fleet.book, fleet.sign(leaf, fleet.officers[0]), WHY, fleet.clock.now)  # type: ignore[arg-type]
    fleet.ledger.write(planned.unit)
    fleet.clock.pass_ms(1_000)
    for pause in (0, 1_000, 5 * 60_000, 5 * 60_000, 3_600_000, 3_600_000):
        fleet.clock.pass_ms(pause)
        reminder.remind()
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING", "WARNING", "ERROR"]
    assert all(planned.rid in message and "it lied" not in message for message in caplog.messages)
    assert reminder.problems() == {f"suspension {planned.rid}": "officer.waiting"}


async def test_a_defect_of_one_round_does_not_end_the_reminding(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("answerable.app.reminding.EVERY_S", 0.01)
    fleet = Fleet()
    reminder, rounds = Reminder(fleet.book, fleet.clock), 0

    def defective() -> None:
        nonlocal rounds
        rounds += 1
        raise ValueError("a defect")

    monkeypatch.setattr(reminder, "remind", defective)
    task = asyncio.create_task(reminder.run())
    try:
        async with asyncio.timeout(5):
            while rounds < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert "a round of reminding failed" in caplog.text
