# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import msgspec
import pytest

from answerable.control.commit import ATTEMPTS, carry_out
from answerable.errors import Refused
from answerable.model.units import Committed, Lane, Put, Space, Unit
from tests.unit.control.house import House


@dataclass(frozen=True)
class Plan:
    unit: Unit
    refusal: Refused | None = None


class Contended:
    """A ledger before which something else was written, so many times."""

    def __init__(self, ledger: Any, lost: int) -> None:
        self._ledger, self.lost = ledger, lost

    async def commit(self, unit: Unit) -> Committed:
        if self.lost:
            self.lost -= 1
            raise Refused("log.conflict")
        found: Committed = await self._ledger.commit(unit)
        return found


def urgent(unit: Unit) -> Unit:
    return msgspec.structs.replace(unit, lane=Lane.STOP)


UNIT = Unit(effects=(Put(Space.MISC, "tried", b"1"),))


def test_a_plan_is_made_anew_when_something_came_between(house: House) -> None:
    made: list[Plan] = []

    def plan() -> Plan:
        made.append(Plan(UNIT))
        return made[-1]

    services = replace(house.services, ledger=Contended(house.core.ledger, 2))
    planned, _ = house.run(carry_out(services, plan))
    assert len(made) == 3
    assert planned is made[-1]


def test_it_does_not_try_for_ever(house: House) -> None:
    services = replace(house.services, ledger=Contended(house.core.ledger, ATTEMPTS))
    with pytest.raises(Refused, match=r"log\.conflict"):
        house.run(carry_out(services, lambda: Plan(UNIT)))


def test_a_stop_order_comes_back_until_it_stands(house: House) -> None:
    services = replace(house.services, ledger=Contended(house.core.ledger, 20 * ATTEMPTS))
    _, written = house.run(carry_out(services, lambda: Plan(urgent(UNIT))))
    assert written.size


def test_what_is_refused_is_recorded_first(house: House) -> None:
    unit = Unit(effects=(Put(Space.MISC, "attempt", b"recorded"),))
    with pytest.raises(Refused, match=r"system\.born_dead"):
        house.run(carry_out(house.services, lambda: Plan(unit, Refused("system.born_dead", order="o"))))
    assert house.core.book.raw(Space.MISC, "attempt") == b"recorded"
