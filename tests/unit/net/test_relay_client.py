# SPDX-License-Identifier: Apache-2.0
"""A holder's requests: what was raised there is raised here, and what is no answer is said to be none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from answerable.errors import Refused, Unavailable, VerificationError
from answerable.net.relay_client import MAX_ANSWER, RelayClient, tls_context
from answerable.relay.routes import Answer, Call, Route
from tests.small_relay import Relay, relay


async def echo(call: Call) -> Answer:
    return Answer(call.body + b"|" + call.target.encode() + b"|" + call.headers.get(b"x-a", b""))


async def refuse(call: Call) -> Answer:
    if call.query == "r":
        raise Refused("stop.system", order="o")
    if call.query == "u":
        raise Unavailable("relay.busy")
    raise VerificationError("order.receipt", detail="d")


async def strange(call: Call) -> Answer:
    return Answer(b'{"error": {"code": "no.such", "params": 3}}', status=503)


async def huge(call: Call) -> Answer:
    return Answer(bytes(MAX_ANSWER + 1))


@pytest_asyncio.fixture
async def place() -> AsyncIterator[Relay]:
    routes = [
        Route("POST", "/echo", echo),
        Route("GET", "/refuse", refuse),
        Route("GET", "/strange", strange),
        Route("GET", "/huge", huge),
    ]
    async with relay(routes=routes) as made:
        yield made


async def test_bodies_paths_and_headers_arrive_and_the_connection_is_kept(place: Relay) -> None:
    client = RelayClient(place.url)
    for _ in range(3):
        assert await client.post("/echo?a=b", b"body", (("x-a", "1"),)) == b"body|/echo?a=b|1"
    assert client._pool.open == 1
    await client.close()


@pytest.mark.parametrize(
    ("query", "kind", "code"),
    [
        ("r", Refused, "stop.system"),
        ("u", Unavailable, "relay.busy"),
        ("v", VerificationError, "order.receipt"),
    ],
)
async def test_what_was_raised_there_is_raised_here(place: Relay, query: str, kind: type, code: str) -> None:
    client = RelayClient(place.url)
    with pytest.raises(kind) as raised:
        await client.get(f"/refuse?{query}")
    assert raised.value.code == code
    await client.close()


async def test_what_is_no_answer_is_said_to_be_none(place: Relay) -> None:
    client = RelayClient(place.url)
    for path in ("/strange", "/huge"):
        with pytest.raises(Unavailable) as raised:
            await client.get(path)
        assert raised.value.code == "relay.answer"
    await client.close()


def test_addresses_and_certificates_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        RelayClient("ftp://x")
    (tmp_path / "no.pem").write_text("no")
    for name in ("no.pem", "absent.pem"):
        with pytest.raises(Refused) as refused:
            tls_context(str(tmp_path / name))
        assert refused.value.code == "config.value"
