# SPDX-License-Identifier: Apache-2.0
import asyncio
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvloop

from answerable.net.asgi import App, Receive, Scope, Send, respond
from answerable.net.bind import tcp, unix
from answerable.net.endpoint import Endpoint
from answerable.net.pool import Exchange, Pool, head, request
from answerable.net.server import Listener
from tests.unit.net.servers import talk


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await respond(send, 200, b"hello")


@asynccontextmanager
async def listening(app: App, http: Any = None, **options: Any) -> AsyncIterator[Listener]:
    listener = Listener(app, tcp("127.0.0.1", 0, tls=False), grace=1, **options)
    if http is not None:
        listener._server.config.http = http
    await listener.start()
    try:
        yield listener
    finally:
        await listener.close()
        await listener.close()


async def test_it_serves_until_it_is_closed() -> None:
    async with listening(hello) as listener:
        answer = await talk(listener.port, b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert answer.endswith(b"\r\n\r\nhello")
        assert b"server:" not in answer.lower()
        port = listener.port
    try:
        await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:
        return
    raise AssertionError("the port still answers")


async def test_forwarded_addresses_are_not_believed() -> None:
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["client"][0])
        await respond(send, 200, b"")

    async with listening(app) as listener:
        await talk(
            listener.port,
            b"GET / HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 8.8.8.8\r\n"
            b"forwarded: for=8.8.8.8\r\nconnection: close\r\n\r\n",
        )
    assert seen == ["127.0.0.1"]


def test_on_a_unix_socket_with_uvloop(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append((scope["server"], scope["client"]))
        await respond(send, 200, b"hello")

    async def main() -> bytes:
        listener = Listener(app, unix(path), grace=1)
        await listener.start()
        assert listener.port == 0
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        pool = Pool(Endpoint("", 0, "", socket=str(path)), "s")
        async with Exchange(pool, request(head("GET", "/", pool.endpoint))) as reply:
            body = await reply.read(100)
        await pool.close()
        await listener.close()
        return body

    assert uvloop.run(main()) == b"hello"
    assert seen == [((str(path), None), None)]
    assert not path.exists()
