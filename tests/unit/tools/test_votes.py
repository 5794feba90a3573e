# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from answerable.crypto import jcs
from answerable.crypto.random import salt
from answerable.log.leaf import decode
from answerable.model.holds import Ballot, HoldState, Need
from answerable.model.leaves import ApprovalLeaf, Sig
from answerable.model.terms import AdminRole
from answerable.model.units import Space
from answerable.tools import exact
from answerable.tools.votes import MAX_SIGNATURES, NEEDS, WAS, Changed, counted, needs, statement
from tests.fleet import a_nonce, a_rid
from tests.held import TWO, Held, refused


@pytest.fixture
def held() -> Held:
    return Held()


def state(held: Held, hold: Any) -> HoldState:
    return held.holds.state(held.now(hold), held.clock.now)


def test_two_people_on_one_statement_are_two(held: Held) -> None:
    hold = held.pose()
    row = held.decide(held.vote(hold, Ballot.APPROVE, *held.people[:2]))
    assert state(held, hold) is HoldState.APPROVED
    assert [(vote.person, vote.dec, vote.dig) for vote in row.votes] == [
        (person.person, Ballot.APPROVE, hold.dig) for person in held.people[:2]
    ]
    leaf = held.leaves[-1]
    assert isinstance(leaf, ApprovalLeaf)
    assert (leaf.hold, leaf.dig, leaf.pol, leaf.exp) == (hold.rid, hold.dig, hold.pol, hold.exp)
    assert counted(held.book, leaf) == tuple(held.people[:2])


def test_the_same_person_counts_once_whatever_keys_they_have(held: Held) -> None:
    hold = held.pose()
    anna = held.people[0]
    second = held.approver("anna again", of="anna")
    assert second.person == anna.person
    held.decide(held.vote(hold, Ballot.APPROVE, anna, second))
    assert state(held, hold) is HoldState.WAITING
    for key in (anna, second):
        assert refused(lambda: held.approve(hold, key)) == "hold.twice"  # noqa: B023
    assert len(held.now(hold).agreed) == 1
    # Withdrawn and enrolled with another key it is the same person still.
    held.withdraw(anna)
    found = held.find()
    assert found is not None
    assert found.have == 0
    assert refused(lambda: held.approve(hold, second)) == "hold.twice"


def test_who_answers_for_the_caller_does_not_approve(held: Held) -> None:
    held.enrol(held.answers)
    hold = held.pose()
    assert refused(lambda: held.approve(hold, held.answers)) == "hold.own"
    assert refused(lambda: held.decide(held.vote(hold, Ballot.REJECT, held.answers))) == "hold.own"


def test_no_system_no_copy_no_officer_and_no_stranger_approves(held: Held) -> None:
    hold = held.pose()
    officer, operator = held.fleet.officers[0], held.fleet.operator
    for person in (officer, operator):
        assert refused(lambda: held.approve(hold, person)) == "hold.signer"  # noqa: B023
    party_key = held.fleet.party_key(held.fleet.maker)
    for name, kid in (("copy agent 1", held.copy.rid), ("maker", party_key.rid), ("anna", a_rid("nobody"))):
        leaf = held.fleet.sign_with(statement(hold, Ballot.APPROVE), name)
        leaf = replace(leaf, sigs=[Sig(key=kid, sig=leaf.sigs[0].sig)])  # type: ignore[attr-defined]
        assert refused(lambda: held.plan(leaf)) == "hold.signer"  # type: ignore[arg-type]  # noqa: B023
    # An organisation that got an approver's key by a damaged row is no person.
    row = held.approver("robot")
    held.enrol(replace(row, person=held.fleet.firm.rid))
    assert refused(lambda: held.approve(hold, replace(row, person=held.fleet.firm.rid))) == "hold.signer"


def test_a_withdrawn_key_votes_no_more(held: Held) -> None:
    hold = held.pose()
    leaf = held.vote(hold, Ballot.APPROVE, held.people[0])
    planned = held.plan(leaf)
    held.withdraw(held.people[0])
    assert refused(lambda: held.plan(leaf)) == "hold.signer"
    assert refused(lambda: held.write(planned.unit)) == "log.conflict"


