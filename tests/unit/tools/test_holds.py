# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import json

import msgspec
import pytest

from answerable.crypto import jcs
from answerable.errors import Refused
from answerable.model.actions import Decision
from answerable.model.holds import Ballot, HoldState, Need
from answerable.model.terms import AdminRole, Criticality, Effect, Ruling, World
from answerable.model.tools import Tool, ToolState
from answerable.model.units import Expect, Space
from answerable.tools.holds import INDEX, Holds, need_of
from tests.held import HELD, KEY, PAY, POLICY, TWO, Held, refused


@pytest.fixture
def held() -> Held:
    return Held()


def tool(approvals: int = 0, *roles: AdminRole) -> Tool:
    return Tool(
        world=World.INFORMATION, criticality=Criticality.CRITICAL, domain="payment", effect=Effect.WRITE,
        approvals=approvals, roles=roles, server="bank", name="pay", system="s", rid="r", state=ToolState.CLASSIFIED,
        since=0, changed=0,
    )  # fmt: skip


def test_who_must_agree() -> None:
    permit = Decision(Ruling.PERMIT, "R100", "free", ("label",))
    assert need_of(permit, None) is None
    assert need_of(permit, tool()) is None
    assert need_of(Decision(Ruling.REFUSE, "R020", "no", ("approvals:2",)), tool(2)) is None
    assert need_of(HELD, None) == Need(2, (AdminRole.APPROVER,))
    assert need_of(HELD, tool(3)) == Need(3, (AdminRole.APPROVER,))
    assert need_of(permit, tool(1, AdminRole.OFFICER)) == Need(1, (AdminRole.OFFICER,))
    # A hold without a number is no permit; each role has somebody of its own.
    assert need_of(Decision(Ruling.HOLD, "X", "x"), None) == Need(1, (AdminRole.APPROVER,))
    roles = Decision(Ruling.HOLD, "X", "x", ("approvals:1", "role:officer", "role:approver"))
    assert need_of(roles, None) == Need(2, (AdminRole.APPROVER, AdminRole.OFFICER))


def test_a_call_is_held_approved_by_two_and_runs_once(held: Held) -> None:
    assert held.find() is None
    hold = held.pose()
    found = held.find()
    assert found is not None
    assert (found.hold, found.state, found.have) == (hold, HoldState.WAITING, 0)
    anna, ben = held.people[:2]
    held.approve(hold, anna)
    found = held.find()
    assert found is not None
    assert (found.state, found.have) == (HoldState.WAITING, 1)
    assert refused(lambda: held.spend(held.now(hold))) == "hold.void"
    held.approve(hold, ben)
    found = held.find()
    assert found is not None
    assert (found.state, found.have) == (HoldState.APPROVED, 2)
    ran = held.spend(found.hold)
    assert held.now(hold).spent == ran
    # The same call is another call now, and this approval is used.
    assert held.find() is None
    assert refused(lambda: held.find(named=hold.rid)) == "hold.spent"
    assert refused(lambda: held.spend(held.now(hold))) == "hold.spent"


def test_two_that_spend_at_once_run_once(held: Held) -> None:
    hold = held.approve(held.pose(), *held.people[:2])
    first = held.holds.spend(hold, "o" * 32, held.clock.now)
    second = held.holds.spend(hold, "p" * 32, held.clock.now)
    held.spend(hold, first)
    assert refused(lambda: held.spend(hold, second)) == "log.conflict"


def test_the_vote_of_who_leaves_ends_with_their_office(held: Held) -> None:
    hold = held.approve(held.pose(), *held.people[:2])
    planned = held.holds.spend(hold, "o" * 32, held.clock.now)
    held.withdraw(held.people[1])
    found = held.find()
    assert found is not None
    assert (found.state, found.have) == (HoldState.WAITING, 1)
    assert refused(lambda: held.spend(hold)) == "hold.void"
    # Planned before, written after: what it rested on is not so any more.
    assert refused(lambda: held.spend(hold, planned)) == "log.conflict"
    held.approve(hold, held.people[2])
    found = held.find()
    assert found is not None
    assert found.state is HoldState.APPROVED


def test_an_unanswered_hold_ends_in_refusal(held: Held) -> None:
    hold = held.pose()
    held.clock.pass_ms(held.holds.expires_ms - 1)
    assert held.find() is not None
    held.clock.pass_ms(1)
    assert held.holds.state(hold, held.clock.now) is HoldState.EXPIRED
    assert held.find() is None
    assert refused(lambda: held.find(named=hold.rid)) == "hold.expired"
    assert refused(lambda: held.approve(hold, held.people[0])) == "hold.expired"
    # Asked anew it is another hold, which the call finds from then on.
    again = held.pose()
    found = held.find()
    assert found is not None
    assert found.hold == again != hold


