# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from answerable.admission.bound import SAME_HOST
from answerable.errors import Refused, Unavailable
from answerable.pipeline.carry import carry
from answerable.pipeline.flights import RECHECK_S, Flights
from tests.unit.pipeline.scripted import DONE, Clock, Gate, Stage, bearer, event, system


async def test_only_flights_of_what_is_stopped_are_cut() -> None:
    gate = Gate(Clock())
    flights = Flights(gate)
    good, bad = bearer(system("good", 1)), bearer(system("bad", 2))
    orders: list[str] = []

    async def fly(*bearers: object) -> str:
        flight = flights.board()
        flight.bearers = bearers  # type: ignore[assignment]
        try:
            await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            if flight.cause is None:
                raise
            flight.landed()
            orders.append(str(flight.cause.params["order"]))
        finally:
            flights.leave(flight)
        await asyncio.sleep(0)  # a task that was uncancelled goes on
        return "landed"

    tasks = [asyncio.create_task(fly(good)), asyncio.create_task(fly(good, bad)), asyncio.create_task(fly())]
    await asyncio.sleep(0)
    gate.stopped[2] = "order"
    assert flights.stops_changed() == 1
    assert await asyncio.gather(*tasks) == ["landed"] * 3
    assert orders == ["order"]
    assert len(flights) == 0


async def test_a_flight_is_cut_once() -> None:
    flights = Flights(Gate(Clock()))

    async def fly() -> None:
        first = Refused("stop.system", order="first")
        flight = flights.board()
        flight.cut(first)
        flight.cut(Refused("stop.system", order="second"))
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            assert flight.cause is first
            flight.landed()
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    await asyncio.create_task(fly())


async def test_a_deadline_ends_what_is_late_and_nothing_else() -> None:
    flights = Flights(Gate(Clock()))

    async def fly(seconds: float, takes: float) -> str:
        flight = flights.board()
        try:
            flight.due(seconds)
            await asyncio.sleep(takes)
        except asyncio.CancelledError:
            assert flight.cause is not None
            flight.landed()
            await asyncio.sleep(0.02)
            return flight.cause.code
        finally:
            flights.leave(flight)
        flight.due(0)
        await asyncio.sleep(0.08)  # without a deadline
        return "landed"

    async with asyncio.timeout(3):
        landed = await asyncio.gather(fly(600, 0.05), fly(0.04, 5), fly(0.04, 0))
    assert landed == ["landed", "upstream.timeout", "landed"]


async def test_a_stop_order_beside_a_deadline_is_the_stop_orders() -> None:
    flights = Flights(Gate(Clock()))

    async def fly() -> str:
        flight = flights.board()
        flight.cut(Unavailable("upstream.timeout"))
        flight.cut(Refused("stop.system", order="order"))
        flight.cut(Unavailable("action.shutdown"))
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(1)
        flight.landed()
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0, "one cancellation, however many causes"
        return str(flight.cause.params["order"]) if flight.cause is not None else ""

    assert await asyncio.create_task(fly()) == "order"


async def test_admission_is_asked_anew_while_a_model_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("answerable.pipeline.flights.RECHECK_S", 0.02)
    stage = Stage(carry)
    stage.upstream.script = stage.says(event("one "), lambda: asyncio.sleep(3600), DONE)
    task = asyncio.create_task(stage.run(stream=True))
    await asyncio.wait_for(stage.out.sent.wait(), 2)
    await asyncio.sleep(0.1)
    assert not task.done()  # admitted again and again, and nothing is lost by it
    stage.clock.ms = 60_000  # the caller's warrant ends; nobody tells the gateway, and no chunk comes
    await asyncio.wait_for(task, 2)
    assert stage.out.error.code == "warrant.expired"
    assert [leaf.err for leaf in stage.closes] == ["warrant.expired"]
    assert stage.upstream.left == 1


async def test_who_cannot_ask_in_time_goes_by_the_warrant_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("answerable.pipeline.flights.RECHECK_S", 0.02)
    gate = Gate(Clock())
    flights = Flights(gate)

    async def fly(number: int) -> str:
        flight = flights.board()
        flight.bearers = (bearer(system("x", number)),)
        flight.again = lambda: asyncio.sleep(3600)  # an issuer that hangs
        try:
            await asyncio.sleep(0.2)
        except asyncio.CancelledError:
            assert flight.cause is not None
            flight.landed()
            return flight.cause.code
        finally:
            flights.leave(flight)
        return "landed"

    gate.stopped[2] = "order"
    assert await asyncio.gather(fly(1), fly(2)) == ["landed", "stop.system"]
    await asyncio.sleep(0.05)
    assert flights._rechecks is None  # nothing in flight: nothing to ask


def test_the_interval_is_the_one_that_the_bound_counts_with() -> None:
    assert SAME_HOST.recheck_ms == RECHECK_S * 1000
