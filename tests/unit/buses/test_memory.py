# SPDX-License-Identifier: Apache-2.0
"""The bus within one process; what all buses promise is in `tests/conformance/test_bus.py`."""

from __future__ import annotations

import pytest

from answerable.buses.mailbox import HINT
from answerable.buses.memory import MemoryBus


async def test_nobody_need_listen() -> None:
    bus = MemoryBus()
    await bus.publish("a", b"x")
    reader = bus.subscribe("a")
    assert await anext(reader) == HINT
    await bus.publish("a", b"y")
    assert await anext(reader) == b"y"


async def test_who_subscribes_after_the_end_gets_the_hint_and_the_end() -> None:
    bus = MemoryBus()
    await bus.close()
    reader = bus.subscribe("a")
    assert await anext(reader) == HINT
    with pytest.raises(StopAsyncIteration):
        await anext(reader)
