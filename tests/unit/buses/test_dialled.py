# SPDX-License-Identifier: Apache-2.0
"""One connection, watched and made again: with a line that fails where a test says so."""

from __future__ import annotations

import asyncio

import pytest

from answerable.buses.dialled import Deliver, DialledBus, Line, Lost, Times
from answerable.buses.mailbox import HINT
from answerable.errors import Unavailable

TIMES = Times(step=0.2, probe=0.05, retry=0.005, most=0.02)


class Server:
    """What stands at the other end."""

    def __init__(self) -> None:
        self.up = True
        self.deaf = False
        self.dials = 0
        self.lines: list[Wire] = []

    async def dial(self, deliver: Deliver, lost: Lost) -> Line:
        self.dials += 1
        if not self.up:
            raise ConnectionRefusedError
        self.lines.append(Wire(self, deliver, lost))
        return self.lines[-1]


class Wire:
    def __init__(self, server: Server, deliver: Deliver, lost: Lost) -> None:
        self.server, self.deliver, self.lost = server, deliver, lost
        self.topics: set[str] = set()
        self.closed = False

    async def listen(self, topic: str) -> None:
        await asyncio.sleep(0)
        self.topics.add(topic)

    async def send(self, topic: str, data: bytes) -> None:
        if self.server.deaf:
            await asyncio.sleep(60)
        for line in self.server.lines:
            if topic in line.topics and not line.closed:
                line.deliver(topic, data)

    async def probe(self) -> None:
        if self.server.deaf:
            await asyncio.sleep(60)

    async def close(self) -> None:
        self.closed = True


async def soon(awaited: object) -> bytes:
    async with asyncio.timeout(5):
        return await awaited  # type: ignore[misc, no-any-return]


async def test_each_new_connection_listens_to_all_and_hints() -> None:
    server = Server()
    bus = DialledBus("x", server.dial, 100, TIMES)
    one, other = bus.subscribe("a"), bus.subscribe("b")
    assert await soon(anext(one)) == await soon(anext(other)) == HINT
    server.lines[0].lost()
    assert await soon(anext(one)) == await soon(anext(other)) == HINT
    assert server.lines[0].closed
    assert server.lines[1].topics == {"a", "b"}
    await bus.close()
    assert server.lines[1].closed


async def test_a_server_that_does_not_answer_is_left() -> None:
    server = Server()
    bus = DialledBus("x", server.dial, 100, TIMES)
    reader = bus.subscribe("a")
    assert await soon(anext(reader)) == HINT
    server.deaf = True
    with pytest.raises(Unavailable):
        await bus.publish("a", b"x")
    server.deaf = False
    assert await soon(anext(reader)) == HINT
    assert server.dials >= 2
    await bus.close()


async def test_it_goes_on_trying() -> None:
    server = Server()
    server.up = False
    bus = DialledBus("x", server.dial, 100, TIMES)
    reader = bus.subscribe("a")
    first = asyncio.ensure_future(anext(reader))
    await asyncio.sleep(0.1)
    assert server.dials > 2
    server.up = True
    assert await soon(first) == HINT
    await bus.close()


async def test_what_is_too_large_is_a_hint() -> None:
    server = Server()
    bus = DialledBus("x", server.dial, 3, TIMES)
    reader = bus.subscribe("a")
    assert await soon(anext(reader)) == HINT
    await bus.publish("a", b"1234")
    assert await soon(anext(reader)) == HINT
    await bus.publish("a", b"123")
    assert await soon(anext(reader)) == b"123"
    await bus.close()
