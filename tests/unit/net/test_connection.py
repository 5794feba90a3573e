# SPDX-License-Identifier: Apache-2.0
"""Answers of every kind of bad server, through one connection."""

import asyncio
from contextlib import closing
from typing import Any

import pytest

from answerable.errors import Unavailable
from answerable.net.connection import Connection, Phase
from answerable.net.limits import HIGH_WATER, Limits
from answerable.net.pool import Pool, head, request
from tests.unit.net.servers import Server, always, http, serving


async def ask(script: Any, limits: Limits | None = None) -> bytes:
    async with serving(script) as server:
        pool = Pool(server.endpoint, "m", limits)
        try:
            async with asyncio.timeout(5):
                with closing(await pool.ask(request(head("POST", "/x", server.endpoint), b"{}"))) as reply:
                    return await reply.whole(1 << 30)
        finally:
            await pool.close()


async def fails(answer: bytes, limits: Limits | None = None, *, close: bool = True) -> str:
    with pytest.raises(Unavailable) as caught:
        await ask(always(answer, close=close), limits)
    return caught.value.code


async def test_a_whole_answer() -> None:
    assert await ask(always(http(b"hello"))) == b"hello"


async def test_chunks_are_put_together() -> None:
    answer = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
    assert await ask(always(answer)) == b"hello"


async def test_an_answer_until_the_end_of_the_connection() -> None:
    assert await ask(always(b"HTTP/1.1 200 OK\r\n\r\nhello", close=True)) == b"hello"


async def test_interim_answers_are_passed_over() -> None:
    assert await ask(always(b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + http(b"hello"))) == b"hello"


async def test_shorter_than_announced() -> None:
    assert await fails(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello") == "upstream.truncated"
    assert await fails(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nhello") == "upstream.truncated"


async def test_longer_than_announced_ends_the_connection() -> None:
    async with serving(always(http(b"hello") + b"extra")) as server:
        pool = Pool(server.endpoint, "m")
        for _ in range(2):
            with closing(await pool.ask(request(head("POST", "/x", server.endpoint)))) as reply:
                assert await reply.whole(1 << 30) == b"hello"
        assert server.connections == 2, "a connection with bytes left over must not serve a second call"
        await pool.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 1\r\n\r\nx",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_broken(answer: bytes) -> None:
    assert await fails(answer) == "upstream.broken"


async def test_an_endless_head_is_broken() -> None:
    assert await fails(b"HTTP/1.1 200 OK\r\n" + b"x: " + b"y" * 200_000, close=False) == "upstream.broken"


async def test_an_oversized_body_is_cut() -> None:
    assert await fails(http(b"x" * 5000), Limits(body=1000)) == "upstream.oversized"


async def test_a_server_that_hangs_up_at_once() -> None:
    assert await fails(b"") == "upstream.unreachable"


async def test_a_server_that_hangs() -> None:
    assert await fails(b"", Limits(head=0.05), close=False) == "upstream.timeout"


async def test_a_server_that_falls_silent() -> None:
    part = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello"
    assert await fails(part, Limits(silence=0.05), close=False) == "upstream.timeout"


async def test_not_reading_pauses_the_server() -> None:
    sent = 0

    async def flood(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await server.request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for _ in range(640):
            writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            await writer.drain()
            sent += 65536
        writer.write(b"0\r\n\r\n")

    async with serving(flood) as server:
        pool = Pool(server.endpoint, "m", Limits(silence=0.2))
        with closing(await pool.ask(request(head("POST", "/x", server.endpoint)))) as reply:
            await asyncio.sleep(0.4)
            held = sent
            assert held < 640 * 65536 / 2, "the answer was taken in although nobody read it"
            assert len(await reply.whole(1 << 30)) == 640 * 65536
        await pool.close()
    assert HIGH_WATER < 640 * 65536


async def test_unasked_bytes_end_an_idle_connection() -> None:
    async def unasked(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        writer.write(http(b"one"))
        await asyncio.sleep(0.05)
        writer.write(http(b"poison"))
        await server.hang(reader)

    async with serving(unasked) as server:
        pool = Pool(server.endpoint, "m")
        with closing(await pool.ask(request(head("POST", "/x", server.endpoint)))) as reply:
            assert await reply.whole(1 << 30) == b"one"
        await asyncio.wait_for(server.ended.wait(), 2)
        assert pool.idle() is None
        await pool.close()


async def test_keep_alive_of_the_server_is_heeded() -> None:
    connection = Connection(asyncio.get_running_loop(), Limits(), "m", lambda _: None)
    connection.connection_made(asyncio.Transport())
    connection.phase = Phase.HEAD
    connection.data_received(b"HTTP/1.1 200 OK\r\nkeep-alive: timeout=2, max=5\r\ncontent-length: 0\r\n\r\n")
    assert connection.idle_s == 1.0


async def test_chunks_without_anything_in_them_do_not_stop_the_reading() -> None:
    extension = b";" + b"x" * 10_000

    async def script(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5")
        for _ in range(2 * HIGH_WATER // len(extension)):
            writer.write(extension)
            await writer.drain()
            await asyncio.sleep(0.005)
        writer.write(b"\r\nhello\r\n0\r\n\r\n")

    assert await ask(script) == b"hello"
