# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio

import pytest

from answerable.app import node_canary
from answerable.app.node_canary import CANARY, Perch
from answerable.errors import Unavailable
from answerable.model.units import Space
from tests.unit.warrants.office import Office


async def test_it_takes_in_the_canary_that_the_registry_names_and_knows_when_its_gate_refuses_it() -> None:
    office = Office()
    admitted: dict[str, int] = {}
    taken: list[str] = []
    perch = Perch(office.book, office.gate, office.holder, office.clock, admitted, taken.append)
    perch.look()
    assert not perch.stopped(), "there is none"
    copy = office.copies["other"].rid
    office.put(Space.MISC, CANARY, copy.encode())
    perch.look()
    perch.look()
    await asyncio.sleep(0.01)
    assert taken == [copy]
    assert perch.holds(copy)
    assert admitted == {copy: office.clock.now}
    assert not perch.stopped(), "the gate lets it in"
    office.stop("other")
    assert perch.stopped()
    fresh = office.copies["app"].rid
    office.put(Space.MISC, CANARY, fresh.encode())
    perch.look()
    await asyncio.sleep(0.01)
    assert perch.holds(fresh)
    assert list(admitted) == [fresh]
    perch.close()


async def test_one_that_is_never_admitted_here_is_never_said_to_have_stopped(monkeypatch: object) -> None:
    office = Office()
    office.stop("other")
    tries, node_canary.TRY_S = node_canary.TRY_S, 0.0  # type: ignore[misc]
    try:
        perch = Perch(office.book, office.gate, office.holder, office.clock, {})
        office.put(Space.MISC, CANARY, office.copies["other"].rid.encode())
        perch.look()
        await asyncio.sleep(0.05)
        assert not perch.holds(office.copies["other"].rid)
        assert not perch.stopped()
    finally:
        node_canary.TRY_S = tries  # type: ignore[misc]


async def test_it_says_that_its_gate_let_it_in_until_that_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_canary, "TRY_S", 0.0)
    office, heard, away = Office(), [], [Unavailable("node.away", detail="x")] * 2
    perch = Perch(office.book, office.gate, office.holder, office.clock, {}, tell=lambda copy: told(copy))

    async def told(copy: str) -> None:
        assert perch.holds(copy), "not before"
        if away:
            raise away.pop()
        heard.append(copy)

    copy = office.copies["other"].rid
    office.put(Space.MISC, CANARY, copy.encode())
    perch.look()
    await asyncio.sleep(0.05)
    assert heard == [copy]
    perch.close()
