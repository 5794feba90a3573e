# SPDX-License-Identifier: Apache-2.0
"""The holders' plane over a real store: orders out, warrants and receipts in, by the network alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2 as httpx
import msgspec
import pytest

from answerable.admission import orders as order_messages
from answerable.admission import receipts
from answerable.admission.clocks import ClockMode
from answerable.admission.holding import HolderView
from answerable.admission.receipts import Receipt, StopState
from answerable.admission.trust import Trust
from answerable.app.core import open_core
from answerable.app.order_store import OrderStore
from answerable.app.relaying import HoldersPlane
from answerable.app.service import Service
from answerable.config import RelayConfig
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.errors import AnswerableError, Refused
from answerable.guard.lease import Lease
from answerable.log import statement
from answerable.log.roster import key_id
from answerable.model.leaves import AuthorityRef, RootsRef
from answerable.model.terms import OrderKind
from answerable.net.events import Follower
from answerable.net.relay_client import RelayClient
from answerable.stops import orders, rosters
from answerable.stops.planned import Reason
from tests.e2e.scripted_upstream import ScriptedUpstream
from tests.fleet import key as fleet_key
from tests.small_nodes import chat
from tests.small_nodes import client as caller
from tests.small_relay import until
from tests.unit.app.test_own_words import served_by, serving
from tests.unit.control.house import House
from tests.unit.control.routes.test_stops import order, signed


@pytest.fixture
def house(tmp_path: Any) -> Iterator[House]:
    made = House(tmp_path / "store")
    yield made
    made.close()


@asynccontextmanager
async def plane(house: House, **more: Any) -> AsyncIterator[HoldersPlane]:
    config = replace(house.core, config=msgspec.structs.replace(house.core.config, relay=RelayConfig(port=0, **more)))
    made = HoldersPlane(config, house.services, None)
    await made.start()
    try:
        yield made
    finally:
        await made.close()


@asynccontextmanager
async def ear(house: House, url: str) -> AsyncIterator[tuple[HolderView, Follower]]:
    trust = Trust(house.core.origin, issuers={house.services.issuer.kid: house.services.issuer.public})
    view = HolderView(trust, ClockMode.SAME_HOST)
    clock = house.core.clock
    follower = Follower([url], view, wall=clock.now_ms, mono=clock.mono_ms)
    task = asyncio.create_task(follower.run())
    try:
        yield view, follower
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def give(house: House, root: str, *people: str, kind: OrderKind = OrderKind.SUSPEND) -> str:
    given = await asyncio.to_thread(house.post, "/stops", order(house, root, kind, *people), people[0])
    return str(given["order"]["rid"])


def receipt(
    house: House, copy: str, key: Key, order_rid: str, state: StopState = StopState.STOPPED, **more: int
) -> bytes:
    now = house.core.now
    told = {"t_received": now, "t_last_action": now - 5, "in_flight": 0} | more
    return receipts.make(
        Receipt(order=order_rid, holder=copy, stop_state=state, n=nonce(), **told), key, house.core.origin
    )


def test_an_order_reaches_a_holder_and_so_do_its_release_and_what_stood_before(house: House) -> None:
    async def whole() -> None:
        before = await give(house, "other", "officer-1")
        async with plane(house) as made, ear(house, made.url) as (view, follower):
            await until(lambda: view.epoch == 1)
            num = house.system("base").num
            rid = await give(house, "base", "officer-1")
            await until(lambda: view.epoch == 2)
            assert [each.stop.rid for each in view.told()] == [before, rid]
            blocked = {"copy": "", "numbers": (num, num + 7), "party": "", "worlds": (), "now_ms": house.core.now}
            assert view.stops.blocks(**blocked) == rid
            leaf = orders.release_statement(rid)
            both = {"release": msgspec.to_builtins(signed(house, leaf, "officer-1", "officer-2"))}
            await asyncio.to_thread(house.post, "/stops/release", both, "officer-1")
            await until(lambda: view.epoch == 3)
            assert view.stops.blocks(**blocked) == ""
            assert follower.refused == 0
            assert made.holders == 1

    house.run(whole())


def test_a_warrant_is_asked_for_over_the_network_and_refused_after_the_order(house: House) -> None:
    copy, key = house.start_copy("other")

    async def whole() -> None:
        known = house.core.book.copy(copy)
        assert known is not None
        async with plane(house) as made:
            client = RelayClient(made.url)
            lease = Lease(
                key,
                copy=known.id,
                issuer=house.services.issuer.iss,
                audience=house.services.audience,
                ask=lambda _path, _body: None,
            )
            asked = lease.question()
            answer = msgspec.json.decode(await client.post("/control/v1/warrants", asked.body))
            assert lease.answered(asked, answer).seq == 1
            # An order that does not reach it, told or not told yet: its warrant comes with what it names.
            first = await give(house, "base", "officer-1")
            row = next(stop for stop in house.core.book.stops() if stop.rid == first)
            message = await made.message(row)
            assert await made.explained(row.epoch - 1, row.epoch) == (message,)
            assert await made.explained(row.epoch, row.epoch) == ()
            assert made.hub is not None
            before, made.hub.board.epoch = made.hub.board.epoch, 0
            assert message in await made.explained(row.epoch - 1, row.epoch), "not told yet"
            made.hub.board.epoch = before
            rid = await give(house, "other", "officer-1")
            with pytest.raises(Refused) as refused:
                await client.post("/control/v1/warrants", lease.question().body)
            assert (refused.value.code, refused.value.params["order"]) == ("stop.system", rid)
            with pytest.raises(Refused) as malformed:
                await client.post("/control/v1/warrants", b"{}")
            assert malformed.value.code == "admin.request"
            await client.close()

    house.run(whole())


def test_receipts_come_back_count_once_and_are_leaves(house: House) -> None:
    copies = [house.start_copy("other") for _ in range(3)]
    stranger, strange_key = house.start_copy("helper")

    async def whole() -> dict[str, Any]:
        async with plane(house) as made:
            client = RelayClient(made.url)
            path = "/relay/v1/receipts"
            rid = await give(house, "other", "officer-1")
            (one, one_key), (two, two_key), _ = copies
            size = await house.core.reader.size()
            told = receipt(house, one, one_key, rid)
            first = msgspec.json.decode(await client.post(path, told))
            again = msgspec.json.decode(await client.post(path, told))
            other_words = msgspec.json.decode(await client.post(path, receipt(house, one, one_key, rid)))
            assert first == again == other_words
            assert await house.core.reader.size() == size + 1
            leaf = await house.core.reader.find(first["rid"])
            assert leaf is not None
            assert b'"k":"receipt"' in leaf
            # At once by two ways, it is one leaf all the same.
            draining = receipt(house, two, two_key, rid, StopState.DRAINING, in_flight=3)
            both = await asyncio.gather(client.post(path, draining), client.post(path, draining))
            assert both[0] == both[1]
            assert await house.core.reader.size() == size + 2
            for data, code in (
                (receipt(house, one, one_key, rid, StopState.DRAINING), "order.backwards"),
                (receipt(house, two, one_key, rid), "order.receipt"),
                (receipt(house, stranger, strange_key, rid), "relay.holder"),
                (receipt(house, one, one_key, "z" * 32), "stop.order_unknown"),
                (b"{}", "order.receipt"),
            ):
                with pytest.raises(AnswerableError) as refused:
                    await client.post(path, data)
                assert refused.value.code == code
            assert await house.core.reader.size() == size + 2
            await client.close()
        return {"rid": rid}

    rid = house.run(whole())["rid"]
    shown = house.get(f"/stops/told/{rid}")
    assert (shown["copies"], shown["confirmed"], shown["expired"]) == (3, 1, 2)  # they never had a warrant
    assert shown["unknown"] == 0
    assert (shown["ring_b"]["counted"], shown["ring_c"]["claim"]) == (False, False)
    assert shown["violations"] == []


def test_an_officers_order_reaches_holders_past_the_registry(house: House) -> None:
    async def whole() -> None:
        async with plane(house) as made:
            person = house.person("officer-1")
            from answerable.log.statement import sign

            reason = Reason.of("the registry does not answer")
            leaf = orders.statement(house.core.book, kind=OrderKind.SUSPEND, root="other", reason=reason)
            leaf = msgspec.structs.replace(leaf, sigs=[sign(leaf, house.core.origin, person.key, person.kid)])
            subject = await house.core.reader.find(leaf.root)
            assert subject is not None
            data = order_messages.direct(leaf, origin=house.core.origin, subject=subject, num=house.system("other").num)
            client = RelayClient(made.url)
            async with ear(house, made.url) as (view, _):
                view.trust = replace(view.trust, officers={person.kid: person.key.public})
                await until(lambda: made.holders == 1)
                body = b'{"orders":[' + data + b"]}"
                assert msgspec.json.decode(await client.post("/relay/v1/orders", body)) == {"epoch": 0, "news": 1}
                assert msgspec.json.decode(await client.post("/relay/v1/orders", body)) == {"epoch": 0, "news": 0}
                await until(lambda: len(view.told()) == 1)
                counted: list[str] = []
                house.core.ledger.count_refusal = counted.append  # type: ignore[method-assign]
                with pytest.raises(AnswerableError):
                    await client.post("/relay/v1/orders", b'{"orders":[{}]}')
                with pytest.raises(AnswerableError):
                    await made.handed(b'{"orders":[{}]}')
                assert counted == ["order.malformed"] * 2, "a bad order is evidence, whoever brings it, wherever"
                with pytest.raises(AnswerableError):
                    await client.post("/relay/v1/orders", b"[]")
            assert b64u(reason.salt)
            await client.close()

    house.run(whole())


def test_no_listener_unless_it_is_asked_for(house: House) -> None:
    async def whole() -> None:
        made = HoldersPlane(house.core, house.services, None)
        await made.start()
        try:
            assert (made.url, made.urls, made.holders) == ("", (), 0)
            assert made.told(0) == b'{"epoch":0,"more":false,"orders":[]}'  # for who asks on the Unix socket
        finally:
            await made.close()

    house.run(whole())


def test_a_bind_beyond_loopback_needs_tls(house: House) -> None:
    async def whole() -> None:
        with pytest.raises(Refused) as refused:
            async with plane(house, host="0.0.0.0"):
                pass
        assert refused.value.code == "config.unsafe_bind"

    house.run(whole())


async def test_an_authoritys_order_past_the_registry_stops_at_its_own_gateway_without_any_pulse(tmp_path: Path) -> None:
    with ScriptedUpstream() as server:
        async with serving(tmp_path, "One", "Other", relay__port=0, **served_by(server, "One", "Other")) as control:
            core = control.core
            draft = rosters.draft(
                None,
                rosters.enrolled(core.book),
                RootsRef(keys=[b64u(fleet_key("root").public)], need=1),
                (AuthorityRef(keys=[b64u(fleet_key("theirs").public)], name="Surveillance", need=1),),
            )
            listed = statement.sign(draft, core.origin, fleet_key("root"), key_id(fleet_key("root").public))
            await core.commit(rosters.place(core.book, msgspec.structs.replace(draft, sigs=[listed]), core.now))
            _, handle = await caller(control)
            one = next(each.system for each in control.service.serving.models if each.system.name == "One")
            leaf = orders.statement(core.book, kind=OrderKind.TERMINATE, root=one.rid, reason=Reason.of("past it"))
            by = statement.sign(leaf, core.origin, fleet_key("theirs"), key_id(fleet_key("theirs").public))
            leaf = msgspec.structs.replace(leaf, sigs=[by])
            subject = await core.reader.find(one.rid)
            assert subject is not None
            data = order_messages.direct(leaf, origin=core.origin, subject=subject, num=one.num)
            body = {"model": "One", "stream": True, "messages": [{"role": "user", "content": "do:drip"}]}
            carrier = RelayClient(control.url)
            async with (
                httpx.AsyncClient(timeout=20) as asking,
                asking.stream(
                    "POST", f"{control.gateway}/chat/completions", json=body,
                    headers={"authorization": f"Bearer {handle}"},
                ) as answer,
            ):  # fmt: skip
                lines = answer.aiter_lines()
                await anext(lines)
                brought = await carrier.post("/relay/v1/orders", b'{"orders":[' + data + b"]}")
                assert msgspec.json.decode(brought)["news"] == 1
                rest = "".join([line async for line in lines])
            await carrier.close()
            assert "stop.system" in rest
            refused = await chat(control.gateway, handle, model="One")
            assert (refused.status_code, refused.json()["error"]["code"]) == (403, "stop.system")
            assert (await chat(control.gateway, handle, model="Other")).status_code == 200
        # Started again it knows it before it answers anybody: nobody has to carry it here once more.
        again = Service(await open_core(core.config))
        address = await again.start()
        try:
            refused = await chat(address.gateway, handle, model="One")
            assert (refused.status_code, refused.json()["error"]["code"]) == (403, "stop.system")
            assert (await chat(address.gateway, handle, model="Other")).status_code == 200
            carrier = RelayClient(address.holders)
            assert data in await carrier.get("/relay/v1/orders"), "and tells it to everyone who asks"
            await carrier.close()
            assert len(OrderStore(core.config.store_path).read()) == 1
        finally:
            await again.close()
