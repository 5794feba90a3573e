# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from answerable.admission.clocks import ClockMode, Reading
from answerable.admission.holding import HolderView
from answerable.app.node_gate import NodeGate
from answerable.app.node_replica import Replica
from answerable.errors import Refused, Unavailable
from answerable.model.warrants import Horizon
from tests.fleet import GATEWAY
from tests.unit.admission.a_stop import PINNED, beat, issued, order
from tests.unit.warrants.office import Office


class House(Office):
    def __init__(self, mode: ClockMode = ClockMode.SAME_HOST, *, pulse: bool = False) -> None:
        super().__init__()
        self.replica = Replica(self.book.domain)
        own = {"since": "", "seen": True, "told_epoch": 0, "_coming": None}
        self.replica.__dict__.update({**self.book.__dict__, **own})
        self.view = HolderView(PINNED, mode, pulse_required=pulse)
        self.node = NodeGate(self.replica, self.clock, GATEWAY, self.view)


async def test_a_good_warrant_admits_nobody_before_the_control_plane_was_seen() -> None:
    house = House()
    bearer = await house.holder.bearer(house.copies["tuned"].rid)
    house.node.admit(bearer)
    assert house.node.problem() == ""
    house.replica.seen = False
    with pytest.raises(Unavailable, match=r"node\.unseen"):
        house.node.admit(bearer)
    assert house.node.problem() == "node.unseen"


async def test_an_order_stops_it_whatever_the_replica_shows_and_ends_what_was_seen_ahead() -> None:
    house = House()
    bearer = await house.holder.bearer(house.copies["tuned"].rid)
    base = house.book.system("base")
    assert base is not None
    ahead = Horizon(house.replica.changes + house.view.changes, house.clock.now, 2**52, 2**52)
    assert house.node.holds(ahead)
    house.view.order(issued(order(base.num), base.num, epoch=1))
    assert not house.node.holds(ahead)
    assert house.node.stopped_by(bearer)
    with pytest.raises(Refused, match=r"stop\.system"):
        house.node.admit(bearer)


async def test_without_a_pulse_where_one_is_needed_nobody_acts() -> None:
    house = House(pulse=True)
    bearer = await house.holder.bearer(house.copies["tuned"].rid)
    assert house.node.problem() == "pulse.missing"
    with pytest.raises(Refused, match=r"pulse\.missing"):
        house.node.admit(bearer)
    house.view.pulse(beat(at=house.clock.now), house.clock.now, house.clock.mono)
    house.node.admit(bearer)
    house.clock.pass_ms(10_001)
    assert house.node.problem() == "pulse.stale"
    with pytest.raises(Refused, match=r"pulse\.stale"):
        house.node.admit(bearer)


async def test_a_clock_that_nobody_vouches_for_admits_nothing() -> None:
    house = House(ClockMode.NTP)
    bearer = await house.holder.bearer(house.copies["tuned"].rid)
    assert house.node.problem() == "clock.unsynchronised"
    with pytest.raises(Refused, match=r"clock\.unsynchronised"):
        house.node.admit(bearer)
    house.view.clock(Reading(synchronised=True, error_ms=4, mono_ms=house.clock.mono))
    house.node.admit(bearer)
    house.view.clock(Reading(synchronised=False, error_ms=4, mono_ms=house.clock.mono))
    with pytest.raises(Refused, match=r"clock\.unsynchronised"):
        house.node.admit(bearer)


async def test_a_warrant_that_knows_of_more_orders_makes_the_node_ask_at_once() -> None:
    house, hurried = House(), list[bool]()
    node = NodeGate(house.replica, house.clock, GATEWAY, house.view, lambda: hurried.append(True))
    bearer = await house.holder.bearer(house.copies["tuned"].rid)
    node.admit(bearer)
    assert not hurried
    ahead = replace(bearer, warrant=msgspec.structs.replace(bearer.warrant, epoch=bearer.warrant.epoch + 1))
    with pytest.raises(Refused, match=r"stop\.stale"):
        node.admit(ahead)
    assert hurried == [True]
