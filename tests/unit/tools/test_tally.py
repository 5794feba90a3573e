# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from answerable.model.holds import Ballot, Hold, Vote
from answerable.model.terms import Act, AdminRole
from answerable.tools.tally import Sums, Tally


def hold(rid: str, *votes: tuple[str, Ballot], planted: bool = False, opened: bool = False, exp: int = 9) -> Hold:
    return Hold(
        rid=rid, open="o", act=Act.TOOL_CALL, system="s", via="", rule="R", dig="d", pol="p", people=2,
        roles=(AdminRole.APPROVER,), at=0, exp=exp, call="o", planted=planted, opened="x" if opened else "",
        votes=tuple(
            Vote(leaf=f"l{n}", key=f"key of {person}", person=person, dec=dec, dig="d", at=n)
            for n, (person, dec) in enumerate(votes)
        ),
    )  # fmt: skip


def told(tally: Tally) -> dict[str, Sums]:
    return dict(tally.people())


def test_one_decision_a_person_and_hold_counts_and_the_last_one() -> None:
    tally = Tally([hold("a", ("anna", Ballot.ESCALATE), ("anna", Ballot.APPROVE), ("ben", Ballot.MODIFY))])
    assert told(tally) == {
        "anna": Sums(key="key of anna", approved=1), "ben": Sums(key="key of ben", passed=1),
    }  # fmt: skip
    tally.take(hold("a", ("anna", Ballot.APPROVE), ("anna", Ballot.REJECT)))
    assert told(tally) == {"anna": Sums(key="key of anna", rejected=1)}
    tally.drop("a")
    tally.drop("nobody")
    assert told(tally) == {}


def test_what_was_planted_counts_as_such_once_it_is_opened() -> None:
    votes = [("anna", Ballot.APPROVE), ("ben", Ballot.REJECT), ("cleo", Ballot.ESCALATE)]
    tally = Tally([hold("a", *votes, planted=True)])
    assert (told(tally)["anna"].approved, told(tally)["ben"].rejected) == (1, 1)
    tally.take(hold("a", *votes, planted=True, opened=True))
    anna, ben, cleo = (told(tally)[person] for person in ("anna", "ben", "cleo"))
    assert (anna.approved, anna.planted, anna.caught) == (0, 1, 0)
    assert (ben.rejected, ben.planted, ben.caught) == (0, 1, 1)
    assert (cleo.passed, cleo.planted) == (1, 0)


def test_which_planted_ones_are_over_and_not_opened() -> None:
    tally = Tally([hold("a", planted=True, exp=5), hold("b", planted=True, exp=9), hold("c", exp=5)])
    assert [tally.unopened(now) for now in (4, 5, 9)] == [[], ["a"], ["a", "b"]]
    tally.take(hold("a", planted=True, opened=True, exp=5))
    tally.drop("b")
    assert tally.unopened(9) == []


_VOTES = st.lists(st.tuples(st.sampled_from(["anna", "ben"]), st.sampled_from(Ballot)), max_size=3)
_ROWS = st.builds(
    lambda rid, votes, planted, opened: hold(rid, *votes, planted=planted, opened=planted and opened),
    st.sampled_from("abc"), _VOTES, st.booleans(), st.booleans(),
)  # fmt: skip


@given(st.lists(_ROWS, max_size=12))
def test_told_one_by_one_it_is_what_all_rows_say(rows: list[Hold]) -> None:
    tally, now = Tally(), dict[str, Hold]()
    for row in rows:
        tally.take(row)
        now[row.rid] = row
        anew = Tally(now.values())
        assert {name: msgspec.structs.replace(sums, key="") for name, sums in told(tally).items()} == {
            name: msgspec.structs.replace(sums, key="") for name, sums in told(anew).items()
        }
        assert sorted(tally.unopened(9)) == sorted(anew.unopened(9))
    for rid in list(now):
        tally.drop(rid)
    assert (told(tally), tally.unopened(9)) == ({}, [])
