# SPDX-License-Identifier: Apache-2.0
"""A relay of its own between a registry and its holders: by the stream, by a bus, and by pull."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from answerable.admission import orders as order_messages
from answerable.app.relay_node import REGAIN, read_pins, serve
from answerable.config import RelayConfig
from answerable.crypto.b64 import b64u
from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.log.statement import sign
from answerable.model.terms import OrderKind
from answerable.net.relay_client import RelayClient
from answerable.relay import posting
from answerable.relay.routes import Answer, Call, Route
from answerable.stops import orders
from answerable.stops.planned import Reason
from tests import small_relay
from tests.nats_server import NatsServer
from tests.nats_server import nats_server as nats_server
from tests.small_relay import until
from tests.unit.app.test_relaying import ear, give, plane, receipt
from tests.unit.control.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path / "store")
    yield made
    made.close()


def pins(house: House, path: Path, planes: list[str]) -> Path:
    issuer = house.services.issuer
    person = house.person("officer-1")
    path.write_text(
        json.dumps(
            {
                "origin": house.core.origin,
                "issuers": {issuer.kid: b64u(issuer.public)},
                "pulses": {},
                "officers": {person.kid: b64u(person.key.public)},
                "authorities": {},
                "planes": planes,
            }
        )
    )
    return path


@asynccontextmanager
async def relay_of(house: House, folder: Path, *upstreams: str, **more: Any) -> AsyncIterator[str]:
    trust, planes = read_pins(pins(house, folder / "pins.json", []))
    config = RelayConfig(port=0, upstreams=upstreams, **more)
    url: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def announce(text: str) -> None:
        url.set_result(text)

    ended = asyncio.Event()
    task = asyncio.create_task(serve(config, trust, planes, announce, ended))
    await asyncio.wait([url, task], return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
    try:
        yield url.result()
    finally:
        ended.set()
        await task


def test_orders_pass_through_and_questions_and_receipts_come_back(house: House, tmp_path: Path) -> None:
    copy, key = house.start_copy("other")

    async def whole() -> None:
        before = await give(house, "helper", "officer-1")
        async with plane(house) as made, relay_of(house, tmp_path, made.url) as url, ear(house, url) as (view, _):
            await until(lambda: view.epoch == 1)
            rid = await give(house, "other", "officer-1")
            await until(lambda: view.epoch == 2)
            assert [each.stop.rid for each in view.told()] == [before, rid]
            client = RelayClient(url)
            row = msgspec.json.decode(await client.post("/relay/v1/receipts", receipt(house, copy, key, rid)))
            assert (row["holder"], row["state"]) == (copy, "stopped")
            with pytest.raises(Refused) as refused:
                await client.post("/control/v1/warrants", b"{}")
            assert refused.value.code == "admin.request"
            await client.close()

    house.run(whole())


def test_a_chain_of_relays_and_a_control_plane_that_is_gone(house: House, tmp_path: Path) -> None:
    async def whole() -> None:
        async with relay_of(house, tmp_path, "http://127.0.0.1:1") as first:
            (tmp_path / "second").mkdir()
            async with relay_of(house, tmp_path / "second", first) as url, ear(house, url) as (view, _):
                person = house.person("officer-1")
                view.trust.officers[person.kid] = person.key.public  # type: ignore[index]
                reason = Reason.of("the registry is gone")
                leaf = orders.statement(house.core.book, kind=OrderKind.SUSPEND, root="other", reason=reason)
                leaf = msgspec.structs.replace(leaf, sigs=[sign(leaf, house.core.origin, person.key, person.kid)])
                subject = await house.core.reader.find(leaf.root)
                assert subject is not None
                data = order_messages.direct(
                    leaf, origin=house.core.origin, subject=subject, num=house.system("other").num
                )
                client = RelayClient(first)
                told = json.loads(await client.post("/relay/v1/orders", b'{"orders":[' + data + b"]}"))
                assert told == {"epoch": 0, "news": 1}
                await until(lambda: len(view.told()) == 1)
                with pytest.raises(Unavailable) as away:
                    await client.post("/control/v1/warrants", b"{}")
                assert away.value.code == "relay.unreachable"
                await client.close()

    house.run(whole())


def test_a_bus_alone_feeds_a_relay_and_pull_makes_good_what_it_lost(
    house: House, tmp_path: Path, nats_server: NatsServer
) -> None:
    async def whole() -> None:
        bus = {"bus": nats_server.url}
        # Nobody may listen at the control plane: what comes, comes by the bus or is pulled.
        async with (
            plane(house, holders=1, per_address=0, **bus) as made,
            relay_of(house, tmp_path, made.url, **bus) as url,
            ear(house, url) as (view, _),
        ):
            rid = await give(house, "other", "officer-1")
            await until(lambda: view.epoch == 1)
            assert [each.stop.rid for each in view.told()] == [rid]
            nats_server.stop()
            await give(house, "helper", "officer-1")
            nats_server.start()
            await until(lambda: view.epoch == 2, 20)
            assert made.holders == 0

    house.run(whole())


@pytest.mark.parametrize("text", ["", "[]", '{"origin":"o","issuers":{}}', '{"origin":"o","issuers":{"k":"AA"}}'])
def test_pins_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "pins.json").write_text(text)
    with pytest.raises(Refused) as refused:
        read_pins(tmp_path / "pins.json")
    assert refused.value.code == "config.value"
    with pytest.raises(AnswerableError):
        read_pins(tmp_path / "absent.json")


def test_pins_say_whose_the_keys_of_authorities_are(tmp_path: Path) -> None:
    told = {"origin": "o", "issuers": {"k": "A" * 43}, "authorities": {"a": "A" * 43}}
    file = tmp_path / "pins.json"
    for named in ({"a": "Surveillance"}, {}):
        file.write_text(json.dumps({**told, "named": named} if named else told))
        assert read_pins(file)[0].named == named


def test_a_registry_that_was_put_back_is_given_what_it_lacks(house: House, tmp_path: Path) -> None:
    """The relay knows of an order; what answers at the registry's address then does not."""
    offered: list[bytes] = []

    async def taken(call: Call) -> Answer:
        offered.append(call.body)
        return Answer(b'{"regained":1}')

    async def whole() -> None:
        async with plane(house) as made, relay_of(house, tmp_path, made.url) as url, ear(house, url) as (view, _):
            rid = await give(house, "other", "officer-1")
            await until(lambda: view.epoch == 1)
            port = int(made.url.rpartition(":")[2])
            await made.close()
            async with small_relay.relay(routes=[Route("POST", REGAIN, taken)], port=port):
                await until(lambda: offered, 20)
            trust, _ = read_pins(tmp_path / "pins.json")
            given = msgspec.json.decode(offered[0], type=posting.Brought).orders
            assert [order_messages.read(bytes(each), trust).stop.rid for each in given] == [rid]

    house.run(whole())
