# SPDX-License-Identifier: Apache-2.0
"""What comes from a database that others may write to. The rest is in `tests/conformance/test_bus.py`."""

from __future__ import annotations

import asyncio

from answerable.buses.mailbox import HINT
from answerable.buses.opening import open_bus
from answerable.buses.postgres import LARGEST, MOST_TEXT, PREFIX
from answerable.crypto.b64 import b64u
from tests.postgres import Server


def test_the_largest_message_fits_into_a_notify() -> None:
    assert len(b64u(bytes(LARGEST))) <= MOST_TEXT < len(b64u(bytes(LARGEST + 3)))


async def test_what_is_no_message_is_a_hint(postgres: Server) -> None:
    bus = open_bus(postgres.url())
    reader = bus.subscribe("a")
    async with asyncio.timeout(20):
        assert await anext(reader) == HINT
        postgres.sql(f"NOTIFY \"{PREFIX}a\", '!not base64!'")
        assert await anext(reader) == HINT
        await bus.publish("a", bytes(LARGEST))
        assert await anext(reader) == bytes(LARGEST)
    await bus.close()
