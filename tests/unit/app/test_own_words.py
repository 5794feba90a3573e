# SPDX-License-Identifier: Apache-2.0
"""The service's own gateway confirms an order for what it serves: at once, by each copy's own key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from answerable.app import own_words
from answerable.app import serving as serving_module
from answerable.app.service import Service
from answerable.log.leaf import decode
from answerable.model.leaves import ReceiptLeaf
from answerable.model.records import Stop
from answerable.model.terms import Locality
from answerable.pipeline.flights import Flights
from answerable.stops.confirming import Standing, standing
from answerable.upstreams.last_word import Word
from answerable.upstreams.weights import SMOLLM2
from tests.e2e.scripted_upstream import ScriptedUpstream
from tests.small_nodes import Plane, chat, client
from tests.small_relay import until
from tests.unit.app.small_store import made
from tests.unit.app.test_serving import LOCAL, Child


@asynccontextmanager
async def serving(folder: Path, *names: str, digests: tuple[str, ...] = (), **flags: Any) -> AsyncIterator[Plane]:
    """A service that serves these systems, registered before it started."""
    core = await made(folder, **flags)
    before = Plane(Service(core), "", "", folder)
    for name in names:
        await before.system(name, digests=digests)
    service = Service(core)
    address = await service.start()
    try:
        yield Plane(service, address.holders, address.gateway, folder)
    finally:
        await service.close()


def served_by(server: ScriptedUpstream, *names: str) -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for name in names:
        row = {"url": server.url, "system": name, "model": "m", "locality": Locality.LOCAL.value}
        rows |= {f"upstreams__{name.lower()}__{key}": value for key, value in row.items()}
    return rows


def now(control: Plane, stop: Stop) -> Standing:
    core = control.core
    return standing(core.book, stop.rid, control.service._issuer.ends, core.now - 1, core.now)


async def receipts_of(control: Plane, stop: Stop) -> list[ReceiptLeaf]:
    leaves = [decode(data) for data in await control.core.reader.tail(0, 1_000)]
    return [leaf for leaf in leaves if isinstance(leaf, ReceiptLeaf) and leaf.order == stop.rid]


async def test_what_it_serves_is_confirmed_within_a_second_and_what_goes_on_is_not(tmp_path: Path) -> None:
    with ScriptedUpstream() as server:
        async with serving(tmp_path, "One", "Other", **served_by(server, "One", "Other")) as control:
            _, handle = await client(control)
            copy = next(each.copy for each in control.service.serving.models if each.system.name == "One")
            assert (await chat(control.gateway, handle, model="One")).status_code == 200
            acted = control.core.now
            stop = await control.suspend("One")
            await until(lambda: now(control, stop).confirmed == 1, 5)
            found = now(control, stop)
            assert (found.copies, found.expired, found.unknown) == (1, 0, 0)
            services = control.service.node_desk._services
            assert services.started_ms <= copy.since, "no issuer before this one signed for what began in this start"
            (leaf,) = await receipts_of(control, stop)
            assert (leaf.own, leaf.st, leaf.fly) == (copy.rid, "stopped", 0)
            assert 0 < leaf.last <= acted <= stop.at <= leaf.rcv < stop.at + 1_000
            assert (await chat(control.gateway, handle, model="Other")).status_code == 200
            assert (await chat(control.gateway, handle, model="One")).json()["error"]["code"] == "stop.system"


async def test_a_stream_in_flight_is_over_before_it_says_stopped(tmp_path: Path) -> None:
    with ScriptedUpstream() as server:
        async with serving(tmp_path, "One", **served_by(server, "One")) as control:
            _, handle = await client(control)
            flights = control.service._flights
            body = {"model": "One", "stream": True, "messages": [{"role": "user", "content": "do:drip"}]}
            async with (
                httpx.AsyncClient(timeout=20) as asking,
                asking.stream(
                    "POST", f"{control.gateway}/chat/completions", json=body,
                    headers={"authorization": f"Bearer {handle}"},
                ) as answer,
            ):  # fmt: skip
                lines = answer.aiter_lines()
                await anext(lines)
                copy = next(iter(control.service.serving.models)).copy
                assert flights.of(copy.rid) == 1
                assert flights.of("other") == 0
                stop = await control.suspend("One")
                rest = "".join([line async for line in lines])
            assert "stop.system" in rest
            await until(lambda: now(control, stop).unknown == 0, 5)
            assert [(leaf.st, leaf.fly) for leaf in await receipts_of(control, stop)] == [("stopped", 0)]
            assert flights.of(copy.rid) == 0


async def test_what_takes_longer_to_end_is_told_as_draining_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_words, "DRAIN_S", 0.0)
    flying = iter([2, 2])
    monkeypatch.setattr(Flights, "of", lambda *_: next(flying, 0))
    with ScriptedUpstream() as server:
        async with serving(tmp_path, "One", **served_by(server, "One")) as control:
            _, handle = await client(control)
            assert (await chat(control.gateway, handle, model="One")).status_code == 200
            stop = await control.suspend("One")
            await until(lambda: now(control, stop).confirmed == 1, 5)
            said = [(leaf.st, leaf.fly) for leaf in await receipts_of(control, stop)]
            assert said == [("draining", 2), ("stopped", 0)]


class Speaking(Child):
    async def word(self, said: Word) -> bytes:
        assert self.alive, "its receipt comes before its end"
        return said.signed(self.secret)


async def test_a_model_in_a_child_signs_before_a_termination_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving_module, "LocalModel", Speaking)
    monkeypatch.setattr(own_words, "LocalModel", Speaking)
    monkeypatch.setattr(serving_module, "obtain", lambda *_: Path())
    Child.born_of = []
    async with serving(tmp_path, "Near", digests=(SMOLLM2.digest,), **LOCAL) as control:
        (child,) = Child.born_of
        monkeypatch.setattr("answerable.app.service.terminated", lambda *_, **__: True)
        stop = await control.suspend("Near")
        await until(lambda: now(control, stop).confirmed == 1, 5)
        await until(lambda: not child.alive, 5)


async def test_one_that_gives_no_receipt_is_left_to_expire_and_holds_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with ScriptedUpstream() as server:
        async with serving(tmp_path, "One", **served_by(server, "One")) as control:
            _, handle = await client(control)
            assert (await chat(control.gateway, handle, model="One")).status_code == 200
            monkeypatch.setattr(Word, "signed", lambda *_: b"{}")
            stop = await control.suspend("One")
            await until(lambda: "gave no receipt" in caplog.text, 5)
            found = now(control, stop)
            assert (found.confirmed, found.unknown) == (0, 1)
            assert found.until > control.core.now
