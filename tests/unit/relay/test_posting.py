# SPDX-License-Identifier: Apache-2.0
"""What anyone may bring: it proves itself, or is refused."""

from __future__ import annotations

import json

import msgspec
import pytest

from answerable.admission import orders
from answerable.errors import AnswerableError, Refused
from answerable.model.leaves import Sig
from answerable.relay import posting
from answerable.relay.routes import Answer, Call, Route
from tests.small_orders import ORIGIN, leaf_of, message
from tests.unit.relay.test_hub import beat, made


def call(path: str, body: bytes) -> Call:
    return Call("POST", path, "", {}, body, "")


def of(routes: tuple[Route, ...], path: str) -> Route:
    return next(route for route in routes if route.path == path)


async def test_a_pulse_is_taken_and_what_is_missing_is_pulled() -> None:
    hub, _ = made()
    pulls: list[int] = []

    async def pull() -> None:
        pulls.append(1)
        hub.order(message(1))

    route = of(posting.routes(hub, pull), posting.PULSE)
    answer: Answer = await route.run(call(posting.PULSE, beat(1, 1)))
    assert json.loads(answer.body) == {"epoch": 1, "missing": False}
    assert pulls == [1]
    with pytest.raises(AnswerableError):
        await route.run(call(posting.PULSE, b"{}"))


async def test_orders_are_counted_as_news_once_and_many_are_refused() -> None:
    hub, _ = made()
    route = of(posting.routes(hub), posting.ORDERS)
    body = b'{"orders":[' + message(0) + b"," + message(1) + b"]}"
    assert json.loads((await route.run(call(posting.ORDERS, body))).body) == {"epoch": 1, "news": 2}
    assert json.loads((await route.run(call(posting.ORDERS, body))).body) == {"epoch": 1, "news": 0}
    for wrong in (b"", b"[]", b'{"orders":[{}]}', b'{"orders":[' + b",".join([message(1)] * 65) + b"]}"):
        with pytest.raises(AnswerableError):
            await route.run(call(posting.ORDERS, wrong))


async def test_each_order_that_is_refused_is_told_to_who_has_a_log() -> None:
    hub, _ = made()
    told: list[str] = []
    route = of(posting.routes(hub, refused=lambda error: told.append(error.code)), posting.ORDERS)
    strange = orders.direct(leaf_of(0), origin="other.invalid")
    for body in (b'{"orders":[{}]}', b'{"orders":[' + message(0) + b"," + strange + b"]}"):
        with pytest.raises(AnswerableError):
            await route.run(call(posting.ORDERS, body))
    assert told == ["order.malformed", "order.origin"]
    with pytest.raises(AnswerableError):
        await route.run(call(posting.ORDERS, b"[]"))
    assert len(told) == 2, "that was no order"


async def test_who_varies_what_is_known_is_told_what_it_cost() -> None:
    hub, _ = made()
    route = of(posting.routes(hub), posting.ORDERS)
    leaf = leaf_of(0)
    first = orders.direct(leaf, origin=ORIGIN)
    assert (await route.run(call(posting.ORDERS, b'{"orders":[' + first + b"]}"))).idle == 0
    assert (await route.run(call(posting.ORDERS, b'{"orders":[' + first + b"]}"))).idle == 0  # known by its bytes
    varied = [
        orders.direct(msgspec.structs.replace(leaf, sigs=[*leaf.sigs, Sig(key="x", sig=f"{n:086d}")]), origin=ORIGIN)
        for n in range(5)
    ]
    body = b'{"orders":[' + b",".join(varied) + b"]}"
    assert (await route.run(call(posting.ORDERS, body))).idle == 5
    assert (await route.run(call(posting.ORDERS, body))).idle == 0


async def test_one_officers_orders_too_many_are_not_in_the_way_of_others() -> None:
    hub, _ = made()
    took: list[bytes] = []

    def take(data: bytes) -> None:
        if data == b'"full"':
            raise Refused("order.full", limit=16)
        took.append(data)

    with pytest.raises(Refused) as refused:
        await posting.taken(b'{"orders":["full","next"]}', hub.view, take)
    assert refused.value.code == "order.full"
    assert took == [b'"next"']
