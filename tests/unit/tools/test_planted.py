# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import dataclasses
import functools
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from answerable.errors import Refused, VerificationError
from answerable.log.commitment import commit
from answerable.log.leaf import decode
from answerable.model.holds import Ballot, Hold, HoldState, Need
from answerable.model.leaves import HoldLeaf, OpenLeaf, PlantedLeaf
from answerable.model.records import Admin
from answerable.model.units import Space
from answerable.tools import planted, votes
from answerable.tools.holds import INDEX, REGISTERED, Holds
from tests.held import KEY, POLICY, Held, refused

WRONG = {"amount": 100_000, "to": "DE99"}
VECTORS = json.loads((Path(__file__).parents[3] / "docs/spec/vectors/approval.json").read_bytes())


@pytest.fixture
def held() -> Held:
    return Held()


def real(held: Held) -> planted.Like:
    posed, opened = held.posed()
    leaf = held.leaves[-1]
    assert isinstance(leaf, HoldLeaf)
    return planted.Like(posed.hold, leaf, opened, held.shown(posed.hold))


def plan(held: Held, arguments: Any = WRONG, why: str = "not our account") -> planted.Sown:
    return planted.plant(held.holds, real(held), arguments, why, held.clock.now, policy=POLICY)


def sow(held: Held, **more: Any) -> Hold:
    sown = plan(held, **more)
    held.write(sown.unit)
    held.clock.pass_ms(held.holds.expires_ms // 2)
    return sown.row


def vote(held: Held, hold: Hold, dec: Ballot, *people: Admin) -> Hold:
    for person in people:
        hold = held.decide(held.vote(held.now(hold), dec, person))
    return hold


def test_it_looks_like_a_real_one_until_it_is_decided(held: Held) -> None:
    like = real(held)
    sown = planted.plant(held.holds, like, WRONG, "no", held.clock.now, policy=POLICY)
    held.write(sown.unit)
    opened, leaf = (decode(data) for data in sown.unit.leaves)
    assert isinstance(opened, OpenLeaf)
    assert isinstance(leaf, HoldLeaf)
    own = {"n", "c", "t"}
    mine, theirs = msgspec.to_builtins(opened), msgspec.to_builtins(like.opened)
    assert {name for name in mine | theirs if mine.get(name) != theirs.get(name)} <= own
    before = held.leaves[1]
    mine, theirs = msgspec.to_builtins(leaf), msgspec.to_builtins(before)
    assert {name for name in mine | theirs if mine.get(name) != theirs.get(name)} == {"dig", "n", "open", "x"}
    assert mine["x"].keys() == theirs["x"].keys()
    assert json.loads(held.shown(sown.row))["arguments"] == WRONG
    # One vote of two does not give it away.
    row = vote(held, sown.row, Ballot.APPROVE, held.people[0])
    assert not row.opened
    assert not [leaf for leaf in held.leaves if isinstance(leaf, PlantedLeaf)]
    assert [row for row in planted.record(held.holds) if row.planted] == []


def test_it_has_all_that_the_open_leaf_of_a_real_one_has(held: Held) -> None:
    like = real(held)
    told = {"answerable.tool": {"name": "pay", "srv": "bank"}}
    commitments = msgspec.structs.replace(like.opened.c, ctx="c")
    opened = msgspec.structs.replace(like.opened, pri="p", c=commitments, x=told | {"answerable.hold": "h"})
    like = dataclasses.replace(like, opened=opened)
    sown = planted.plant(held.holds, like, WRONG, "no", held.clock.now, policy=POLICY)
    leaf = decode(sown.unit.leaves[0])
    assert isinstance(leaf, OpenLeaf)
    assert leaf.x == told
    assert isinstance(leaf.c.ctx, str)
    assert leaf.c.ctx != "c"
    assert isinstance(leaf.pri, str)
    assert leaf.pri != "p"


def test_on_whose_behalf_it_is_can_be_shown_as_of_a_real_one(held: Held) -> None:
    posed, opened = held.posed(held.asked(principal="mia"))
    leaf = held.leaves[-1]
    assert isinstance(leaf, HoldLeaf)
    like = planted.Like(posed.hold, leaf, msgspec.structs.replace(opened, pri="p"), held.shown(posed.hold))
    sown = planted.plant(
        held.holds, like, WRONG, "no", held.clock.now, policy=POLICY, tag=lambda who: b"tag of " + who.encode()
    )
    theirs = decode(sown.unit.leaves[0])
    assert isinstance(theirs, OpenLeaf)
    (kept,) = [each for each in sown.unit.payloads if each.group == "pri"]
    assert (kept.rid, kept.body, kept.tags) == (sown.row.open, b"mia", (b"tag of mia",))
    assert theirs.pri == commit("pri", kept.salt, kept.body)


def test_no_call_finds_it_and_nothing_runs_it(held: Held) -> None:
    hold = sow(held)
    row = vote(held, hold, Ballot.APPROVE, *held.people[:2])
    assert held.holds.state(row, held.clock.now) is HoldState.APPROVED
    assert refused(lambda: held.spend(row)) == "hold.unknown"
    assert held.find(held.asked(WRONG)) is None
    for named in (hold.rid, hold.open):
        assert refused(lambda: held.find(held.asked(WRONG), named=named)) == "hold.unknown"  # noqa: B023
    # Not even where the row was made to look like that of the call.
    tagged = msgspec.structs.replace(row, tag=held.pose(held.asked(WRONG)).tag)
    held.fleet.put(Space.HELD, hold.rid, msgspec.json.encode(tagged))
    assert refused(lambda: held.find(held.asked(WRONG), named=hold.rid)) == "hold.unknown"


@pytest.mark.parametrize("dec", [Ballot.APPROVE, Ballot.REJECT])
def test_it_is_opened_with_the_vote_that_decides(held: Held, dec: Ballot) -> None:
    hold = sow(held)
    people = held.people[:2] if dec is Ballot.APPROVE else held.people[:1]
    row = vote(held, hold, dec, *people)
    leaf = held.leaves[-1]
    assert isinstance(leaf, PlantedLeaf)
    assert (leaf.hold, bool(row.opened)) == (hold.rid, True)
    its = next(each for each in held.leaves if isinstance(each, HoldLeaf) and each.dig == hold.dig)
    assert planted.is_planted(its, leaf)
    assert refused(lambda: vote(held, hold, Ballot.REJECT, held.people[2])) == "hold.settled"


def test_it_is_opened_when_it_is_over_undecided(held: Held) -> None:
    hold = sow(held)
    assert planted.over(held.holds, hold.exp - 1) == []
    (over,) = planted.over(held.holds, hold.exp)
    assert over == hold
    leaf = votes.opening(hold, held.payloads[hold.rid, "kind"], hold.exp)
    held.write(planted.close(held.book, hold, leaf))
    assert planted.over(held.holds, hold.exp) == []
    assert held.now(hold).opened
    assert held.told()[hold.rid] == msgspec.json.encode(msgspec.structs.replace(held.now(hold), tag=""))


def test_without_salt_nothing_is_called_planted(held: Held) -> None:
    hold = sow(held)
    del held.payloads[hold.rid, "kind"]
    assert refused(lambda: vote(held, hold, Ballot.REJECT, held.people[0])) == "hold.unreadable"


def test_a_real_hold_is_never_called_planted(held: Held) -> None:
    """Its commitment says that it was not, and cannot be opened as anything else."""
    for vector in VECTORS["planted"]:
        hold, opened = (decode(vector[name].encode()) for name in ("hold", "planted"))
        assert isinstance(hold, HoldLeaf)
        assert isinstance(opened, PlantedLeaf)
        try:
            assert planted.is_planted(hold, opened) is vector["is_planted"]
        except VerificationError:
            assert not vector["is_planted"]
    assert not planted.says_planted("{")
    assert not planted.says_planted('{"planted": 1}')
    assert not planted.says_planted("[]")


def test_what_cannot_be_planted(held: Held) -> None:
    for arguments, why in (([1], "x"), (WRONG, ""), (WRONG, "x" * 501), (WRONG, "a\nb"), ({"a": float("nan")}, "x")):
        assert refused(lambda: plan(held, arguments, why)) == "hold.malformed"  # noqa: B023
        held.clock.pass_ms(held.holds.expires_ms)
    like, now = real(held), held.clock.now
    same = json.loads(like.shown)["arguments"]
    assert refused(lambda: planted.plant(held.holds, like, same, "x", now, policy=POLICY)) == "hold.malformed"
    sown = planted.plant(held.holds, like, WRONG, "x", now, policy=POLICY)
    of_sown = dataclasses.replace(like, hold=sown.row)
    assert refused(lambda: planted.plant(held.holds, of_sown, same, "x", now, policy=POLICY)) == "hold.malformed"
    unkept = Holds(held.book, KEY, kept=False)
    assert refused(lambda: planted.plant(unkept, like, WRONG, "x", now, policy=POLICY)) == "hold.unkept"


def test_it_asks_for_as_many_people_as_the_real_one_did_at_first(held: Held) -> None:
    like = real(held)
    held.decide(held.vote(like.hold, Ballot.ESCALATE, held.people[0], need=Need(4)))
    like = dataclasses.replace(like, hold=held.now(like.hold))
    assert planted.plant(held.holds, like, WRONG, "x", held.clock.now, policy=POLICY).row.need == Need(2)


def test_who_waves_everything_through_is_found(held: Held) -> None:
    anna, ben, cleo, dora = held.people
    for n in range(6):
        hold = sow(held, arguments={"amount": n})
        if n % 2:
            vote(held, hold, Ballot.APPROVE, anna, dora)
        else:
            vote(held, hold, Ballot.APPROVE, anna)
            vote(held, hold, Ballot.REJECT, ben)
    real = held.pose(held.asked({"amount": 77}))
    vote(held, real, Ballot.APPROVE, anna)
    more = held.vote(held.now(real), Ballot.ESCALATE, cleo, need=Need(3))
    held.decide(more)
    rows = {row.name: row for row in planted.record(held.holds)}
    assert (rows["anna"].planted, rows["anna"].caught, rows["anna"].share, rows["anna"].waves) == (6, 0, 0.0, True)
    assert (rows["ben"].planted, rows["ben"].caught, rows["ben"].share, rows["ben"].waves) == (3, 3, 1.0, False)
    assert (rows["dora"].planted, rows["dora"].caught, rows["dora"].waves) == (3, 0, False), "three are too few to tell"
    assert (rows["anna"].approved, rows["cleo"].passed, rows["cleo"].planted) == (1, 1, 0)
    assert (rows["cleo"].low, rows["cleo"].high, rows["cleo"].waves) == (0.0, 1.0, False)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [
        (0, 0, 0.0, 1.0),
        # Wilson's interval as published tables have it (Newcombe 1998, table I: 81/263, 15/148, 0/20, 1/29).
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval(hits: int, of: int, low: float, high: float) -> None:
    assert planted.wilson(hits, of) == pytest.approx((low, high), abs=5e-5)


def test_what_was_planted_is_told_by_leaves_alone(held: Held) -> None:
    vote(held, sow(held), Ballot.REJECT, held.people[0])
    sow(held, arguments={"amount": 5})
    kept = {name: json.loads(row) for name, row in held.book.rows(Space.HELD) if not name.startswith(INDEX)}
    told = {name: json.loads(row) for name, row in held.told().items()}
    assert {n: r | {"tag": ""} for n, r in kept.items()} == {n: r | {"tag": ""} for n, r in told.items()}


def test_the_reason_is_kept_for_good(held: Held) -> None:
    hold = sow(held)
    salt, body = held.payloads[hold.rid, planted.REASON]
    assert body == b"not our account"
    from answerable.log.commitment import check

    check(json.loads(held.payloads[hold.rid, "kind"][1])["reason"], planted.REASON, salt, body)
    with pytest.raises(Refused):
        asyncio.run(held.holds.shown(msgspec.structs.replace(hold, dig="00" * 32)))


def test_it_is_for_the_registration_of_the_real_one_and_none_is_made_after_a_void_one(held: Held) -> None:
    tool = {"rid": "t" * 32, "changed": 0}
    held.fleet.put(Space.TOOLS, "bank/pay", json.dumps(tool).encode())
    posed, opened = held.posed(held.asked(reg="t" * 32))
    leaf = held.leaves[-1]
    assert isinstance(leaf, HoldLeaf)
    like = planted.Like(posed.hold, leaf, opened, held.shown(posed.hold))
    sown = planted.plant(held.holds, like, WRONG, "no", held.clock.now, policy=POLICY)
    theirs = decode(sown.unit.leaves[1])
    assert isinstance(theirs, HoldLeaf)
    assert sown.row.reg == posed.hold.reg
    assert isinstance(leaf.x, dict)
    assert isinstance(theirs.x, dict)
    assert (leaf.x.keys(), leaf.x[REGISTERED]) == (theirs.x.keys(), theirs.x[REGISTERED])
    held.fleet.put(Space.TOOLS, "bank/pay", json.dumps(tool | {"rid": "u" * 32}).encode())
    again = functools.partial(planted.plant, held.holds, like, WRONG, "no", held.clock.now, policy=POLICY)
    assert refused(again) == "hold.registered"


def test_planted_ones_take_no_room_and_nobody_learns_how_many_there_are(held: Held) -> None:
    held.holds = Holds(held.book, KEY, most_waiting=2, read=held.read)
    like = real(held)
    for amount in (1, 2, 3):
        held.write(planted.plant(held.holds, like, {"amount": amount}, "no", held.clock.now, policy=POLICY).unit)
    held.pose(held.asked({"amount": 7}))
    with pytest.raises(Refused) as caught:
        held.pose(held.asked({"amount": 8}))
    assert (caught.value.code, caught.value.params) == ("hold.crowded", {"have": 2, "most": 2})
