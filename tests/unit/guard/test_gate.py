# SPDX-License-Identifier: Apache-2.0
"""The gate between a real client and a real server, over sockets."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from answerable.errors import Refused, Unavailable
from answerable.guard import gate as gates
from answerable.guard.gate import Gate
from answerable.guard.standing import Standing
from answerable.net.bind import tcp
from answerable.net.endpoint import Endpoint
from answerable.net.pool import Pool
from answerable.net.server import Listener
from tests.unit.admission.a_warrant import WARRANT
from tests.unit.guard.offices import LIFE, Office
from tests.unit.net.servers import Server, always, http, serving


@dataclass
class Way:
    standing: Standing
    gate: Gate
    office: Office
    port: int

    async def ask(self, head: str, body: bytes = b"", *, wait: float = 10.0) -> tuple[int, bytes]:
        """One request on a connection of its own: status, and all that came after the head."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(head.encode() + b"\r\n\r\n" + body)
        async with asyncio.timeout(wait):
            answer = await reader.read()
        writer.close()
        top, _, rest = answer.partition(b"\r\n\r\n")
        return (int(top.split()[1]), rest) if top else (0, b"")


@asynccontextmanager
async def way(server: Server, path: str = "") -> AsyncIterator[Way]:
    office = Office()
    standing = Standing(WARRANT.aud, None, wall=lambda: office.wall, mono=lambda: office.mono)
    standing.leased = await office.source().next()
    standing.closed = ""
    pool = Pool(Endpoint("127.0.0.1", server.port, path), "gateway")
    gate = Gate(standing, pool)
    listener = Listener(gate, tcp("127.0.0.1", 0, tls=False), grace=0)
    await listener.start()
    try:
        yield Way(standing, gate, office, listener.port)
    finally:
        await listener.close()
        await pool.close()


GET = "GET /v1/models HTTP/1.1\r\nhost: x\r\nconnection: close"


async def test_what_would_be_waited_for_in_vain_and_what_no_server_says_are_refused() -> None:
    odd = b"HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n"
    async with serving(always(odd)) as server, way(server) as it:
        status, _ = await it.ask(GET.replace("GET", "HEAD"), b"")
        assert (status, server.requests) == (405, [])
        status, body = await it.ask(GET, b"")
        assert status == 502
        assert b"upstream.broken" in body
        assert it.standing.flying == 0


async def test_it_adds_the_warrant_and_drops_what_the_program_says_of_itself() -> None:
    async with serving(always(http(b"hello"))) as server, way(server, "/base") as it:
        body = b'{"model":"m"}'
        head = (
            "POST /v1/chat/completions?x=1 HTTP/1.1\r\nhost: gate\r\nauthorization: Bearer mine\r\nx-api-key: k\r\n"
            "cookie: c\r\norigin: http://evil\r\nanswerable-envelope: e\r\nproxy-authorization: p\r\n"
            f"answerable-world: information\r\nconnection: close\r\ncontent-length: {len(body)}"
        )
        assert await it.ask(head, body) == (200, b"hello")
        (sent,) = server.requests
        assert it.standing.leased is not None
        lines = sent.lower().split(b"\r\n\r\n")[0].split(b"\r\n")
        assert lines[0] == b"post /base/v1/chat/completions?x=1 http/1.1"
        assert [line for line in lines if b"authoriz" in line] == [
            f"authorization: bearer {it.standing.leased.held.token}".lower().encode()
        ]
        for dropped in (b"mine", b"x-api-key", b"cookie", b"evil", b"envelope", b"host: gate"):
            assert dropped not in b"\r\n".join(lines)
        assert b"answerable-world: information" in lines
        (call,) = it.standing.calls
        assert (call.status, call.path) == (200, "/v1/chat/completions")
        assert call.sent == hashlib.sha256(body).hexdigest()
        assert call.got == hashlib.sha256(b"hello").hexdigest()
        assert it.standing.flying == 0


