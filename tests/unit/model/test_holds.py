# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from itertools import product

import msgspec

from answerable.model.holds import Ballot, Hold, Need, Vote
from answerable.model.terms import Act, AdminRole

APPROVER, OFFICER = AdminRole.APPROVER, AdminRole.OFFICER


def vote(dec: Ballot, dig: str) -> Vote:
    return Vote(leaf="l", key="k", person="p", dec=dec, dig=dig, at=1)


def test_a_need_covers_what_asks_for_no_more() -> None:
    roles = [(), (APPROVER,), (APPROVER, OFFICER)]
    for people, others in product(range(1, 4), repeat=2):
        for mine, theirs in product(roles, repeat=2):
            covers = Need(people, mine).covers(Need(others, theirs))
            assert covers == (people >= others and set(theirs) <= set(mine))


def test_who_agreed_to_the_call_as_it_would_run_now() -> None:
    votes = tuple(vote(dec, dig) for dec, dig in product(Ballot, ("now", "before")))
    hold = Hold(
        rid="r", open="o", act=Act.TOOL_CALL, system="s", via="", rule="R", dig="now", pol="p", people=2,
        roles=(APPROVER,), at=0, exp=1, call="o", votes=votes,
    )  # fmt: skip
    assert hold.agreed == (vote(Ballot.APPROVE, "now"), vote(Ballot.MODIFY, "now"))
    assert hold.need == Need(2, (APPROVER,))
    assert msgspec.json.decode(msgspec.json.encode(hold), type=Hold) == hold
