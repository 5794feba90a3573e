# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import logging

import pytest

from answerable.app.loops import Loops


async def _until(event: asyncio.Event) -> None:
    await event.wait()


async def _defect() -> None:
    await asyncio.sleep(0)
    raise KeyError("a row")


async def test_a_defect_is_told_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    loops, event = Loops(), asyncio.Event()
    assert not loops
    loops.start("reminders", _until(event))
    loops.start("warrants", _defect())
    assert loops
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            await asyncio.sleep(0)
    assert loops.problems() == {"loop warrants": "internal.error"}
    (record,) = caplog.records
    assert "warrants" in record.getMessage()
    assert record.exc_info is not None
    event.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert loops.problems() == {"loop warrants": "internal.error"}  # an end is no defect
    await loops.close()


async def test_what_is_closed_is_no_defect() -> None:
    loops, ended = Loops(), asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    loops.start("policy", work())
    await asyncio.sleep(0)
    await loops.close()
    assert ended.is_set()
    assert loops.problems() == {}
