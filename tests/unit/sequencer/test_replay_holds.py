# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec
import pytest

from answerable.crypto.random import nonce
from answerable.log.leaf import encode, rid
from answerable.model.holds import Ballot
from answerable.model.leaves import Leaf, PlantedLeaf
from answerable.model.units import Put, Space
from answerable.sequencer.replay import Replay, overlay, told_nowhere, unlike
from answerable.sequencer.replay_holds import approval, hold, opening, spending
from answerable.tools.holds import GROUP, INDEX, OPENED, SPENDS
from answerable.tools.votes import statement
from tests.fleet import DOMAIN
from tests.held import Held


@pytest.fixture
def held() -> Held:
    return Held()


def test_each_leaf_tells_what_its_plan_wrote(held: Held) -> None:
    hold_ = held.approve(held.pose(), *held.people[:2])
    held.spend(hold_)
    held.decide(held.vote(held.pose(held.asked({"amount": 1})), Ballot.REJECT, held.people[0]))
    told = held.told()
    for name, row in told.items():
        kept = held.book.raw(Space.HELD, name)
        assert kept is not None
        assert unlike(Space.HELD, kept, row, set()) == set()
    assert len(told) == 2


def test_what_an_erased_call_told_is_no_difference(held: Held) -> None:
    hold_ = held.pose()
    bare = held.told(hidden=False)[hold_.rid]
    kept = held.book.raw(Space.HELD, hold_.rid)
    assert kept is not None
    assert unlike(Space.HELD, kept, bare, set()) == {"copy", "server", "tool"}
    assert unlike(Space.HELD, kept, bare, {hold_.open}) == set()


@pytest.mark.parametrize("member", ["dig", "pol", "people", "exp", "votes", "spent", "rejected", "system", "planted"])
def test_a_row_that_was_changed_is_found(held: Held, member: str) -> None:
    hold_ = held.approve(held.pose(), held.people[0])
    row: Any = msgspec.to_builtins(hold_)
    row[member] = {"people": 1, "exp": 0, "votes": [], "planted": True}.get(member, "x")
    assert unlike(Space.HELD, msgspec.json.encode(row), held.told()[hold_.rid], set()) == {member}


def test_the_index_is_told_nowhere(held: Held) -> None:
    hold_ = held.pose()
    assert told_nowhere(Space.HELD, INDEX + "00")
    assert not told_nowhere(Space.HELD, hold_.rid)


def test_with_the_stores_key_a_call_finds_its_hold_again(held: Held) -> None:
    """The same call twice: the newest is found, and an older log does not say otherwise."""
    first = held.pose()
    older = {Space.HELD: dict(held.book.rows(Space.HELD))}
    second, other = held.pose(), held.pose(held.asked({"amount": 1}))
    kept, key = dict(held.book.rows(Space.HELD)), held.holds.index_key
    assert held.told(index_key=key) == kept
    marks = {name for name in kept if name.startswith(INDEX) and not name.startswith(OPENED)}
    assert {kept[name].decode() for name in marks} == {second.rid, other.rid}
    put = overlay(held.replayed(index_key=key), [older], set())
    assert not [effect for effect in put if effect.key.startswith(INDEX)]
    assert [effect.key for effect in overlay(held.replayed(), [older], set()) if effect.key in marks], "from a backup"
    # Who has no key tells nothing of it; what cannot be shown any more no call finds.
    assert not {name for name in held.told() if name.startswith(INDEX)}
    bare = held.told(hidden=False, index_key=key)
    assert not bare.keys() & marks
    assert {msgspec.json.decode(bare[each.rid])["tag"] for each in (first, second, other)} == {""}


def test_no_call_finds_what_was_planted(held: Held) -> None:
    real = held.pose()
    held.payloads[real.rid, GROUP] = held.payloads[real.rid, GROUP][0], b'{"planted":true}'
    told = held.told(index_key=held.holds.index_key)
    assert msgspec.json.decode(told[real.rid])["planted"]
    assert {name for name in told if name.startswith(INDEX)} == {OPENED + real.open}


def test_leaves_that_do_not_follow(held: Held) -> None:
    hold_ = held.pose()
    leaf, opened = held.leaves[-1], held.leaves[-2]
    nothing: dict[str, Leaf] = {}
    with pytest.raises(ValueError, match="held"):
        hold(leaf, "r", nothing.get, lambda _rid, _group: None)  # type: ignore[arg-type]
    permit = msgspec.structs.replace(opened, dec="permit")  # type: ignore[type-var]
    with pytest.raises(ValueError, match="held"):
        hold(leaf, "r", lambda _: permit, lambda _rid, _group: None)  # type: ignore[arg-type]
    empty = Replay(DOMAIN, lambda _rid, _group: None, nothing.get).book
    stranger = held.fleet.sign(statement(hold_, Ballot.APPROVE), held.people[0])
    unknown = held.fleet.sign_with(statement(hold_, Ballot.APPROVE), "nobody")
    for book, vote in ((empty, stranger), (held.book, unknown)):
        with pytest.raises(ValueError, match=r"never held|nobody"):
            approval(book, vote, "r")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="never held"):
        opening(empty, PlantedLeaf(hold="h", kind="{}", n=nonce(), salt="s", t=0), "r")


def test_an_approval_is_used_once(held: Held) -> None:
    hold_ = held.approve(held.pose(), *held.people[:2])
    uses = held.opened("permit", x={SPENDS: hold_.rid})
    (put,) = spending(held.book, uses, "first")
    assert isinstance(put, Put)
    assert msgspec.json.decode(put.value)["spent"] == "first"
    held.spend(hold_)
    with pytest.raises(ValueError, match="was used"):
        spending(held.book, uses, rid(encode(uses)))
    for named in ("nothing", 5):
        with pytest.raises(ValueError, match="never held"):
            spending(held.book, held.opened("permit", x={SPENDS: named}), "r")
    assert spending(held.book, held.opened("permit"), "r") == []
