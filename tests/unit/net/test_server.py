# SPDX-License-Identifier: Apache-2.0
import asyncio
import ssl
import stat
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, suppress
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import uvloop

from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.errors import Refused, Unavailable
from answerable.model.warrants import Peer
from answerable.net.asgi import App, Receive, Scope, Send, respond
from answerable.net.bind import tcp, unix
from answerable.net.bridge import asgi
from answerable.net.clients import show
from answerable.net.endpoint import Endpoint
from answerable.net.pool import Pool, head, request
from answerable.net.request import Handler, Late, Request
from answerable.net.server import Listener
from tests.unit.net.servers import talk


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await respond(send, 200, b"hello")


def listening(app: App, http: Any = None, **options: Any) -> AbstractAsyncContextManager[Listener]:
    return handling(asgi(app), http, **options)


@asynccontextmanager
async def handling(handler: Handler, http: Any = None, **options: Any) -> AsyncIterator[Listener]:
    listener = Listener(handler, tcp("127.0.0.1", 0, tls=False), grace=1, **options)
    if http is not None:
        listener._protocol = http
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

    async def handler(request: Request) -> None:
        seen.append(request.connection.peer)
        request.answer(200, (), b"")

    async with handling(handler) as listener:
        await talk(
            listener.port,
            b"GET / HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 8.8.8.8\r\n"
            b"forwarded: for=8.8.8.8\r\nconnection: close\r\n\r\n",
        )
    assert seen == [Peer(address="127.0.0.1")]