async def test_it_passes_on_calls_of_the_gateway_alone() -> None:
    async with serving(always(http(b"hello"))) as server, way(server) as it:
        for path in ("/", "/control/v1/stops", "/v1/../control", "/v1/%2e%2e/control", "//v1/models", "/v1"):
            status, body = await it.ask(f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close")
            assert status == 404, path
            assert json.loads(body)["error"]["code"] == "guard.path"
        assert server.requests == []


async def test_nothing_goes_out_once_the_warrant_has_ended() -> None:
    async with serving(always(http(b"hello"))) as server, way(server) as it:
        it.office.passes(LIFE)
        status, body = await it.ask(GET)
        assert (status, json.loads(body)["error"]["code"]) == (401, "warrant.expired")
        it.standing.closed = "suspended"
        status, body = await it.ask(GET)
        assert (status, json.loads(body)["error"]["code"]) == (403, "guard.closed")
        assert server.requests == []


async def test_a_body_goes_on_as_it_comes() -> None:
    seen = asyncio.Event()

    async def script(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        assert await reader.readexactly(8) == b"3\r\none\r\n"
        seen.set()
        assert await reader.readexactly(13) == b"3\r\ntwo\r\n0\r\n\r\n"
        writer.write(http(b"both"))
        await writer.drain()

    async with serving(script) as server, way(server) as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        writer.write(
            b"POST /v1/x HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n3\r\none\r\n"
        )
        await asyncio.wait_for(seen.wait(), 5)
        writer.write(b"3\r\ntwo\r\n0\r\n\r\n")
        assert (await reader.read()).endswith(b"both")
        writer.close()


async def test_a_body_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "MAX_BODY", 10)
    async with serving(always(http(b"hello"))) as server, way(server) as it:
        head = "POST /v1/x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
        _, body = await it.ask(head + "content-length: 11", b"x" * 11)
        assert json.loads(body)["error"]["code"] == "request.too_large"
        status, _ = await it.ask(head + "transfer-encoding: chunked", b"b\r\n" + b"x" * 11 + b"\r\n0\r\n\r\n")
        assert status == 413


STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n9\r\ndata: a\n\n\r\n"


async def until(what: Callable[[], object]) -> None:
    """Wait for what another task brings about."""
    async with asyncio.timeout(10):
        while not what():  # noqa: ASYNC110  nothing tells of it
            await asyncio.sleep(0.005)


def answered(it: Way) -> bool:
    return bool(it.standing.calls) and bool(it.standing.calls[-1].status)


async def test_a_stop_cuts_a_stream_and_says_why() -> None:
    async def script(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        writer.write(STREAM)
        await server.hang(reader)

    async with serving(script) as server, way(server) as it:
        asked = asyncio.create_task(it.ask(GET))
        await until(lambda: answered(it))
        await asyncio.sleep(0.05)
        it.standing.closed = "draining"
        assert it.gate.cut(Refused("stop.system", order="o" * 32)) == 1
        status, body = await asked
        assert status == 200
        assert b"data: a" in body
        assert b"stop.system" in body
        assert body.endswith(b"0\r\n\r\n")
        await asyncio.wait_for(server.ended.wait(), 5)
        assert it.standing.flying == 0


async def test_each_piece_of_an_answer_is_admitted() -> None:
    more = asyncio.Event()

    async def script(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        writer.write(STREAM)
        await more.wait()
        writer.write(b"9\r\ndata: b\n\n\r\n")
        await server.hang(reader)

    async with serving(script) as server, way(server) as it:
        asked = asyncio.create_task(it.ask(GET))
        await until(lambda: answered(it))
        await asyncio.sleep(0.05)
        it.office.passes(LIFE)
        more.set()
        _, body = await asked
        assert b"data: a" in body
        assert b"data: b" not in body, "what came after the end does not go on"
        assert b"warrant.expired" in body


async def test_who_waits_for_an_answer_that_was_cut_is_told_why() -> None:
    async def silent(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        await server.hang(reader)

    async with serving(silent) as server, way(server) as it:
        asked = asyncio.create_task(it.ask(GET))
        await until(lambda: server.requests)
        it.gate.cut(Refused("stop.system", order="o" * 32))
        status, body = await asked
        assert (status, json.loads(body)["error"]["code"]) == (403, "stop.system")


async def test_half_an_answer_is_never_taken_for_a_whole_one() -> None:
    async def half(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\nhalf")
        await server.hang(reader)

    async with serving(half) as server, way(server) as it:
        asked = asyncio.create_task(it.ask(GET))
        await until(lambda: answered(it))
        await asyncio.sleep(0.05)
        it.gate.cut(Refused("guard.closed", state="draining"))
        try:
            status, body = await asked
        except ConnectionResetError:
            status, body = 200, b""
        assert status in (0, 200)
        assert len(body) < 100
        assert it.standing.flying == 0


async def test_the_gateway_is_shown_the_warrant_in_hand() -> None:
    async with serving(always(http(b"{}"))) as server, way(server, "/base") as it:
        await it.gate.show()
        assert it.standing.leased is not None
        (sent,) = server.requests
        assert sent.startswith(b"GET /base/v1/models HTTP/1.1\r\n")
        assert f"authorization: Bearer {it.standing.leased.held.token}\r\n".encode() in sent
        it.standing.closed = "suspended"
        with pytest.raises(Refused, match=r"guard\.closed"):
            await it.gate.show()
        assert len(server.requests) == 1


async def test_what_another_source_gave_is_shown_with_its_envelope() -> None:
    async with serving(always(http(b"{}"))) as server, way(server) as it:
        leased = it.standing.leased
        assert leased is not None
        other = replace(leased, held=replace(leased.held, token="on.the.spot", envelope="en.vel.ope"))
        await it.gate.show(other)
        await it.gate.show()
        first, second = server.requests
        assert b"authorization: Bearer on.the.spot\r\nanswerable-envelope: en.vel.ope\r\n" in first
        assert b"answerable-envelope" not in second
        assert it.standing.leased is leased


async def test_a_gateway_that_does_not_take_what_it_is_shown_is_heard() -> None:
    refusal = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 20\r\n\r\nwarrant.unregistered"
    async with serving(always(refusal)) as server, way(server) as it:
        with pytest.raises(Unavailable, match=r"status 403, warrant\.unregistered"):
            await it.gate.show()