def test_an_approval_is_not_replayed_nor_moved(held: Held) -> None:
    hold, other = held.pose(), held.pose(held.asked({"amount": 1}))
    anna, ben = held.people[:2]
    leaf = held.vote(hold, Ballot.APPROVE, anna)
    held.decide(leaf)
    assert refused(lambda: held.plan(leaf)) == "hold.twice"
    # Under another hold, digest, policy or end the signature is over something else.
    for changed in ({"hold": other.rid, "dig": other.dig}, {"hold": other.rid}):
        moved = replace(leaf, n=a_nonce(), **changed)
        assert refused(lambda: held.plan(moved)) in ("hold.signature", "hold.malformed")  # noqa: B023
    honest = held.vote(other, Ballot.APPROVE, ben)
    for member, value in (("n", a_nonce()), ("dec", "reject")):
        assert refused(lambda: held.plan(replace(honest, **{member: value}))) == "hold.signature"  # noqa: B023
    for member, value in (("exp", other.exp + 1), ("pol", "00" * 32), ("dig", hold.dig), ("dec", "perhaps")):
        assert refused(lambda: held.plan(replace(honest, **{member: value}))) == "hold.malformed"  # noqa: B023
    # The same statement with another person's signature beside it is spent all the same.
    again = replace(leaf, sigs=held.fleet.sign(leaf, ben).sigs)  # type: ignore[attr-defined]
    assert refused(lambda: held.plan(again)) == "hold.replayed"


def test_a_signature_for_another_log_or_by_another_key_is_none(held: Held) -> None:
    hold = held.pose()
    bare = statement(hold, Ballot.APPROVE)
    assert refused(lambda: held.plan(held.fleet.sign(bare, held.people[0], origin="other.invalid/log"))) == (  # type: ignore[arg-type]
        "hold.signature"
    )
    swapped = held.fleet.sign(bare, held.people[0])
    swapped = replace(swapped, sigs=[replace(swapped.sigs[0], key=held.people[1].rid)])  # type: ignore[attr-defined]
    assert refused(lambda: held.plan(swapped)) == "hold.signature"  # type: ignore[arg-type]
    # One bad signature spoils good ones beside it.
    both = replace(swapped, sigs=[*held.fleet.sign(bare, held.people[0]).sigs, *swapped.sigs])  # type: ignore[attr-defined]
    assert refused(lambda: held.plan(both)) == "hold.signature"  # type: ignore[arg-type]


def test_what_a_statement_must_look_like(held: Held) -> None:
    hold = held.pose()
    good = held.vote(hold, Ballot.APPROVE, held.people[0])
    assert refused(lambda: held.plan(replace(good, sigs=[]))) == "hold.malformed"
    assert refused(lambda: held.plan(replace(good, sigs=good.sigs * (MAX_SIGNATURES + 1)))) == "hold.malformed"
    assert refused(lambda: held.plan(replace(good, x={"answerable.more": 1}))) == "hold.malformed"
    short = held.fleet.sign(statement(hold, Ballot.APPROVE, nonce="AAAA"), held.people[0])
    assert refused(lambda: held.plan(short)) == "hold.malformed"  # type: ignore[arg-type]
    assert refused(lambda: held.plan(replace(good, hold=a_rid("none")))) == "hold.unknown"


def test_one_person_rejects_and_nothing_follows(held: Held) -> None:
    hold = held.approve(held.pose(), *held.people[:2])
    held.decide(held.vote(hold, Ballot.REJECT, held.people[0]))
    assert state(held, hold) is HoldState.REJECTED
    assert refused(lambda: held.spend(held.now(hold))) == "hold.rejected"
    for dec in (Ballot.APPROVE, Ballot.REJECT):
        assert refused(lambda: held.decide(held.vote(held.now(hold), dec, held.people[2]))) == (  # noqa: B023
            "hold.settled"
        )


def test_what_is_over_is_decided_no_more(held: Held) -> None:
    hold = held.approve(held.pose(), *held.people[:2])
    assert refused(lambda: held.approve(hold, held.people[2])) == "hold.settled"
    assert refused(lambda: held.decide(held.vote(hold, Ballot.REJECT, held.people[2]), policy="cd" * 32)) == "hold.void"
    held.spend(hold)
    for dec in (Ballot.APPROVE, Ballot.REJECT):
        assert refused(lambda: held.decide(held.vote(held.now(hold), dec, held.people[2]))) == (  # noqa: B023
            "hold.settled"
        )


def test_other_arguments_are_agreed_to_anew(held: Held) -> None:
    hold = held.pose()
    anna, ben, cleo, _ = held.people
    held.approve(hold, anna)
    row = held.decide(*held.change(hold, {"amount": 10, "to": "DE02"}, ben))
    assert (row.asked, row.dig != hold.dig) == (hold.dig, True)
    leaf = held.leaves[-1]
    assert isinstance(leaf, ApprovalLeaf)
    assert (leaf.dec, leaf.dig, leaf.x) == ("modify", row.dig, {WAS: hold.dig})
    # Anna agreed to something else; ben to this.
    found = held.find()
    assert found is not None
    assert (found.state, found.have) == (HoldState.WAITING, 1)
    # A vote over what was asked before does not count for what would run now.
    stale = held.vote(hold, Ballot.APPROVE, cleo)
    assert refused(lambda: held.decide(stale)) == "hold.malformed"
    held.approve(row, anna)
    found = held.find()
    assert found is not None
    assert found.state is HoldState.APPROVED
    ran = asyncio.run(held.holds.arguments(found.hold))
    assert ran == jcs.dumps({"arguments": {"amount": 10, "to": "DE02"}, "name": "pay"})
    assert asyncio.run(held.holds.original(found.hold)) != ran
    held.spend(found.hold)


