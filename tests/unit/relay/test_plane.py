# SPDX-License-Identifier: Apache-2.0
"""The holders' plane as a stranger sees it: what is answered, to whom, and what is not looked at."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

import pytest

from answerable.errors import Refused, Unavailable
from answerable.relay import plane, rates
from answerable.relay.routes import Answer, Call, Route
from tests.small_orders import told
from tests.small_relay import Relay, ask, relay, until


async def asked(place: Relay, head: str, body: bytes = b"") -> tuple[int, bytes]:
    whole = await asyncio.to_thread(ask, place.port, head, body)
    head_part, _, rest = whole.partition(b"\r\n\r\n")
    return int(head_part.split()[1]), rest


def code(body: bytes) -> str:
    return str(json.loads(body)["error"]["code"])


async def test_orders_are_pulled_without_a_credential() -> None:
    async with relay() as place:
        place.tell(told(1))
        place.tell(told(2))
        status, body = await asked(place, "GET /relay/v1/orders?since=1")
        assert status == 200
        assert json.loads(body) == {"epoch": 2, "more": False, "orders": [json.loads(told(2).data)]}
        assert told(2).data in body


async def test_the_pulse_is_there_once_there_is_one() -> None:
    async with relay() as place:
        assert (await asked(place, "GET /relay/v1/pulse"))[0] == 404
        place.pulse(b'{"a":1}')
        assert await asked(place, "GET /relay/v1/pulse") == (200, b'{"a":1}')
        assert await asked(place, "GET /healthz") == (200, b'{"status":"ok"}')


@pytest.mark.parametrize(
    ("head", "status", "said"),
    [
        ("GET /", 404, "request.not_found"),
        ("POST /relay/v1/orders", 405, "request.method"),
        ("POST /relay/v1/events", 405, "request.method"),
        ("GET /relay/v1/orders?since=x", 400, "admin.request"),
        ("GET /relay/v1/orders?since=99999999999999999", 400, "admin.request"),
        ("GET /relay/v1/events?since=-1", 400, "admin.request"),
    ],
)
async def test_what_is_not_there_has_the_one_shape(head: str, status: int, said: str) -> None:
    async with relay() as place:
        found, body = await asked(place, head)
        assert (found, code(body)) == (status, said)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("host: localhost\r\norigin: http://evil.example", "request.origin"),
        ("host: evil.example", "request.host"),
    ],
)
async def test_web_pages_and_other_names_are_refused(lines: str, said: str) -> None:
    async with relay() as place:
        reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
        writer.write(f"GET /relay/v1/orders HTTP/1.1\r\n{lines}\r\nconnection: close\r\n\r\n".encode())
        body = (await reader.read()).partition(b"\r\n\r\n")[2]
        writer.close()
        await writer.wait_closed()
        assert code(body) == said


async def test_a_body_is_bounded_and_a_defect_says_nothing_of_itself() -> None:
    async def fail(call: Call) -> Answer:
        raise RuntimeError("secret")

    async with relay(routes=[Route("POST", "/x", fail, limit=10)]) as place:
        assert code((await asked(place, "POST /x", b"12345678901"))[1]) == "request.too_large"
        body = (await asked(place, "POST /x", b"1"))[1]
        assert code(body) == "internal.error"
        assert b"secret" not in body


async def test_an_address_of_which_too_much_was_refused_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = 0

    async def refuse(call: Call) -> Answer:
        nonlocal looked
        looked += 1
        raise Refused("admin.request", detail="no")

    monkeypatch.setattr(rates, "BURST", 5)
    async with relay(routes=[Route("POST", "/x", refuse)]) as place:
        place.listener._handler._refusals._burst = 5  # type: ignore[attr-defined]
        place.listener._handler._refusals._forgiven = 0.0  # type: ignore[attr-defined]
        said = [code((await asked(place, "POST /x", b"1"))[1]) for _ in range(8)]
        assert said == ["admin.request"] * 5 + ["relay.rate"] * 3
        assert looked == 5


async def test_requests_at_once_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plane, "AT_ONCE", 2)
    ready = asyncio.Event()

    async def wait(call: Call) -> Answer:
        await ready.wait()
        return Answer(b"done")

    async with relay(routes=[Route("POST", "/x", wait)]) as place:
        first = [asyncio.create_task(asked(place, "POST /x")) for _ in range(2)]
        await until(lambda: place.listener._handler._busy == 2)  # type: ignore[attr-defined]
        status, body = await asked(place, "POST /x")
        assert (status, code(body)) == (503, "relay.busy")
        ready.set()
        assert [await each for each in first] == [(200, b"done")] * 2


async def test_who_may_ask_again_is_told_when_no_sooner_than_was_said_and_not_all_at_once() -> None:
    async def listens(call: Call) -> Answer:
        raise Unavailable("recover.unheard", nodes="berlin", retry_s=30)

    async with relay(routes=[Route("POST", "/x", listens)]) as place:
        whole = await asyncio.to_thread(ask, place.port, "POST /x", b"")
        (told,) = [line for line in whole.split(b"\r\n") if line.startswith(b"retry-after: ")]
        assert 30 <= int(told.removeprefix(b"retry-after: ")) < 35


async def test_who_sends_slowly_keeps_nobody_out_and_fills_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plane, "AT_ONCE", 2)
    monkeypatch.setattr(plane, "ARRIVING", 300_000)

    async def said(call: Call) -> Answer:
        return Answer(b"%d" % len(call.body))

    async with relay(routes=(Route("POST", "/x", said, limit=1 << 20),)) as place:
        slow = []
        for size in (10, 10, 10, 250_000):
            reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
            writer.write(b"POST /x HTTP/1.1\r\nhost: localhost\r\ncontent-length: 900000\r\n\r\n" + b"a" * size)
            await writer.drain()
            slow.append((reader, writer))
        await asyncio.sleep(0.2)
        assert (await asked(place, "POST /x", b"abc"))[1] == b"3"
        with suppress(ConnectionResetError):  # it was answered and closed before all of it was sent
            assert code((await asked(place, "POST /x", b"a" * 400_000))[1]) == "relay.busy"
        assert place.listener._handler._arriving < 300_000  # type: ignore[attr-defined]
        for _, writer in slow:
            writer.close()
        await asyncio.sleep(0.2)
        assert (await asked(place, "POST /x", b"a" * 300_000))[1] == b"300000"


async def test_what_took_work_and_told_nothing_counts() -> None:
    async def said(call: Call) -> Answer:
        return Answer(b"{}", idle=2 * rates.BURST)

    async with relay(routes=(Route("POST", "/x", said),)) as place:
        assert (await asked(place, "POST /x"))[0] == 200
        status, body = await asked(place, "POST /x")
        assert (status, code(body)) == (429, "relay.rate")
        assert (await asked(place, "GET /relay/v1/orders"))[0] == 200
        assert (await asked(place, "GET /healthz"))[0] == 200