def test_on_a_unix_socket_with_uvloop(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    seen: list[Any] = []
    peers: list[Peer] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append((scope["server"], scope["client"]))
        await respond(send, 200, b"hello")

    async def handler(request: Request) -> None:
        peers.append(request.connection.peer)
        await asgi(app)(request)

    async def main() -> bytes:
        listener = Listener(handler, unix(path), grace=1)
        await listener.start()
        assert listener.port == 0
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        pool = Pool(Endpoint("", 0, "", socket=str(path)), "s")
        with closing(await pool.ask(request(head("GET", "/", pool.endpoint)))) as reply:
            body = await reply.whole(100)
        await pool.close()
        await listener.close()
        return body

    assert uvloop.run(main()) == b"hello"
    assert seen == [((str(path), None), None)]
    assert peers == [Peer(unix=True)]
    assert not path.exists()


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Certificate and key of localhost."""
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


async def test_over_tls(pair: tuple[Path, Path]) -> None:
    certificate, key = pair
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["scheme"])
        await respond(send, 200, b"hello")

    async with listening(app, certificate=certificate, key=key) as listener:
        assert listener.tls
        pool = Pool(
            Endpoint("localhost", listener.port, "", tls=True),
            "s",
            tls=ssl.create_default_context(cafile=str(certificate)),
        )
        for _ in range(2):
            with closing(await pool.ask(request(head("GET", "/", pool.endpoint)))) as reply:
                assert await reply.whole(100) == b"hello"
        await pool.close()
        assert b"200" not in await talk(listener.port, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", seconds=1)
    assert seen == ["https", "https"]


@pytest.mark.parametrize("shows", [True, False])
async def test_a_client_that_shows_its_key_is_known_by_it(pair: tuple[Path, Path], shows: bool) -> None:
    certificate, key = pair
    peers: list[Peer] = []

    async def handler(request: Request) -> None:
        peers.append(request.connection.peer)
        request.answer(200, (), b"hello")

    own = Key.from_seed(b"\x01" * 32)
    listener = Listener(handler, tcp("127.0.0.1", 0, tls=True), certificate=certificate, key=key, possession=True)
    await listener.start()
    context = ssl.create_default_context(cafile=str(certificate))
    if shows:
        show(context, own, "spiffe://example.invalid/system/a/copy/b")
    pool = Pool(Endpoint("localhost", listener.port, "", tls=True), "s", tls=context)
    with closing(await pool.ask(request(head("GET", "/", pool.endpoint)))) as reply:
        assert await reply.whole(100) == b"hello"
    await pool.close()
    await listener.close()
    (peer,) = peers
    assert peer.key == (b64u(own.public) if shows else "")
    assert len(peer.certificate) == (64 if shows else 0)
    assert peer.address == "127.0.0.1"


async def test_a_certificate_of_a_strangers_authority_opens_no_connection(
    pair: tuple[Path, Path], tmp_path: Path
) -> None:
    certificate, key = pair
    listener = Listener(asgi(hello), tcp("127.0.0.1", 0, tls=True), certificate=certificate, key=key, possession=True)
    await listener.start()
    context = ssl.create_default_context(cafile=str(certificate))
    context.load_cert_chain(*pair)  # self-signed, by nobody whom the listener knows
    pool = Pool(Endpoint("localhost", listener.port, "", tls=True), "s", tls=context)
    with pytest.raises(Unavailable):
        (await pool.ask(request(head("GET", "/", pool.endpoint)))).close()
    await pool.close()
    await listener.close()
    (tmp_path / "none").write_text("none")
    sock = tcp("127.0.0.1", 0, tls=True)
    with pytest.raises(Refused) as caught:
        Listener(asgi(hello), sock, certificate=certificate, key=key, possession=True, authorities=tmp_path / "none")
    assert caught.value.code == "config.value"
    sock.close()


async def test_a_certificate_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "none").write_text("none")
    sock = tcp("127.0.0.1", 0, tls=True)
    with pytest.raises(Refused) as caught:
        Listener(asgi(hello), sock, certificate=tmp_path / "none")
    assert caught.value.code == "config.value"
    sock.close()


@pytest.mark.parametrize("seconds", [0.3, 30.0])
async def test_calls_in_flight_end_within_the_grace_or_are_cancelled(seconds: float) -> None:
    ended: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise
        ended.append("done")
        await respond(send, 200, b"hello")

    async with listening(app) as listener:
        _, idle = await asyncio.open_connection("127.0.0.1", listener.port)
        answer = asyncio.create_task(talk(listener.port, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"))
        await asyncio.sleep(0.1)
    assert ended == ["done" if seconds < 1 else "cancelled"]
    assert (b"200 OK" in await answer) is (seconds < 1)
    idle.close()


async def test_answers_are_dated() -> None:
    async with listening(hello) as listener:
        answer = await talk(listener.port, b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    date = next(line for line in answer.split(b"\r\n") if line.startswith(b"date: "))
    assert abs(parsedate_to_datetime(date[6:].decode()).timestamp() - time.time()) < 5


POST = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n"


async def test_a_body_that_does_not_come_is_late() -> None:
    waited: list[float] = []

    async def handler(request: Request) -> None:
        try:
            await request.body(10)
        except Late as late:
            waited.append(late.seconds)
            request.keep = False
            request.answer(408, (), b"late")

    async with handling(handler, body_s=0.2) as listener:
        started = time.monotonic()
        answer = await talk(listener.port, POST + b"hell", seconds=3)
    assert b"408 " in answer
    assert waited == [0.2]
    assert 0.2 <= time.monotonic() - started < 1


async def test_a_body_that_waited_for_its_turn_is_not_late() -> None:
    async def handler(request: Request) -> None:
        await asyncio.sleep(0.3)
        request.answer(200, (), await request.body(10) or b"")

    async with handling(handler, body_s=0.2) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(POST + b"hello" + POST)
        async with asyncio.timeout(2):
            await reader.readuntil(b"hello")
            await asyncio.sleep(0.1)
            writer.write(b"again")
            assert b"200 OK" in await reader.readuntil(b"again")
        writer.close()


async def test_an_application_hears_no_more_of_a_body_that_is_late() -> None:
    heard: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while heard[-1:] != ["http.disconnect"]:
            heard.append((await receive())["type"])

    async with listening(app, body_s=0.2) as listener:
        answer = await talk(listener.port, POST + b"hell", seconds=3)
    assert heard == ["http.request", "http.disconnect"]
    assert b"408 " in answer


async def test_a_client_that_takes_nothing_is_given_up() -> None:
    ended = asyncio.Event()

    async def handler(request: Request) -> None:
        try:
            request.begin(200, ())
            while True:
                request.send(b"x" * 50_000)
                await request.drained()
        finally:
            ended.set()

    async with handling(handler, read_s=0.3) as listener:
        _, writer = await asyncio.open_connection("127.0.0.1", listener.port, limit=1000)
        writer.write(POST + b"hello")
        await asyncio.wait_for(ended.wait(), 3)
        writer.transport.abort()


async def test_a_client_that_takes_its_answer_slowly_gets_it() -> None:
    size = 24_000_000

    async def handler(request: Request) -> None:
        await request.body(10)
        request.answer(200, (), b"x" * size)

    async with handling(handler, read_s=0.4) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(POST + b"hello")
        started, got = time.monotonic(), 0
        async with asyncio.timeout(10):
            while got < size:
                part = await reader.read(400_000)
                assert part, "given up though it was reading"
                got += len(part)
                await asyncio.sleep(0.01)
        assert time.monotonic() - started > 0.8
        writer.close()


async def test_no_answer_is_begun_while_those_before_it_are_not_taken() -> None:
    begun = 0

    async def handler(request: Request) -> None:
        nonlocal begun
        begun += 1
        assert await request.body(10) == b"hello"
        request.answer(200, (), b"x" * 20_000_000)

    async with handling(handler, body_s=0.2) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write((POST + b"hello") * 4 + POST)
        await asyncio.sleep(0.5)
        assert begun == 1
        writer.write(b"hello")
        async with asyncio.timeout(10):
            left = 5 * 20_000_000
            while left > 0:
                left -= len(await reader.read(1_000_000))
        assert begun == 5
        writer.close()


async def test_half_a_head_that_nobody_reads_on_is_not_slow() -> None:
    async def handler(request: Request) -> None:
        await asyncio.sleep(0.4)
        request.answer(200, (), await request.body(10) or b"")

    async with handling(handler, head_s=0.2) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(POST + b"first" + POST + b"after" + POST[:10])
        async with asyncio.timeout(3):
            await asyncio.sleep(0.12)  # it is read on once for each answer, to hear of clients that go
            writer.write(POST[10:] + b"third" + POST[:10])
            await asyncio.sleep(0.01)
            writer.write(POST[10:] + b"forth")
            for body in (b"first", b"after", b"third", b"forth"):
                await reader.readuntil(body)
        writer.close()


@pytest.mark.parametrize("options", [{"per_address": 3}, {"per_address": 100, "connections": 4}])
async def test_one_stranger_does_not_take_the_places_of_all(options: dict[str, int]) -> None:
    async with listening(hello, **options) as listener:
        open_ = [await asyncio.open_connection("127.0.0.1", listener.port) for _ in range(3)]
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        with suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()
        # Who comes from elsewhere is answered, and those who were there are.
        other, speak = await asyncio.open_connection("127.0.0.1", listener.port, local_addr=("127.0.0.2", 0))
        for reads, writes in (*open_, (other, speak)):
            writes.write(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            assert (await asyncio.wait_for(reads.read(), 5)).endswith(b"hello")
            writes.close()
        house = listener._house
        assert house is not None
        await asyncio.sleep(0.2)
        assert not house.connections
        assert not house.sources