def test_an_approval_that_is_not_used_in_time_ends(held: Held) -> None:
    hold = held.approve(held.pose(), *held.people[:2])
    held.clock.pass_ms(held.holds.expires_ms)
    assert held.find() is None
    assert refused(lambda: held.spend(hold)) == "hold.expired"


def test_what_was_rejected_is_refused_until_it_would_have_ended(held: Held) -> None:
    hold = held.pose()
    held.decide(held.vote(hold, Ballot.REJECT, held.people[0]))
    with pytest.raises(Refused) as refusal:
        held.find()
    assert (refusal.value.code, refusal.value.params["until"]) == ("hold.rejected", hold.exp)
    assert held.find(held.asked({"amount": 5})) is None
    held.clock.pass_ms(held.holds.expires_ms)
    assert held.find() is None
    assert refused(lambda: held.find(named=hold.rid)) == "hold.expired"


@pytest.mark.parametrize(
    "other",
    [
        {"caller": "another"}, {"copy": "another"}, {"principal": "eve"}, {"server": "bank2"}, {"tool": "pay2"},
        {"call": jcs.dumps({**PAY, "amount": 101})}, {"call": jcs.dumps({**PAY, "more": None})},
    ],
)  # fmt: skip
def test_an_approval_is_for_exactly_one_call(held: Held, other: dict[str, str]) -> None:
    hold = held.approve(held.pose(), *held.people[:2])
    asked = msgspec.structs.replace(held.asked(), **other)
    assert held.find(asked) is None
    code = "hold.unknown" if "caller" in other else "hold.mismatch"
    assert refused(lambda: held.find(asked, named=hold.rid)) == code
    assert refused(lambda: held.find(asked, named=hold.open)) == code


def test_a_hold_is_its_copys_while_that_runs_and_then_its_systems(held: Held) -> None:
    hold = held.approve(held.pose(), *held.people[:2])
    second = held.fleet.copy(held.agent, 2)
    other = msgspec.structs.replace(held.asked(), copy=second.rid)
    assert held.find(other) is None
    # Both may ask, side by side, and neither takes the other's.
    theirs = held.pose(other)
    for asked, expected in ((held.asked(), hold), (other, theirs)):
        found = held.find(asked)
        assert found is not None
        assert found.hold.rid == expected.rid
    held.fleet.end(held.copy)
    assert refused(lambda: held.find(msgspec.structs.replace(other, copy="unknown"), named=theirs.rid)) == (
        "hold.mismatch"
    )
    found = held.find(other, named=hold.rid)
    assert found is not None
    held.spend(found.hold)
    third = msgspec.structs.replace(other, copy=held.fleet.copy(held.agent, 3).rid)
    assert held.find(third) is None
    held.fleet.end(second)
    found = held.find(third)
    assert found is not None
    assert found.hold == theirs


def test_the_order_of_members_does_not_matter(held: Held) -> None:
    held.approve(held.pose(), *held.people[:2])
    assert held.find(held.asked({"to": "DE02", "amount": 100})) is not None


def test_another_policy_or_a_greater_need_asks_anew(held: Held) -> None:
    hold = held.approve(held.pose(), *held.people[:2])
    other = msgspec.structs.replace(held.asked(), policy="cd" * 32)
    assert held.find(other) is None
    assert refused(lambda: held.find(other, named=hold.rid)) == "hold.void"
    assert held.find(need=Need(3)) is None
    assert refused(lambda: held.find(need=Need(3), named=hold.rid)) == "hold.void"
    assert held.find(need=Need(2, (AdminRole.APPROVER, AdminRole.OFFICER))) is None
    assert held.find(need=Need(1)) is not None


def test_what_nobody_held_is_unknown(held: Held) -> None:
    held.pose()
    for named in ("", "x", INDEX, "h" * 32):
        if named:
            assert refused(lambda: held.find(named=named)) == "hold.unknown"  # noqa: B023
    index = next(name for name, _ in held.book.rows(Space.HELD) if name.startswith(INDEX))
    assert held.holds.get(index) is None
    assert refused(lambda: held.find(named=index)) == "hold.unknown"


def test_the_same_call_asked_twice_at_once_is_one_hold(held: Held) -> None:
    first = held.holds.pose(held.asked(), TWO, "o" * 32, HELD, "v" * 32, held.clock.now)
    second = held.holds.pose(held.asked(), TWO, "p" * 32, HELD, "v" * 32, held.clock.now)
    assert set(first.rider.expect) & set(second.rider.expect) == {
        expect for expect in first.rider.expect if expect.key.startswith(INDEX)
    }
    held.pose()
    with pytest.raises(Refused, match=r"log\.conflict|changed"):
        held.fleet.ledger.write(unit_of(second.rider.expect))


