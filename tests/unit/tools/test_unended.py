# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec

from answerable.model.holds import Ballot
from answerable.model.units import Drop, Put, Space, Unit
from answerable.tools.holds import INDEX, Holds
from answerable.tools.unended import Unended
from tests.held import KEY, POLICY, Held


class Counting:
    """A directory that counts how often all holds are walked."""

    def __init__(self, book: Any) -> None:
        self.book, self.walks = book, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.book, name)

    def rows(self, space: Space) -> Any:
        self.walks += space is Space.HELD
        return self.book.rows(space)


class Told(Held):
    """Whose holds are told what is committed, as a service's are."""

    def __init__(self) -> None:
        super().__init__()
        self.counting = Counting(self.book)
        self.holds = Holds(self.counting, KEY, read=self.read)

    def write(self, unit: Unit) -> None:
        super().write(unit)
        self.holds.follow(unit.effects)

    def seen(self, **which: str) -> list[str]:
        return [hold.rid for hold in self.holds.waiting(self.clock.now, policy=POLICY, **which)]

    def walked(self) -> list[str]:
        """The same, by one who looks at every row."""
        return [hold.rid for hold in Holds(self.book, KEY).waiting(self.clock.now, policy=POLICY)]


def test_what_waits_is_known_without_walking_all_that_was_ever_asked() -> None:
    held = Told()
    before = held.pose(held.asked({"amount": 1}))
    held.counting.walks = 0
    held.holds.watch()
    assert held.counting.walks == 1
    later = [held.pose(held.asked({"amount": amount})) for amount in (2, 3, 4)]
    assert held.seen() == held.walked() == [before.rid, *[hold.rid for hold in later]]
    anna, ben = held.people[:2]
    held.spend(held.approve(later[0], anna, ben))
    held.write(held.plan(held.vote(later[1], Ballot.REJECT, anna)).unit)
    assert held.seen() == held.walked() == [before.rid, later[2].rid]
    assert (held.seen(system=held.agent.rid), held.seen(system="another")) == ([before.rid, later[2].rid], [])
    held.approve(later[2], anna)
    (row,) = [hold for hold in held.holds.waiting(held.clock.now) if hold.rid == later[2].rid]
    assert len(row.votes) == 1, "as it is now"
    held.clock.pass_ms(held.holds.expires_ms)
    held.pose(held.asked({"amount": 5}))
    assert held.seen() == held.walked()
    assert held.counting.walks == 1, "it was walked once, when it began"


def test_without_being_told_every_row_is_looked_at() -> None:
    held = Told()
    hold = held.pose()
    assert held.seen() == [hold.rid]
    second = Holds(held.book, KEY)
    held.pose(held.asked({"amount": 2}))
    assert len(list(second.waiting(held.clock.now))) == 2
    assert held.counting.walks > 0


def test_of_effects_those_of_holds_count() -> None:
    held = Told()
    held.holds.watch()
    hold = held.pose()
    other = msgspec.structs.replace(hold, rid="b" * 32)
    noise = [Put(Space.TOOLS, "a", b"{"), Put(Space.HELD, INDEX + "a", b"x"), Drop(Space.HELD, INDEX + "b")]
    assert held.holds.follow([*noise, Put(Space.HELD, other.rid, msgspec.json.encode(other))]) == [other]
    assert held.seen() == [hold.rid, other.rid]
    assert held.holds.follow([Drop(Space.HELD, hold.rid)]) == []
    assert held.seen() == [other.rid]


def test_who_ended_is_not_looked_at_again() -> None:
    held = Held()
    hold, rejected, spent = (held.pose(held.asked({"amount": amount})) for amount in (1, 2, 3))
    ended = [msgspec.structs.replace(rejected, rejected="r"), msgspec.structs.replace(spent, spent="o")]
    unended = Unended([hold, *ended])
    assert unended.left() == (hold,)
    unended.take(rejected)
    assert unended.left() == (hold, rejected)
    unended.take(ended[0])
    unended.end("nobody")
    unended.end(hold.rid)
    assert unended.left() == ()
