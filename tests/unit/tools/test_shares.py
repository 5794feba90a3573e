# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused
from answerable.model.units import Space
from answerable.registry.book import Book
from answerable.tools.shares import LOOK_MS, Shares
from tests.fleet import DOMAIN
from tests.unit.tools.a_family import Family


class Rows(Book):
    """Which keys have a row is said here."""

    def __init__(self, *keys: str) -> None:
        super().__init__(DOMAIN)
        self.keys = set(keys)

    def raw(self, space: Space, key: str) -> bytes | None:
        return b"[]" if space is Space.CALLS and key in self.keys else None


def test_a_share_that_is_full_refuses_its_own_system_alone() -> None:
    shares = Shares(Rows("a"), {"b"}, [("one", "a")])
    shares.take("one", "b", 2, 0)
    shares.take("one", "a", 2, 0)  # held already
    with pytest.raises(Refused, match=r"call\.share") as caught:
        shares.take("one", "c", 2, 0)
    assert caught.value.params == {"most": 2}
    shares.take("two", "c", 2, 0)
    shares.let_go("one", "b")
    shares.take("one", "c", 2, 0)


def test_keys_that_others_let_go_of_are_found_once_in_a_while() -> None:
    runs = {"run"}
    shares = Shares(Rows("row"), runs, [("one", "row"), ("one", "run"), ("one", "settled")])
    shares.take("one", "new", 3, 0)  # what was settled is gone
    runs.add("new")
    with pytest.raises(Refused):
        shares.take("one", "next", 3, LOOK_MS)
    runs.remove("run")
    with pytest.raises(Refused):
        shares.take("one", "next", 3, LOOK_MS + 1)  # just looked
    shares.take("one", "next", 3, 2 * LOOK_MS)


def test_systems_that_hold_nothing_are_forgotten() -> None:
    shares = Shares(Rows(), (), ())
    for number in range(5):
        shares.take(f"s{number}", "k", 1, 0)
        shares.let_go(f"s{number}", "k")
        shares.let_go("nobody", "k")
    assert shares._held == {}


def test_a_family_has_one_share_however_many_it_is() -> None:
    family = Family()
    held = [(family.child.rid, "a")]
    shares = Shares(family.book, {"a", "b", "c"}, held)
    shares.take(family.founder.rid, "b", 3, 0)
    shares.take(family.grandchild.rid, "c", 3, 0)
    for system in (family.founder, family.child, family.grandchild):
        with pytest.raises(Refused, match=r"call\.share"):
            shares.take(system.rid, "d", 3, 0)
    another = family.made("another", family.root)
    with pytest.raises(Refused, match=r"call\.share"):
        shares.take(another.rid, "d", 3, 0)
    shares.take(family.other.rid, "d", 3, 0)  # of the same party, and no kin
    shares.let_go(family.child.rid, "a")
    shares.take(another.rid, "e", 3, 0)
    assert shares._held == {family.founder.rid: {"b", "c", "e"}, family.other.rid: {"d"}}