def test_an_approved_call_can_still_be_changed_and_then_waits_again(held: Held) -> None:
    hold = held.approve(held.pose(), *held.people[:2])
    planned = held.holds.spend(hold, "o" * 32, held.clock.now)
    held.decide(*held.change(hold, {"amount": 1}, held.people[2]))
    assert state(held, hold) is HoldState.WAITING
    assert refused(lambda: held.spend(hold, planned)) == "log.conflict"


def test_only_arguments_are_changed(held: Held) -> None:
    hold = held.pose()
    anna = held.people[0]
    leaf, changed = held.change(hold, {"amount": 1}, anna)
    members = exact.read(changed.body)
    for name in exact.MEMBERS - {"arguments"}:
        other = Changed(salt(), jcs.dumps({**members, name: "other"}))
        signed = held.fleet.sign(statement(hold, Ballot.MODIFY, changed=other), anna)
        assert refused(lambda: held.plan(signed, other)) == "hold.malformed", name  # type: ignore[arg-type]  # noqa: B023
    for body in (b"{}", changed.body + b" ", b"\xff", jcs.dumps({**members, "arguments": [1]}), held.shown(hold)):
        other = Changed(salt(), body)
        signed = held.fleet.sign(statement(hold, Ballot.MODIFY, changed=other), anna)
        assert refused(lambda: held.plan(signed, other)) == "hold.malformed", body  # type: ignore[arg-type]  # noqa: B023
    # Signed for some arguments and sent with others; without any; and beside a plain approval.
    assert refused(lambda: held.plan(leaf, Changed(changed.salt, other.body))) == "hold.malformed"
    assert refused(lambda: held.plan(leaf)) == "hold.malformed"
    assert refused(lambda: held.plan(held.vote(hold, Ballot.APPROVE, anna), changed)) == "hold.malformed"
    assert "amount" not in repr(changed)


def test_an_escalation_asks_for_more_and_never_for_less(held: Held) -> None:
    hold = held.pose()
    anna, ben, cleo, _ = held.people
    held.approve(hold, anna, ben)
    more = Need(3, (AdminRole.APPROVER, AdminRole.OFFICER))
    held.decide(held.vote(hold, Ballot.ESCALATE, cleo, need=more))
    assert held.now(hold).need == more
    assert state(held, hold) is HoldState.WAITING
    held.approve(hold, cleo)
    assert state(held, hold) is HoldState.WAITING, "three people, and no officer among them"
    held.approve(hold, held.fleet.officers[0])
    assert state(held, hold) is HoldState.APPROVED
    for need in (more, TWO, Need(4, (AdminRole.APPROVER,)), Need(3, (AdminRole.OFFICER,))):
        leaf = held.vote(hold, Ballot.ESCALATE, cleo, need=need)
        assert refused(lambda: held.decide(leaf)) == "hold.lowered"  # noqa: B023


@pytest.mark.parametrize(
    "told",
    [
        None, {}, {"people": 3}, {"people": 0, "roles": ["approver"]}, {"people": 9, "roles": ["approver"]},
        {"people": 1, "roles": ["approver", "officer"]}, {"people": 3, "roles": ["officer", "approver"]},
        {"people": 3, "roles": ["approver", "approver"]}, {"people": 3, "roles": ["emperor"]},
        {"people": 3, "roles": ["approver"], "more": 1}, {"people": "3", "roles": ["approver"]},
    ],
)  # fmt: skip
def test_escalations_that_are_none(held: Held, told: Any) -> None:
    hold = held.pose()
    bare = replace(statement(hold, Ballot.ESCALATE), x=UNSET if told is None else {NEEDS: told})
    leaf = held.fleet.sign(bare, held.people[0])
    assert refused(lambda: held.plan(leaf)) == "hold.malformed"  # type: ignore[arg-type]
    assert refused(lambda: needs(leaf)) == "hold.malformed"  # type: ignore[arg-type]


def test_votes_that_race_do_not_both_count(held: Held) -> None:
    hold = held.pose()
    first = held.plan(held.vote(hold, Ballot.APPROVE, held.people[0]))
    second = held.plan(held.vote(hold, Ballot.REJECT, held.people[1]))
    held.write(first.unit)
    assert refused(lambda: held.write(second.unit)) == "log.conflict"


def test_nothing_is_changed_but_by_a_leaf(held: Held) -> None:
    hold = held.pose()
    planned = held.plan(held.vote(hold, Ballot.APPROVE, held.people[0]))
    assert [decode(data).k for data in planned.unit.leaves] == ["approval"]
    assert {effect.space for effect in planned.unit.effects} == {Space.HELD, Space.NONCES}
