# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from itertools import product

import pytest
from msgspec.structs import replace

from answerable.errors import Refused
from answerable.model.holds import Ballot, Hold, Vote
from answerable.model.records import Admin
from answerable.model.terms import AdminRole
from answerable.tools.people import agreed, approver, enough
from tests.held import Held, Need

APPROVER, OFFICER, VIEWER = AdminRole.APPROVER, AdminRole.OFFICER, AdminRole.VIEWER


@pytest.fixture
def held() -> Held:
    return Held()


def with_votes(hold: Hold, *people: Admin) -> Hold:
    return replace(
        hold,
        votes=tuple(
            Vote(leaf="l", key=each.rid, person=each.person, dec=Ballot.APPROVE, dig=hold.dig, at=0) for each in people
        ),
    )


def test_each_role_is_held_by_another_one() -> None:
    """Against every set of people of these roles, by trying every way to seat them."""
    held = Held()
    every = ((APPROVER,), (OFFICER,), (APPROVER, OFFICER))
    made = {roles: [held.approver(f"{'-'.join(roles)} {n}", *roles) for n in range(3)] for roles in every}
    hold = held.pose(need=Need(3, (APPROVER, OFFICER)))
    for kinds in product(made, repeat=3):
        used: dict[tuple[AdminRole, ...], int] = dict.fromkeys(made, 0)
        people = []
        for kind in kinds:
            people.append(made[kind][used[kind]])
            used[kind] += 1
        seated = any(
            APPROVER in one and OFFICER in other
            for i, one in enumerate(kinds)
            for j, other in enumerate(kinds)
            if i != j
        )
        assert enough(held.book, with_votes(hold, *people)) is seated, kinds
        assert not enough(held.book, with_votes(hold, *people[:2]))


def test_who_may_decide(held: Held) -> None:
    hold = held.pose(need=Need(1, (APPROVER,)))
    assert approver(held.book, hold, held.people[0].rid) == held.people[0]
    watcher = held.approver("watcher", VIEWER)
    for key in (watcher.rid, held.fleet.officers[0].rid, "none", held.copy.rid):
        with pytest.raises(Refused) as refusal:
            approver(held.book, hold, key)
        assert refusal.value.code == "hold.signer"
    # Of a system that nobody registered nobody knows who answers for it.
    with pytest.raises(Refused):
        approver(held.book, replace(hold, system="nobody"), held.people[0].rid)


def test_a_vote_counts_while_its_signer_may_vote(held: Held) -> None:
    hold = with_votes(held.pose(), *held.people[:2])
    assert len(agreed(held.book, hold)) == 2
    assert enough(held.book, hold)
    held.withdraw(held.people[0])
    assert [vote.person for vote in agreed(held.book, hold)] == [held.people[1].person]
    assert not enough(held.book, hold)
    # Nor that of somebody who came to answer for the caller meanwhile, nor for other arguments, nor for nothing.
    sold = replace(held.agent, parties=(replace(held.agent.parties[0], party=held.people[1].person),))
    held.fleet.replace(sold)
    assert agreed(held.book, hold) == ()
    assert not enough(held.book, replace(hold, people=0))
    held.fleet.replace(held.agent)
    assert agreed(held.book, replace(hold, dig="00" * 32)) == ()


def test_two_keys_of_one_person_are_one(held: Held) -> None:
    again = held.approver("anna again", of="anna")
    hold = with_votes(held.pose(), held.people[0], again)
    assert len(agreed(held.book, hold)) == 1
    assert not enough(held.book, hold)
