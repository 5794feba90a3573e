# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

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
        self.holds.unended.follow(unit.effects)

    def seen(self) -> list[str]:
        return [hold.rid for hold in self.holds.waiting(self.clock.now, policy=POLICY)]

    def walked(self) -> list[str]:
        """The same, by one who looks at every row."""
        return [hold.rid for hold in Holds(self.book, KEY).waiting(self.clock.now, policy=POLICY)]


def test_what_waits_is_known_without_walking_all_that_was_ever_asked() -> None:
    held = Told()
    before = held.pose(held.asked({"amount": 1}))
    held.counting.walks = 0
    held.holds.unended.watch()
    assert held.counting.walks == 1
    later = [held.pose(held.asked({"amount": amount})) for amount in (2, 3, 4)]
    assert held.seen() == held.walked() == [before.rid, *[hold.rid for hold in later]]
    anna, ben = held.people[:2]
    held.spend(held.approve(later[0], anna, ben))
    held.write(held.plan(held.vote(later[1], Ballot.REJECT, anna)).unit)
    assert held.seen() == held.walked() == [before.rid, later[2].rid]
    assert set(held.holds.unended.left()) == {before.rid, later[2].rid}, "who ended is not looked at again"
    held.clock.pass_ms(held.holds.expires_ms)
    held.pose(held.asked({"amount": 5}))
    assert held.seen() == held.walked()
    assert len(held.holds.unended.left()) == 1
    assert held.counting.walks == 1, "it was walked once, when it began"


def test_without_being_told_every_row_is_looked_at() -> None:
    held = Told()
    unended = Unended(held.counting, INDEX)
    hold = held.pose()
    assert unended.left() == (hold.rid,)
    second = held.pose(held.asked({"amount": 2}))
    unended.follow([Put(Space.HELD, "x", b"")])
    assert unended.left() == (hold.rid, second.rid)
    unended.end(hold.rid)
    assert unended.left() == (second.rid,)


def test_of_effects_those_of_holds_count() -> None:
    unended = Unended(Held().book, INDEX)
    unended.watch()
    unended.follow([Put(Space.TOOLS, "a", b""), Put(Space.HELD, INDEX + "a", b""), Put(Space.HELD, "b", b"")])
    unended.follow([Put(Space.HELD, "b", b""), Put(Space.HELD, "c", b"")])
    assert unended.left() == ("b", "c")
    unended.follow([Drop(Space.HELD, "b")])
    unended.end("nobody")
    assert unended.left() == ("c",)
