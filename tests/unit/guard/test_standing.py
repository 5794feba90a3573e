# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from answerable.admission.clocks import ClockMode
from answerable.admission.holding import HolderView
from answerable.admission.trust import Trust
from answerable.errors import Refused
from answerable.guard.standing import KEPT, Standing
from tests.unit.admission import a_stop
from tests.unit.admission.a_warrant import WARRANT
from tests.unit.guard.offices import LIFE, Office

PULSELESS = Trust(a_stop.ORIGIN, issuers=a_stop.TRUST.issuers)


async def standing(view: HolderView | None = None, office: Office | None = None) -> tuple[Standing, Office]:
    office = office or Office()
    made = Standing(WARRANT.aud, view, wall=lambda: office.wall, mono=lambda: office.mono)
    made.leased = await office.source().next()
    made.closed = ""
    return made, office


def heard(*orders: bytes, trust: Trust = PULSELESS, pulse: bool = False) -> HolderView:
    view = HolderView(trust, ClockMode.SAME_HOST, pulse)
    for data in orders:
        view.order(data)
    return view


def order(num: int, *, kind: str = "terminate", epoch: int = 1) -> bytes:
    return a_stop.issued(a_stop.order(num, kind=kind), num, epoch=epoch)


def code(made: Standing) -> str:
    with pytest.raises(Refused) as caught:
        made.admit()
    return caught.value.code


async def test_it_admits_under_a_live_warrant_and_refuses_after() -> None:
    made, office = await standing()
    assert made.admit() is made.leased
    office.passes(LIFE - 1)
    made.admit()
    assert not made.over
    office.passes(1)
    assert code(made) == "warrant.expired"
    assert made.over


async def test_closed_is_closed_and_nothing_is_admitted_before_a_warrant() -> None:
    made, _ = await standing()
    made.closed = "draining"
    assert code(made) == "guard.closed"
    bare = Standing(WARRANT.aud, None)
    bare.closed = ""
    assert code(bare) == "guard.closed"


async def test_both_clocks_end_it_and_a_stepped_one_is_known() -> None:
    made, office = await standing()
    office.wall += LIFE
    assert code(made) == "warrant.expired"
    assert made.lapsed
    assert not made.over
    fault = made.fault()
    assert fault is not None
    assert fault.code == "warrant.expired"
    office.wall -= 2 * LIFE
    office.mono += LIFE
    assert code(made) == "warrant.expired", "a clock that was put back lengthens nothing"
    assert made.over


async def test_an_order_of_an_ancestor_reaches_it_and_a_strangers_does_not() -> None:
    office = Office()
    office.changes = {"epoch": 0}
    made, _ = await standing(heard(order(17)), office)
    reached = made.order()
    assert reached is not None
    assert reached.terminates
    assert reached.data == order(17)
    assert code(made) == "stop.system"
    other, _ = await standing(heard(order(18)), office)
    assert other.order() is None
    other.admit()


async def test_a_suspension_is_told_from_a_termination() -> None:
    office = Office()
    office.changes = {"epoch": 0}
    made, _ = await standing(heard(order(3, kind="suspend")), office)
    reached = made.order()
    assert reached is not None
    assert not reached.terminates
    both, _ = await standing(heard(order(3, kind="suspend"), order(17, epoch=2)), office)
    reached = both.order()
    assert reached is not None
    assert reached.terminates, "a termination comes before a suspension"


async def test_orders_that_only_the_issuer_knows_are_waited_for() -> None:
    made, _ = await standing(heard())
    assert made.behind
    assert code(made) == "stop.stale"
    alone, _ = await standing(None)
    assert not alone.behind
    alone.admit()


async def test_who_knows_more_than_the_issuer_can_give_it_back() -> None:
    office = Office()
    office.changes = {"epoch": 0}
    made, _ = await standing(heard(order(18), order(19, epoch=2)), office)
    assert made.ahead
    assert made.known() == [order(18), order(19, epoch=2)]
    even, _ = await standing(heard(), office)
    assert not even.ahead


async def test_without_a_fresh_pulse_nothing_is_admitted() -> None:
    office = Office()
    office.changes = {"epoch": 0}
    made, _ = await standing(heard(trust=a_stop.TRUST, pulse=True), office)
    assert code(made) == "pulse.missing"
    fault = made.fault()
    assert fault is not None
    assert fault.code == "pulse.missing"


async def test_the_last_calls_are_kept_and_no_more() -> None:
    made, office = await standing()
    for number in range(KEPT + 5):
        made.begin("POST", f"/v1/{number}")
        made.end()
    assert len(made.calls) == KEPT
    assert made.calls[-1].path == f"/v1/{KEPT + 4}"
    assert (made.flying, made.last) == (0, office.wall)


async def test_under_an_envelope_the_pulse_is_not_asked_for_again_and_an_order_ends_it_all_the_same() -> None:
    view = heard(trust=a_stop.TRUST, pulse=True)
    made, _ = await standing(view)
    assert made.leased is not None
    made.leased = replace(made.leased, warrant=msgspec.structs.replace(made.leased.warrant, epoch=0))
    assert code(made).startswith("pulse.")
    assert made.fault() is not None
    made.leased = replace(made.leased, held=replace(made.leased.held, envelope="en.vel.ope"))
    assert made.admit() is made.leased
    assert made.fault() is None
    view.order(order(WARRANT.ancestors[-1]))
    assert code(made) == "stop.system"
