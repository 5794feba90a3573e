# SPDX-License-Identifier: Apache-2.0
import asyncio
import resource
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from answerable.model.warrants import Peer
from answerable.net import inbound
from answerable.net.asgi import Receive, Scope, Send, read_body, respond
from answerable.net.inbound import MAX_HEAD, House, Inbound, target
from tests.unit.net.servers import talk
from tests.unit.net.test_server import hello, listening

ASK = b" / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"


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


POST = b"POST / HTTP/1.1\r\nhost: x\r\n"


@pytest.mark.parametrize(
    "data",
    [
        POST + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n",
        POST + b"content-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
        POST + b"content-length: 5\r\ncontent-length: 5\r\n\r\nhello",
        POST + b"content-length: 5, 5\r\n\r\nhello",
        POST + b"content-length: +5\r\n\r\nhello",
        POST + b"transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        POST + b"transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        POST + b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        POST.replace(b"1.1", b"1.0") + b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"transfer-encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n",
        POST + b"transfer-encoding: chunked\r\n\r\n1;a\nb\r\nx\r\n0\r\n\r\n",
        POST + b"transfer-encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\nhost: x\n\n",
        b"GET / HTTP/1.1\r\nhost: x\nfoo: y\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\rfoo: y\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nfoo: y\r\n z\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost : x\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nfoo: a\0b\r\n\r\n",
        b"GET / HTTP/2.0\r\nhost: x\r\n\r\n",
        b"CONNECT a:443 HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * (inbound.MAX_FIELDS + 1) + b"\r\n",
    ],
)
async def test_what_two_readers_could_read_differently_is_refused(data: bytes) -> None:
    called: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        called.append(await receive())
        if called[-1]["type"] == "http.request":
            await hello(scope, receive, send)

    async with listening(app) as listener:
        answer = await talk(listener.port, data + b"GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n", seconds=2)
    assert b"request.unreadable" in answer
    assert b"200 OK" not in answer


async def test_answers_keep_the_order_of_their_requests_and_come_before_what_is_wrong_with_the_next() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/1":
            await asyncio.sleep(0.1)
        await respond(send, 200, scope["path"].encode())

    async with listening(app) as listener:
        data = b"".join(b"GET /%d HTTP/1.1\r\nhost: x\r\n\r\n" % number for number in (1, 2, 3))
        answer = await talk(listener.port, data + b"NOT HTTP\r\n\r\n", seconds=2)
    places = [answer.index(each) for each in (b"\r\n\r\n/1", b"\r\n\r\n/2", b"\r\n\r\n/3", b"400 Bad Request")]
    assert places == sorted(places)


async def test_requests_in_one_breath_are_bounded() -> None:
    async with listening(hello) as listener:
        flood = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n" * (inbound.MAX_PIPELINED * 2)
        answer = await talk(listener.port, flood, seconds=2)
    assert answer.count(b"200 OK") == inbound.MAX_PIPELINED + 1
    assert answer.count(b"400 Bad Request") == 1


async def test_a_body_that_breaks_off_its_form_is_not_taken_for_whole() -> None:
    heard: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while heard[-1:] != ["http.disconnect"]:
            heard.append((await receive())["type"])

    async with listening(app) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(CHUNKED + b"1\r\nx\r\n")
        await asyncio.sleep(0.05)
        writer.write(b"not a size\r\n")
        async with asyncio.timeout(2):
            assert b"request.unreadable" in await reader.read()
        writer.close()
    assert heard == ["http.request", "http.disconnect"]


async def test_an_upgrade_is_not_taken_up_and_nothing_after_it_is_read() -> None:
    async with listening(hello) as listener:
        ask = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"
        answer = await talk(listener.port, ask * 2, seconds=2)
    assert answer.count(b"200 OK") == 1
    assert b"connection: close" in answer


UPGRADE = b"POST / HTTP/1.1\r\nhost: x\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\n"


@pytest.mark.parametrize("cut", [0, 1, 5])
async def test_the_body_of_a_request_that_asks_for_another_protocol_is_read(cut: int) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, 200, b"<%b>" % (await read_body(receive, 10) or b""))

    async with listening(app) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        data = UPGRADE + b"content-length: %b5\r\n\r\nhello" % (b"0" * 5_000)
        writer.write(data[: len(data) - cut])
        await asyncio.sleep(0.05)
        writer.write(data[len(data) - cut :] + b"GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n")
        async with asyncio.timeout(2):
            answer = await reader.read()
        writer.close()
    assert answer.endswith(b"<hello>")
    assert answer.count(b"HTTP/1.1") == 1


async def test_a_body_of_unknown_length_beside_another_protocol_is_refused() -> None:
    async with listening(hello) as listener:
        ask = UPGRADE + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        answer = await talk(listener.port, ask, seconds=2)
    assert b"request.unreadable" in answer
    assert b"200 OK" not in answer


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
async def test_a_connection_that_must_close_closes(version: bytes) -> None:
    async with listening(hello) as listener:
        ask = b"GET / HTTP/%b\r\nhost: x\r\nconnection: %b\r\n\r\n" % (
            version,
            b"close" if version == b"1.1" else b"keep-alive",
        )
        async with asyncio.timeout(2):
            answer = await talk(listener.port, ask, seconds=3)
    assert answer.count(b"200 OK") == 1


async def test_a_reader_that_does_not_read_holds_the_writer_back() -> None:
    sent = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal sent
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(2000):
            await send({"type": "http.response.body", "body": b"x" * 50_000, "more_body": True})
            sent += 50_000

    async with listening(app) as listener:
        _, writer = await asyncio.open_connection("127.0.0.1", listener.port, limit=1000)
        writer.write(b"GET" + ASK)
        await asyncio.sleep(0.5)
        assert 0 < sent < 30_000_000
        writer.transport.abort()


async def test_a_body_that_nobody_reads_is_held_back() -> None:
    going = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await going.wait()
        assert len(await read_body(receive, 30_000_000) or b"") == 20_000_000
        await hello(scope, receive, send)

    async with listening(app) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(POST + b"content-length: 20000000\r\n\r\n" + b"x" * 20_000_000)
        await asyncio.sleep(0.3)
        assert writer.transport.get_write_buffer_size() > 5_000_000
        going.set()
        async with asyncio.timeout(5):
            assert b"200 OK" in await reader.readuntil(b"hello")
        writer.close()


@pytest.mark.parametrize(
    ("sockname", "peername", "peer"),
    [
        (("127.0.0.1", 8400), ("10.0.0.9", 5), Peer(address="10.0.0.9")),
        (("::1", 8400, 0, 0), ("::1", 5, 0, 0), Peer(address="::1")),
        ("/run/s", "", Peer(unix=True)),
        (b"/run/s", None, Peer(unix=True)),
        (("127.0.0.1", 8400), None, Peer()),
    ],
)
async def test_where_requests_come_from(sockname: Any, peername: Any, peer: Peer) -> None:
    """A lost address is not a Unix socket."""
    names = {"sockname": sockname, "peername": peername}
    connection = Inbound(House(Any, asyncio.get_running_loop(), 15.0))  # type: ignore[arg-type]
    connection.connection_made(SimpleNamespace(get_extra_info=names.get, abort=lambda: None))  # type: ignore[arg-type]
    assert connection.peer == peer
