# SPDX-License-Identifier: Apache-2.0
"""`ports.Bus` over every adapter, each over its real server: what the contract promises, whatever lies under it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio

from answerable.buses.dialled import Times
from answerable.buses.mailbox import HINT, MOST
from answerable.buses.memory import MemoryBus
from answerable.buses.opening import open_bus
from answerable.errors import Refused, Unavailable
from answerable.ports import Bus
from tests import nats_server, postgres
from tests.postgres import Server

TIMES = Times(step=1.0, probe=0.3, retry=0.02, most=0.1)
SOON = 20.0
TOPIC = "orders.0123456789abcdef"


@dataclass
class Place:
    """A bus server, and as many buses to it as a test wants."""

    open: Callable[[], Bus]
    stop: Callable[[], None]
    start: Callable[[], None]
    freeze: Callable[[int], None]
    made: list[Bus] = field(default_factory=list)

    def bus(self) -> Bus:
        bus = self.open()
        self.made.append(bus)
        return bus


@pytest.fixture(scope="module")
def postgres_server(fresh_data: Path) -> Iterator[Server]:
    with postgres.running(fresh_data) as server:
        yield server


@pytest.fixture(scope="module")
def nats() -> Iterator[nats_server.NatsServer]:
    with nats_server.running() as server:
        yield server


@pytest_asyncio.fixture(params=["postgres", "nats"])
async def served(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    if request.param == "postgres":
        server: Server = request.getfixturevalue("postgres_server")

        def freeze(number: int) -> None:
            # The backends are what answers: the postmaster only accepts.
            for row in server.sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'answerable bus'"):
                os.kill(row["pid"], number)

        place = Place(
            lambda: open_bus(server.url(), times=TIMES),
            lambda: server.stop(signal.SIGQUIT),
            server.start,
            freeze,
        )
    else:
        other: nats_server.NatsServer = request.getfixturevalue("nats")
        place = Place(lambda: open_bus(other.url, times=TIMES), other.stop, other.start, other.signal)
    yield place
    for bus in place.made:
        await bus.close()


@pytest_asyncio.fixture(params=["memory", "postgres", "nats"])
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Bus, Bus]]:
    """Two ends of one bus: of two processes, where it is one for several."""
    if request.param == "memory":
        bus = MemoryBus()
        yield bus, bus
        await bus.close()
        return
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_server").url()
    else:
        url = request.getfixturevalue("nats").url
    one, other = open_bus(url, times=TIMES), open_bus(url, times=TIMES)
    yield one, other
    await one.close()
    await other.close()


@asynccontextmanager
async def reading(bus: Bus, topic: str = TOPIC) -> AsyncIterator[AsyncIterator[bytes]]:
    """A reader that is past its first hint."""
    reader = bus.subscribe(topic)
    assert await soon(reader) == HINT
    try:
        yield reader
    finally:
        await reader.aclose()  # type: ignore[attr-defined]


async def soon(reader: AsyncIterator[bytes]) -> bytes:
    async with asyncio.timeout(SOON):
        return await anext(reader)


async def published(bus: Bus, data: bytes, topic: str = TOPIC) -> None:
    """As whoever publishes does it: again, until the bus has it."""
    async with asyncio.timeout(SOON):
        while True:
            try:
                await bus.publish(topic, data)
            except Unavailable:
                await asyncio.sleep(0.05)
            else:
                return


async def test_what_is_published_is_heard_by_all_and_a_hint_comes_first(pair: tuple[Bus, Bus]) -> None:
    one, other = pair
    async with reading(one) as first, reading(other) as second:
        await published(other, b"\x00\xff order")
        assert await soon(first) == b"\x00\xff order"
        assert await soon(second) == b"\x00\xff order"


async def test_topics_are_apart(pair: tuple[Bus, Bus]) -> None:
    one, other = pair
    async with reading(one, "orders.a") as first, reading(one, "orders.b") as second:
        await published(other, b"for b", "orders.b")
        await published(other, b"for a", "orders.a")
        assert (await soon(first), await soon(second)) == (b"for a", b"for b")


async def test_a_message_above_what_notify_carries_arrives_or_becomes_a_hint_to_pull(pair: tuple[Bus, Bus]) -> None:
    one, other = pair
    large = os.urandom(20_000)
    async with reading(one) as reader:
        await published(other, large)
        assert await soon(reader) in (large, HINT)
        await published(other, b"after")
        assert await soon(reader) == b"after"


async def test_a_message_larger_than_any_bus_carries_is_a_hint(pair: tuple[Bus, Bus]) -> None:
    one, other = pair
    async with reading(one) as reader:
        await published(other, bytes(2 << 20))
        assert await soon(reader) == HINT


async def test_a_reader_that_is_slow_gets_one_hint_and_not_a_heap(pair: tuple[Bus, Bus]) -> None:
    one, other = pair
    async with reading(one) as reader, reading(other) as last:
        for number in range(MOST + 10):
            await published(other, b"%d" % number)
            assert await soon(last) == b"%d" % number
        await asyncio.sleep(0.3)  # the slow one's connection is another one
        assert await soon(reader) == HINT


@pytest.mark.parametrize("topic", ["", "Orders", "a b", "a..b", "é", "x" * 49, 'a"; DROP'])
async def test_a_topic_that_is_none_is_refused(pair: tuple[Bus, Bus], topic: str) -> None:
    with pytest.raises(Refused) as refused:
        await pair[0].publish(topic, b"")
    assert refused.value.code == "bus.topic"


async def test_closing_ends_readers(pair: tuple[Bus, Bus]) -> None:
    one, _ = pair
    reader = one.subscribe(TOPIC)
    assert await soon(reader) == HINT
    await one.close()
    with pytest.raises(StopAsyncIteration):
        await soon(reader)
    with pytest.raises(Unavailable):
        await one.publish(TOPIC, b"x")


async def test_a_server_that_dies_and_comes_back_costs_a_hint_and_nothing_else(served: Place) -> None:
    speaker, listener = served.bus(), served.bus()
    async with reading(listener) as reader:
        await published(speaker, b"before")
        assert await soon(reader) == b"before"
        served.stop()
        with pytest.raises(Unavailable) as refused:
            await speaker.publish(TOPIC, b"lost")
        assert refused.value.code == "bus.unreachable"
        served.start()
        await published(speaker, b"after")
        # The hint comes with the connection. What was published before it is gone for this reader, which pulls.
        assert await soon(reader) == HINT
        await published(speaker, b"again")
        async with asyncio.timeout(SOON):
            while await anext(reader) != b"again":
                pass


async def test_a_bus_whose_server_is_away_at_first_listens_when_it_comes(served: Place) -> None:
    served.stop()
    try:
        listener, speaker = served.bus(), served.bus()
        reader = listener.subscribe(TOPIC)
        first = asyncio.ensure_future(anext(reader))
        await asyncio.sleep(0.2)
        assert not first.done()
    finally:
        served.start()
    async with asyncio.timeout(SOON):
        assert await first == HINT
    await published(speaker, b"now")
    assert await soon(reader) == b"now"


async def test_a_server_that_hangs_is_found_out_and_the_reader_told(served: Place) -> None:
    """A half-open connection says nothing for ever: without a probe the reader would wait as long."""
    listener = served.bus()
    async with reading(listener) as reader:
        served.freeze(signal.SIGSTOP)
        try:
            await asyncio.sleep(TIMES.probe + TIMES.step + 0.3)
        finally:
            served.freeze(signal.SIGCONT)
        assert await soon(reader) == HINT
