# SPDX-License-Identifier: Apache-2.0
"""NATS with a server that takes less than others. The rest is in `tests/conformance/test_bus.py`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from answerable.buses.mailbox import HINT
from answerable.buses.opening import open_bus
from tests.nats_server import running


async def test_what_this_server_does_not_carry_is_a_hint(tmp_path: Path) -> None:
    settings = tmp_path / "nats.conf"
    settings.write_text("max_payload: 1024\n")
    with running("--config", str(settings)) as server:
        bus = open_bus(server.url)
        reader = bus.subscribe("a")
        async with asyncio.timeout(20):
            assert await anext(reader) == HINT
            await bus.publish("a", bytes(2000))
            assert await anext(reader) == HINT
            await bus.publish("a", bytes(1000))
            assert await anext(reader) == bytes(1000)
        await bus.close()
