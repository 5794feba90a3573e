# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec
import pytest

from answerable.model.holds import HoldState, Need
from answerable.model.leaves import HoldLeaf
from answerable.model.terms import Criticality, Effect, World
from answerable.model.tools import Tool, ToolState
from answerable.model.units import Expect, Space
from answerable.tools.holds import REGISTERED
from answerable.tools.voided import tool_of, why
from tests.held import POLICY, Held, refused

PAY = Tool(
    world=World.INFORMATION, criticality=Criticality.CRITICAL, domain="payment", effect=Effect.WRITE, server="bank",
    name="pay", system="s", rid="t" * 32, state=ToolState.CLASSIFIED, since=0, changed=0, pin="sha256:1",
)  # fmt: skip
ANEW = msgspec.structs.replace(PAY, rid="u" * 32)


class Registered(Held):
    """Whose tool stands in the registry."""

    def __init__(self) -> None:
        super().__init__()
        self.register(PAY)

    def register(self, tool: Tool) -> None:
        self.fleet.put(Space.TOOLS, tool.key, msgspec.json.encode(tool))


@pytest.fixture
def held() -> Registered:
    return Registered()


@pytest.mark.parametrize("changed", [-1, 0, 1])
def test_a_hold_is_void_once_another_leaf_speaks_for_its_tool_whatever_clocks_say(
    held: Registered, changed: int
) -> None:
    asked = held.asked(reg=PAY.rid)
    hold = held.approve(held.pose(asked), *held.people[:2])
    assert why(held.book, hold, policy=POLICY) == ""
    held.register(msgspec.structs.replace(ANEW, changed=hold.at + changed))
    assert why(held.book, hold) == "hold.registered"
    assert held.holds.state(hold, held.clock.now) is HoldState.VOID
    assert refused(lambda: held.find(asked, named=hold.rid)) == "hold.registered"
    assert held.find(asked) is None
    assert refused(lambda: held.spend(hold)) == "hold.registered"
    again = msgspec.structs.replace(asked, reg=ANEW.rid)
    held.clock.pass_ms(2)
    assert held.pose(again).reg == ANEW.rid
    found = held.find(again)
    assert found is not None
    assert found.have == 0


def test_what_the_call_is_judged_by_is_compared_where_it_is_told(held: Registered) -> None:
    hold = held.pose(held.asked(reg=PAY.rid))
    assert why(held.book, hold, reg=ANEW.rid) == "hold.registered"
    assert why(held.book, hold, reg=PAY.rid) == ""


def test_an_approval_is_not_used_in_a_unit_that_comes_after_the_tool_changed(held: Registered) -> None:
    hold = held.approve(held.pose(held.asked(reg=PAY.rid)), *held.people[:2])
    planned = held.holds.spend(hold, "o" * 32, held.clock.now)
    assert Expect(Space.TOOLS, PAY.key, msgspec.json.encode(PAY)) in planned.expect
    held.register(ANEW)
    assert refused(lambda: held.spend(hold, planned)) == "log.conflict"
    held.register(PAY)
    held.spend(hold, planned)


def test_nobody_votes_on_what_is_void(held: Registered) -> None:
    from answerable.model.holds import Ballot

    hold = held.pose(held.asked(reg=PAY.rid))
    held.register(ANEW)
    assert refused(lambda: held.decide(held.vote(hold, Ballot.APPROVE, held.people[0]))) == "hold.registered"


def test_a_row_of_before_falls_back_to_when_the_tool_last_changed(held: Registered) -> None:
    hold = held.pose()
    raw = msgspec.json.decode(held.book.raw(Space.HELD, hold.rid) or b"")
    del raw["reg"]
    held.fleet.put(Space.HELD, hold.rid, msgspec.json.encode(raw))
    hold = held.now(hold)
    assert (hold.reg, why(held.book, hold)) == ("", "")
    for changed, code in ((hold.at - 1, ""), (hold.at, "hold.registered"), (hold.at + 1, "hold.registered")):
        held.register(msgspec.structs.replace(ANEW, changed=changed))
        assert why(held.book, hold) == code


def test_policy_need_system_and_tool_each_have_their_word(held: Registered) -> None:
    hold = held.pose(held.asked(reg=PAY.rid))
    assert why(held.book, hold, policy="cd" * 32) == "hold.void"
    assert why(held.book, hold, need=Need(3)) == "hold.void"
    assert why(held.book, hold, need=Need(1), policy=POLICY, via=(hold.via,)) == ""
    assert why(held.book, hold, via=("another",)) == "hold.moved"
    gone = msgspec.structs.replace(hold, tool="gone")
    assert why(held.book, gone) == "hold.registered"
    answer = msgspec.structs.replace(hold, tool="", reg="")
    assert (tool_of(hold), tool_of(answer), why(held.book, answer)) == ("bank/pay", "", "")


def test_the_leaf_says_which_registration_it_was_and_a_log_tells_it_again(held: Registered) -> None:
    hold = held.pose(held.asked(reg=PAY.rid))
    leaf = held.leaves[-1]
    assert isinstance(leaf, HoldLeaf)
    assert isinstance(leaf.x, dict)
    assert leaf.x[REGISTERED] == PAY.rid
    for hidden in (True, False):
        assert msgspec.json.decode(held.told(hidden=hidden)[hold.rid])["reg"] == PAY.rid
    held.pose(held.asked({"amount": 2}))
    plain = held.leaves[-1]
    assert isinstance(plain, HoldLeaf)
    assert isinstance(plain.x, dict)
    assert REGISTERED not in plain.x
