# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest

from answerable.errors import Refused, Unavailable
from answerable.log.witness import MAX_ANSWER, SIZE_TYPE, origin_hash
from answerable.witness.line import Line

Answer = Callable[[bytes], Awaitable[bytes]]


async def over(raw: bytes, use: Callable[[Line], Awaitable[object]], *, wait_s: float = 0.0) -> tuple[bytes, object]:
    """What a server received that answers with `raw`, and what `use` made of it."""
    got: list[bytes] = []
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        got.append(head + await reader.readexactly(length))
        await asyncio.sleep(wait_s)
        with contextlib.suppress(ConnectionError):
            writer.write(raw)
            await writer.drain()
            writer.close()
            await writer.wait_closed()
        ended.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        line = Line("w1", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/prefix", timeout_s=0.3)
        try:
            made = await use(line)
        finally:
            await line.close()
            await ended.wait()
    return got[0], made


def http(status: str, body: bytes, kind: str = "text/plain") -> bytes:
    return f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


async def test_a_request_and_its_answer() -> None:
    got, reply = await over(http("409 Conflict", b"5\n", SIZE_TYPE), lambda line: line.add(b"old 0\n\nnote"))
    assert got.startswith(b"POST /prefix/add-checkpoint HTTP/1.1\r\n")
    assert got.endswith(b"\r\n\r\nold 0\n\nnote")
    assert (reply.status, reply.content_type, reply.body) == (409, SIZE_TYPE, b"5\n")  # type: ignore[attr-defined]


async def test_reading_what_it_has_seen() -> None:
    got, note = await over(http("200 OK", b"note"), lambda line: line.checkpoint("example.com/log"))
    assert got.startswith(f"GET /prefix/{origin_hash('example.com/log')}/checkpoint HTTP/1.1\r\n".encode())
    assert note == b"note"
    assert (await over(http("404 Not Found", b"no"), lambda line: line.checkpoint("x")))[1] == b""


async def test_an_answer_has_a_bound() -> None:
    _, reply = await over(http("200 OK", b"x" * (MAX_ANSWER - 1)), lambda line: line.add(b""))
    assert len(reply.body) == MAX_ANSWER - 1  # type: ignore[attr-defined]
    _, reply = await over(http("200 OK", b"x" * (MAX_ANSWER * 4)), lambda line: line.add(b""))
    assert len(reply.body) == MAX_ANSWER  # type: ignore[attr-defined]


@pytest.mark.parametrize("raw", [b"", b"rubbish\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx"])
async def test_what_is_no_answer(raw: bytes) -> None:
    with pytest.raises(Unavailable) as caught:
        await over(raw, lambda line: line.add(b""))
    assert (caught.value.code, caught.value.params["name"]) == ("witness.unreachable", "w1")


async def test_one_that_does_not_answer_in_time() -> None:
    with pytest.raises(Unavailable) as caught:
        await over(b"", lambda line: line.add(b""), wait_s=0.5)
    assert caught.value.code == "witness.unreachable"


async def test_one_that_drips() -> None:
    """Each byte comes in time, the answer does not."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.02)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        line = Line("w1", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", timeout_s=0.1)
        with pytest.raises(Unavailable) as caught:
            await line.add(b"")
        assert (caught.value.code, caught.value.params["detail"]) == ("witness.unreachable", "0.3 s")
        await line.close()
        await asyncio.sleep(0.1)


async def test_nobody_there() -> None:
    line = Line("w1", "http://127.0.0.1:9", timeout_s=0.3)
    with pytest.raises(Unavailable) as caught:
        await line.add(b"")
    assert caught.value.code == "witness.unreachable"
    await line.close()


def test_an_address_that_is_none() -> None:
    with pytest.raises(Refused):
        Line("w1", "ftp://example.com", timeout_s=1.0)
