# SPDX-License-Identifier: Apache-2.0
"""Servers that say exactly what a test scripts, and a client that shows exactly what came."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from answerable.net.endpoint import Endpoint

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """connections: how many came. requests: their heads and bodies, in order. ended: set when a client goes away while
    its script waits in `hang`."""

    def __init__(self) -> None:
        self.connections = 0
        self.requests: list[bytes] = []
        self.ended = asyncio.Event()
        self.port = 0

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint("127.0.0.1", self.port, "/v1")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def request(self, reader: asyncio.StreamReader) -> bytes:
        """The next whole request. Raises IncompleteReadError at the end of the connection."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        body = await reader.readexactly(length)
        self.requests.append(head + body)
        return head + body

    async def hang(self, reader: asyncio.StreamReader) -> None:
        """Wait until the client goes away."""
        await reader.read()
        self.ended.set()


@asynccontextmanager
async def serving(
    script: Callable[[Server, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[Server]:
    made = Server()
    writers: list[asyncio.StreamWriter] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.connections += 1
        writers.append(writer)
        try:
            await script(made, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            made.ended.set()
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for writer in writers:
            # One that is closed already has no loop any more (asyncio of 3.11).
            if not writer.transport.is_closing() or writer.transport.get_write_buffer_size():
                writer.transport.abort()
        await server.wait_closed()
        await asyncio.sleep(0)


def always(
    answer: bytes, *, close: bool = False
) -> Callable[[Server, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """Answers each request with the same bytes."""

    async def script(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await server.request(reader)
            writer.write(answer)
            await writer.drain()
            if close:
                return

    return script


def http(body: bytes, status: str = "200 OK", kind: str = "application/json", extra: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\n{extra}content-length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def talk(port: int, data: bytes, *, seconds: float = 5.0) -> bytes:
    """Send `data` and return all that comes until the server closes or `seconds` pass."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    got = b""
    try:
        async with asyncio.timeout(seconds):
            while piece := await reader.read(65536):
                got += piece
    except (TimeoutError, ConnectionError):
        pass
    finally:
        writer.close()
    return got
