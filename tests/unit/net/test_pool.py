# SPDX-License-Identifier: Apache-2.0
import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import closing

import pytest

from answerable.errors import Unavailable
from answerable.net.endpoint import Endpoint
from answerable.net.limits import Limits
from answerable.net.pool import Exchange, Pool, head, request
from tests.unit.net.servers import Server, always, http, serving


async def ask(pool: Pool) -> Exchange:
    return await pool.ask(request(head("POST", "/x", pool.endpoint), b"{}"))


async def take(pool: Pool) -> bytes:
    with closing(await ask(pool)) as reply:
        return await reply.whole(1 << 30)


async def test_connections_are_used_again() -> None:
    async with serving(always(http(b"hello"))) as server:
        pool = Pool(server.endpoint, "m")
        for _ in range(5):
            assert await take(pool) == b"hello"
        assert server.connections == 1
        await pool.close()


async def test_a_stale_connection_is_passed_over_and_nothing_is_sent_twice() -> None:
    async with serving(always(http(b"hello"), close=True)) as server:
        pool = Pool(server.endpoint, "m")
        assert await take(pool) == b"hello"
        await asyncio.sleep(0.05)
        assert await take(pool) == b"hello"
        assert len(server.requests) == server.connections == 2
        await pool.close()


async def test_a_call_that_was_sent_is_never_repeated() -> None:
    async def dies(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)

    async with serving(dies) as server:
        pool = Pool(server.endpoint, "m")
        with pytest.raises(Unavailable) as caught:
            await take(pool)
        assert caught.value.code == "upstream.unreachable"
        assert len(server.requests) == 1
        await pool.close()


async def test_the_bound_makes_calls_wait_and_then_refuses() -> None:
    async def hangs(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        await server.hang(reader)

    async with serving(hangs) as server:
        pool = Pool(server.endpoint, "m", Limits(connections=1, waiting=1, connect=0.1))
        first = asyncio.create_task(take(pool))
        await asyncio.sleep(0.03)
        second = asyncio.create_task(take(pool))
        await asyncio.sleep(0.01)
        with pytest.raises(Unavailable) as caught:
            await take(pool)
        assert caught.value.code == "upstream.busy"
        with pytest.raises(Unavailable) as caught:
            await second
        assert caught.value.code == "upstream.busy"
        assert server.connections == 1
        first.cancel()
        await asyncio.wait([first])
        await asyncio.wait_for(server.ended.wait(), 2)
        await pool.close()


async def test_a_waiting_call_gets_the_place_that_becomes_free() -> None:
    async with serving(always(http(b"hello"))) as server:
        pool = Pool(server.endpoint, "m", Limits(connections=2))
        answers = await asyncio.gather(*(take(pool) for _ in range(20)))
        assert answers == [b"hello"] * 20
        assert server.connections <= 2
        await pool.close()


async def test_leaving_early_tells_the_server() -> None:
    async def streams(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n")
        await server.hang(reader)

    async with serving(streams) as server:
        pool = Pool(server.endpoint, "m")
        with closing(await ask(pool)) as reply:
            assert await reply.read() == b"hello"
        await asyncio.wait_for(server.ended.wait(), 2)
        assert pool.idle() is None
        await pool.close()


async def test_idle_connections_end() -> None:
    async with serving(always(http(b"hello"))) as server:
        pool = Pool(server.endpoint, "m", Limits(idle=0.05))
        await take(pool)
        assert pool.open == 1
        await asyncio.sleep(0.2)
        assert pool.open == 0
        await pool.close()


async def test_an_unreachable_server() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        pool = Pool(Endpoint("127.0.0.1", free.getsockname()[1], ""), "m")
        with pytest.raises(Unavailable) as caught:
            await take(pool)
    assert caught.value.code == "upstream.unreachable"
    assert pool.open == 0
    await pool.close()


async def test_a_closed_pool_serves_nobody() -> None:
    async with serving(always(http(b"hello"))) as server:
        pool = Pool(server.endpoint, "m")
        await pool.close()
        with pytest.raises(Unavailable):
            await take(pool)


def test_a_header_cannot_begin_another_request() -> None:
    with pytest.raises(ValueError):
        head("POST", "/x", Endpoint("h", 80, ""), (("authorization", "Bearer a\r\nhost: b"),))


def test_a_request_says_its_length() -> None:
    data = request(head("POST", "/chat", Endpoint("h", 8080, "/v1"), (("a", "b"),)), b"{}")
    assert data == b"POST /v1/chat HTTP/1.1\r\nhost: h:8080\r\na: b\r\ncontent-length: 2\r\n\r\n{}"


async def test_a_connection_that_answered_before_it_had_the_whole_request_serves_no_other() -> None:
    async def hasty(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(http(b"no"))
        await server.ended.wait()

    async with serving(hasty) as server:
        pool = Pool(server.endpoint, "m")
        large = request(head("POST", "/x", server.endpoint), b"GET / HTTP/1.1\r\n\r\n" * 1_000_000)
        with closing(await pool.ask(large)) as reply:
            assert await reply.whole(1 << 30) == b"no"
        assert pool.idle() is None
        server.ended.set()
        await pool.close()


async def test_a_body_is_sent_as_it_comes() -> None:
    ready = asyncio.Event()

    async def parts() -> AsyncIterator[bytes]:
        yield b"3\r\none\r\n"
        await ready.wait()
        yield b"0\r\n\r\n"

    async def script(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert (await reader.readuntil(b"one\r\n")).endswith(b"3\r\none\r\n")
        ready.set()
        assert await reader.readexactly(5) == b"0\r\n\r\n"
        writer.write(http(b"hello"))
        await writer.drain()
        await server.hang(reader)

    async with serving(script) as server:
        pool = Pool(server.endpoint, "m")
        start = b"POST /v1/x HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
        with closing(await pool.ask_in_parts(start, parts())) as reply:
            assert await reply.whole(100) == b"hello"
        assert pool.open == 1
        await pool.close()


async def test_a_server_that_answers_early_is_not_sent_the_rest() -> None:
    sent: list[int] = []

    async def endless() -> AsyncIterator[bytes]:
        for number in range(10_000):
            sent.append(number)
            yield b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
            await asyncio.sleep(0)

    async def script(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(http(b"no"))
        await writer.drain()
        await server.hang(reader)

    async with serving(script) as server:
        pool = Pool(server.endpoint, "m")
        start = b"POST /v1/x HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
        with closing(await pool.ask_in_parts(start, endless())) as reply:
            assert await reply.whole(100) == b"no"
        await asyncio.sleep(0.05)
        assert len(sent) < 1_000
        assert pool.open == 0, "it serves no other request"
        await pool.close()


async def test_a_server_that_takes_nothing_holds_the_sender_back() -> None:
    sent: list[int] = []

    async def endless() -> AsyncIterator[bytes]:
        for number in range(10_000):
            sent.append(number)
            yield b"10000\r\n" + b"x" * 0x10000 + b"\r\n"

    async def script(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(1.0)

    async with serving(script) as server:
        pool = Pool(server.endpoint, "m")
        start = b"POST /v1/x HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
        asking = asyncio.create_task(pool.ask_in_parts(start, endless()))
        await asyncio.sleep(0.3)
        held = len(sent)
        await asyncio.sleep(0.3)
        assert len(sent) == held < 500
        with pytest.raises(Unavailable):
            await asking
        await pool.close()