def unit_of(expect: tuple[Expect, ...]) -> object:
    from answerable.model.units import Unit

    return Unit(expect=expect)


def test_one_system_does_not_bury_the_others(held: Held) -> None:
    holds = Holds(held.book, KEY, most_waiting=2, read=held.read)
    held.holds = holds
    for amount in (1, 2):
        held.pose(held.asked({"amount": amount}))
    assert refused(lambda: held.pose(held.asked({"amount": 3}))) == "hold.crowded"
    held.pose(msgspec.structs.replace(held.asked({"amount": 3}), caller=held.fleet.app.rid))
    held.clock.pass_ms(holds.expires_ms)
    held.pose(held.asked({"amount": 3}))


def test_where_nothing_is_kept_nobody_is_asked(held: Held) -> None:
    held.holds = Holds(held.book, KEY, kept=False)
    assert refused(lambda: held.pose()) == "hold.unkept"


def test_what_is_shown_is_what_was_committed_to(held: Held) -> None:
    hold = held.pose()
    shown = json.loads(asyncio.run(held.holds.shown(hold)))
    assert shown == {
        "act": "tool_call", "arguments": PAY, "caller": held.agent.rid, "copy": held.copy.rid, "principal": "",
        "server": "bank", "tool": "pay",
    }  # fmt: skip
    assert asyncio.run(held.holds.call(hold)) == jcs.dumps({"arguments": PAY, "name": "pay"})
    assert asyncio.run(held.holds.arguments(hold)) is None
    salt, body = held.payloads[hold.call, "call"]
    held.payloads[hold.call, "call"] = salt, body.replace(b"100", b"999")
    with pytest.raises(Refused) as refusal:
        asyncio.run(held.holds.shown(hold))
    assert refusal.value.code == "hold.unreadable"
    del held.payloads[hold.call, "call"]
    for ask in (held.holds.shown, held.holds.call, held.holds.original):
        with pytest.raises(Refused):
            asyncio.run(ask(hold))


def test_no_amount_and_no_name_stands_in_the_log(held: Held) -> None:
    hold = held.pose(msgspec.structs.replace(held.asked({"to": "Wang Fang", "amount": 4711}), principal="mia"))
    held.approve(hold, *held.people[:2])
    text = b"".join(map(msgspec.json.encode, held.leaves)) + b"".join(raw for _, raw in held.book.rows(Space.HELD))
    assert not [word for word in (b"Wang", b"4711", b"mia") if word in text]
    # Two holds of one call are not seen to be of one call.
    held.clock.pass_ms(held.holds.expires_ms)
    assert held.pose(msgspec.structs.replace(held.asked({"to": "Wang Fang", "amount": 4711}))).dig != hold.dig


def test_leaves_alone_tell_every_row(held: Held) -> None:
    ran = held.approve(held.pose(), *held.people[:2])
    held.spend(ran)
    rejected = held.pose(held.asked({"amount": 1}))
    held.decide(held.vote(rejected, Ballot.REJECT, held.people[0]))
    changed = held.pose(held.asked({"amount": 2}))
    held.decide(*held.change(changed, {"amount": 1}, held.people[1]))
    more = held.pose(held.asked({"amount": 3}))
    held.decide(held.vote(more, Ballot.ESCALATE, held.people[0], need=Need(3)))
    kept = {name: row for name, row in held.book.rows(Space.HELD) if not name.startswith(INDEX)}
    told = held.told()
    assert told.keys() == kept.keys()
    for name, row in kept.items():
        mine, theirs = json.loads(row), json.loads(told[name])
        assert {k for k in mine if mine[k] != theirs[k]} <= {"tag"}
    for name, row in held.told(hidden=False).items():
        mine, theirs = json.loads(kept[name]), json.loads(row)
        assert {k for k in mine if mine[k] != theirs[k]} <= {"tag", "copy", "server", "tool"}


def test_policy_is_part_of_the_leaf(held: Held) -> None:
    posed, opened = held.posed()
    leaf = held.leaves[-1]
    assert (leaf.pol, leaf.open, leaf.need, leaf.roles) == (POLICY, posed.hold.open, 2, ["approver"])  # type: ignore[attr-defined]
    assert opened.dec == "hold"


def test_a_made_up_name_is_looked_up_and_not_searched_for(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    first = held.pose()
    monkeypatch.setattr(type(held.book), "rows", lambda *_: pytest.fail("every hold was looked through"))
    assert held.holds.named(first.open) == held.holds.named(first.rid) == first
    assert held.holds.named("h" * 32) is None
