# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
import time
from typing import Any

import msgspec
import pytest

from answerable.errors import Refused
from answerable.model.records import PartyRole
from answerable.model.terms import Role
from answerable.model.warrants import Bearer
from answerable.warrants.gate import Gate, audience_of
from tests.fleet import DOMAIN, GATEWAY, a_rid
from tests.unit.warrants.office import Office


def code(office: Office, bearer: Bearer) -> str:
    with pytest.raises(Refused) as refusal:
        office.gate.admit(bearer)
    return refusal.value.code


async def of(office: Office, name: str = "tuned") -> Bearer:
    return await office.holder.bearer(office.copies[name].rid)


def test_the_audience_names_one_gateway() -> None:
    assert audience_of(DOMAIN) == GATEWAY
    assert audience_of(DOMAIN, "second") != GATEWAY


async def test_admits_until_either_clock_says_it_ended() -> None:
    office = Office()
    bearer = await of(office)
    office.gate.admit(bearer)
    office.clock.now += 60_000
    assert code(office, bearer) == "warrant.expired"
    office.clock.now -= 120_000  # set back: the monotonic clock is not fooled
    office.clock.mono += 60_000
    assert code(office, bearer) == "warrant.expired"


async def test_refuses_another_audience_and_a_future() -> None:
    office = Office()
    bearer = await of(office)
    other = Gate(office.book, office.clock, audience_of(DOMAIN, "second"))
    with pytest.raises(Refused) as refusal:
        other.admit(bearer)
    assert refusal.value.code == "warrant.audience"
    office.clock.now -= 5_000
    assert code(office, bearer) == "warrant.not_yet"


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"scope": "all", "num": 0},
        {"scope": "world", "root": "information", "num": 0},
        {"scope": "copy", "root": a_rid("copy tuned 1"), "num": 0},
        {"scope": "party", "root": a_rid("party maker"), "num": 0},
        {"scope": "system", "num": 3},
        {"num": 9_999, "twins": (3,)},
    ],
)
async def test_a_stop_reaches_it_the_moment_it_is_committed(changed: dict[str, Any]) -> None:
    office = Office()
    bearer = await of(office)
    assert office.gate.stopped_by(bearer) == ""
    order = office.stop(**changed)
    assert office.gate.stopped_by(bearer) == order
    assert code(office, bearer) == "stop.system"


async def test_unrelated_systems_go_on() -> None:
    office = Office()
    bearers = [await of(office, name) for name in ("other", "app")]
    office.stop()
    for bearer in bearers:
        office.gate.admit(bearer)
        assert office.gate.stopped_by(bearer) == ""


async def test_a_suspension_ends_by_itself() -> None:
    office = Office()
    bearer = await of(office)
    office.stop(kind="suspend", until=office.clock.now + 1_000)
    assert code(office, bearer) == "stop.system"
    office.clock.pass_ms(1_000)
    office.gate.admit(bearer)


async def test_what_the_registry_knows_beyond_the_warrant() -> None:
    office = Office()
    bearer = await of(office)
    dead = dataclasses.replace(bearer, system=msgspec.structs.replace(bearer.system, dead=a_rid("o")))
    assert office.gate.stopped_by(dead) == a_rid("o")
    assert code(office, dead) == "stop.system"
    two = (*bearer.system.parties, PartyRole(party=office.firm.rid, role=Role.INSURER))
    insured = dataclasses.replace(bearer, system=msgspec.structs.replace(bearer.system, parties=two))
    office.stop(scope="party", root=office.firm.rid, num=0)
    assert code(office, insured) == "stop.system"
    office.gate.admit(bearer)


async def test_a_gate_that_knows_fewer_stops_than_the_issuer_refuses() -> None:
    office = Office()
    bearer = await of(office)
    ahead = dataclasses.replace(bearer, warrant=msgspec.structs.replace(bearer.warrant, epoch=7))
    assert code(office, ahead) == "stop.stale"


async def test_costs_little() -> None:
    office = Office()
    bearer = await of(office)
    best = 1.0
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(5_000):
            office.gate.admit(bearer)
        best = min(best, (time.perf_counter() - start) / 5_000)
    assert best < 10e-6  # about 1 microsecond; ten times that on a busy core
