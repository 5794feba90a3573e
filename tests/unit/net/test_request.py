# SPDX-License-Identifier: Apache-2.0
import asyncio
from typing import Any

import pytest

from answerable.net.inbound import Inbound
from answerable.net.request import Gone, Request, field
from tests.unit.net.servers import talk
from tests.unit.net.test_inbound import ASK
from tests.unit.net.test_server import POST, handling


async def opened(port: int, data: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    return reader, writer


async def echo(request: Request) -> None:
    request.answer(200, (b"x: y",), await request.body(100) or b"")


async def test_an_answer_is_one_write(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []

    class Tap:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def write(self, data: bytes) -> None:
            written.append(data)
            self.inner.write(data)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.inner, name)

    class Seen(Inbound):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(Tap(transport))

    async with handling(echo, http=Seen) as listener:
        reader, writer = await opened(listener.port, POST + b"hello")
        answer = await reader.readuntil(b"\r\n\r\nhello")
        writer.close()
    assert written == [answer]
    assert b"\r\nx: y\r\ncontent-length: 5\r\n" in answer


async def test_a_body_past_its_bound_is_not_read_on() -> None:
    sizes: list[int] = []

    async def handler(request: Request) -> None:
        assert await request.body(3, sizes.append) is None
        assert request.received == sum(sizes)
        request.keep = False
        request.answer(413, (), b"")

    async with handling(handler) as listener:
        assert b"413 " in await talk(listener.port, POST + b"hello", seconds=2)
    assert sizes == [5]


async def test_a_client_that_goes_away_while_it_is_read() -> None:
    heard = asyncio.Event()

    async def handler(request: Request) -> None:
        try:
            await request.body(100)
        except Gone:
            heard.set()

    async with handling(handler) as listener:
        _, writer = await opened(listener.port, POST + b"he")
        await asyncio.sleep(0.05)
        writer.transport.abort()
        await asyncio.wait_for(heard.wait(), 2)


async def test_a_client_that_goes_away_ends_the_work_for_it(caplog: pytest.LogCaptureFixture) -> None:
    ended: list[str] = []

    async def handler(request: Request) -> None:
        await request.body(100)
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            ended.append("gone" if request.gone else "cancelled")
            raise

    async with handling(handler) as listener:
        _, writer = await opened(listener.port, POST + b"hello")
        await asyncio.sleep(0.05)
        writer.close()
        await asyncio.sleep(0.1)
        assert ended == ["gone"]
    assert caplog.records == []


async def test_of_requests_in_one_breath_the_second_is_not_begun_for_a_client_that_went() -> None:
    begun: list[str] = []

    async def handler(request: Request) -> None:
        begun.append(request.path)
        await asyncio.sleep(0.4)
        request.answer(200, (), b"")

    async with handling(handler, body_s=0.2) as listener:
        _, writer = await opened(listener.port, b"".join(b"GET /%d HTTP/1.1\r\nhost: x\r\n\r\n" % n for n in (1, 2)))
        await asyncio.sleep(0.05)
        writer.transport.abort()
        await asyncio.sleep(0.5)
    assert begun == ["/1"]


async def test_who_goes_before_the_work_has_begun_costs_none() -> None:
    begun: list[str] = []

    async def handler(request: Request) -> None:
        begun.append(request.path)

    class Short(Inbound):
        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self.connection_lost(None)

    async with handling(handler, http=Short) as listener:
        _, writer = await opened(listener.port, b"GET" + ASK)
        await asyncio.sleep(0.1)
        assert listener._house is not None
        assert listener._house.busy == set()
        writer.close()
    assert begun == []


async def test_a_client_of_many_at_once_is_heard_when_it_goes() -> None:
    """Reading rests while requests wait for their turn; the sweep sees to it that an end is noticed all the same."""
    ended = asyncio.Event()

    async def handler(request: Request) -> None:
        try:
            await asyncio.sleep(10)
        finally:
            ended.set()

    async with handling(handler, body_s=0.2) as listener:
        _, writer = await opened(listener.port, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n" * 2)
        await asyncio.sleep(0.05)
        writer.close()
        await asyncio.wait_for(ended.wait(), 2)


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: b", b"a\nb: c", b"a\rb", b"a\0", b"\r", b"\n"])
def test_a_field_is_one_line(value: bytes) -> None:
    assert field(b"x", b"a") == b"x: a"
    for name, said in ((b"x", value), (value, b"x")):
        with pytest.raises(RuntimeError):
            field(name, said)


async def test_an_answer_begins_once() -> None:
    async def handler(request: Request) -> None:
        request.answer(200, (), b"one")
        request.answer(200, (), b"two")

    async with handling(handler) as listener:
        answer = await talk(listener.port, b"GET" + ASK, seconds=2)
    assert answer.count(b"HTTP/1.1") == 1
    assert answer.endswith(b"\r\n\r\none")


async def test_an_answer_that_breaks_off_is_not_taken_for_whole() -> None:
    async def handler(request: Request) -> None:
        request.begin(200, (), b"half")
        raise ValueError("canary")

    async with handling(handler) as listener:
        answer = await talk(listener.port, b"GET" + ASK, seconds=2)
    assert answer.endswith(b"4\r\nhalf\r\n")
    assert b"canary" not in answer
