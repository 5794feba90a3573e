# SPDX-License-Identifier: Apache-2.0
import asyncio

import msgspec

from answerable.net.inbound import MAX_HEAD, Inbound
from tests.unit.net.servers import talk
from tests.unit.net.test_server import hello, listening


async def test_a_malformed_request_gets_our_error() -> None:
    async with listening(hello) as listener:
        answer = await talk(listener.port, b"NOT HTTP\r\n\r\n", seconds=2)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"400" in head.split(b"\r\n")[0]
    assert msgspec.json.decode(body)["error"]["code"] == "request.unreadable"


async def test_an_endless_head_is_refused() -> None:
    async with listening(hello) as listener:
        answer = await talk(listener.port, b"GET / HTTP/1.1\r\nx: " + b"y" * (MAX_HEAD + 100_000), seconds=2)
    assert b"request.unreadable" in answer


async def test_a_large_body_is_not_a_large_head() -> None:
    async with listening(hello) as listener:
        body = b"y" * (MAX_HEAD * 2)
        data = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
        answer = await talk(listener.port, data * 2, seconds=1)
    assert answer.count(b"HTTP/1.1 200 OK") == 2


async def test_slow_heads_are_cut() -> None:
    async with listening(hello, head_s=0.2) as listener:
        for beginning in (b"", b"GET / HT", b"GET / HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\nx:"):
            began = asyncio.get_running_loop().time()
            await talk(listener.port, beginning, seconds=5)
            assert asyncio.get_running_loop().time() - began < 2


async def test_a_resting_connection_is_not_cut() -> None:
    async with listening(hello, head_s=0.2) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        for _ in range(2):
            writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            assert b"200" in await reader.readuntil(b"hello")
            await asyncio.sleep(0.5)
        writer.close()


async def test_connections_are_bounded(monkeypatch: object) -> None:
    class Few(Inbound):
        max_connections = 1

    async with listening(hello, http=Few) as listener:
        _, first = await asyncio.open_connection("127.0.0.1", listener.port)
        await asyncio.sleep(0.05)
        assert await talk(listener.port, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", seconds=2) == b""
        first.close()
