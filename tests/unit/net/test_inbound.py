# SPDX-License-Identifier: Apache-2.0
import asyncio
import resource
from typing import Any

import msgspec
import pytest

from answerable.net import inbound
from answerable.net.asgi import App, Message, Receive, Scope, Send
from answerable.net.inbound import MAX_HEAD, Inbound, target
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


CHUNKED = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "flood", [b"1\r\n \r\n0\r\nx: " + b"y" * 400_000, b"0\r\n" + b"x: y\r\n" * 60_000, b"1;" + b"x" * 400_000]
)
async def test_what_stands_around_a_body_is_bounded(flood: bytes) -> None:
    async with listening(hello) as listener:
        answer = await talk(listener.port, CHUNKED + flood, seconds=2)
    assert b"request.unreadable" in answer


async def test_small_chunks_and_a_trailer_are_taken_and_the_trailer_is_no_header() -> None:
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.05)
        seen.extend(scope["headers"])
        await hello(scope, receive, send)

    async with listening(app) as listener:
        data = CHUNKED + b"1\r\nx\r\n" * 100_000 + b"0\r\nauthorization: Bearer b\r\n\r\n"
        answer = await talk(listener.port, data, seconds=2)
    assert answer.count(b"HTTP/1.1 200 OK") == 1
    assert [name for name, _ in seen] == [b"host", b"transfer-encoding"]


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


async def test_connections_leave_half_of_the_descriptors_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbound, "_descriptors", lambda: 4)
    async with listening(hello) as listener:
        opened = [(await asyncio.open_connection("127.0.0.1", listener.port))[1] for _ in range(2)]
        await asyncio.sleep(0.05)
        assert await talk(listener.port, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", seconds=2) == b""
        for writer in opened:
            writer.close()
        await asyncio.sleep(0.1)
        assert b"200 OK" in await talk(listener.port, b"GET" + ASK, seconds=2)


def test_the_descriptors_are_those_of_this_process() -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert inbound._descriptors() == soft or soft == resource.RLIM_INFINITY


async def test_each_of_the_pipelined_hears_that_its_client_went_away() -> None:
    heard = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        heard.set()

    async with listening(app) as listener:
        _, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n" * 3)
        await asyncio.sleep(0.1)
        writer.transport.abort()
        await asyncio.wait_for(heard.wait(), 2)


async def test_a_connection_that_rests_for_long_is_closed() -> None:
    async with listening(hello, keep_alive_s=0.2) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        assert b"200" in await reader.readuntil(b"hello")
        async with asyncio.timeout(2):
            assert await reader.read() == b""
        writer.close()


def answering(*messages: Message) -> App:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    return app


def start(*headers: tuple[bytes, bytes], status: int = 200) -> Message:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def body(data: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}


ASK = b" / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"


async def answer_of(app: App, method: bytes = b"GET") -> bytes:
    async with listening(app) as listener:
        return await talk(listener.port, method + ASK, seconds=2)


async def test_head_and_first_bytes_leave_in_one_write(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []

    class Seen(Inbound):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(Tap(transport))

    class Tap:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def write(self, data: bytes) -> None:
            written.append(data)
            self.inner.write(data)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.inner, name)

    async with listening(answering(start((b"content-length", b"2")), body(b"ok")), http=Seen) as listener:
        answer = await talk(listener.port, b"GET" + ASK, seconds=2)
    assert written == [answer]
    assert answer.endswith(b"\r\n\r\nok")


async def test_a_head_does_not_wait_for_a_body_that_does_not_come() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        await asyncio.sleep(0.5)
        await send(body(b"late"))

    async with listening(app) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(b"GET" + ASK)
        async with asyncio.timeout(0.3):
            assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
        assert await reader.read() == b"4\r\nlate\r\n0\r\n\r\n"
        writer.close()


async def test_bodies_without_a_length_are_chunked_and_a_head_has_none() -> None:
    pieces = answering(start(), body(b"one", more=True), body(b"", more=True), body(b"two"))
    assert (await answer_of(pieces)).endswith(b"\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")
    sized = answering(start((b"content-length", b"3")), body(b"one"))
    assert (await answer_of(sized, b"HEAD")).endswith(b"\r\n\r\n")
    assert b"chunked" not in await answer_of(answering(start(status=204), body(b"")))


@pytest.mark.parametrize(
    "messages",
    [
        (body(b"x"),),
        (start(), start()),
        (start((b"x", b"a\r\nset-cookie: b")), body(b"")),
        (start((b"content-length", b"2")), body(b"longer")),
        (start((b"content-length", b"2")), body(b"s")),
    ],
)
async def test_what_would_break_the_connection_is_a_defect_of_the_answer_alone(messages: tuple[Message, ...]) -> None:
    seen: list[BaseException] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await answering(*messages)(scope, receive, send)
        except RuntimeError as error:
            seen.append(error)
            raise

    answer = await answer_of(app)
    assert len(seen) == 1
    assert b"set-cookie" not in answer


@pytest.mark.parametrize(
    ("url", "path", "query"),
    [
        (b"/v1/models", "/v1/models", b""),
        (b"/a?b=c?d", "/a", b"b=c?d"),
        (b"/a%20b?x=%20", "/a b", b"x=%20"),
        (b"http://host/a?b", "/a", b"b"),
        (b"/a#b", "/a", b""),
    ],
)
def test_the_target_of_a_request(url: bytes, path: str, query: bytes) -> None:
    found = target(url)
    assert (found[0], found[2]) == (path, query)
