# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Unavailable
from answerable.model.units import Drop, Effect, Put, Space, Unit
from answerable.stores.journal import Journal


def _unit(*effects: Effect) -> Unit:
    return Unit(effects=effects)


def test_the_newest_value_counts() -> None:
    journal = Journal()
    journal.add([_unit(Put(Space.MISC, "a", b"1")), _unit(Put(Space.MISC, "a", b"2"), Drop(Space.STOPS, "b"))])
    assert journal.puts() == [("misc", "a", b"2")]
    assert journal.drops() == [("stops", "b")]
    assert journal.over(Space.STOPS, [("b", b"old"), ("c", b"kept")]) == {"c": b"kept"}
    assert journal.over(Space.MISC, []) == {"a": b"2"}


def test_an_action_that_came_and_went_leaves_nothing() -> None:
    journal = Journal()
    journal.add([_unit(Put(Space.OPENS, "a", b"1"))])
    journal.add([_unit(Drop(Space.OPENS, "a"))])
    assert len(journal) == 0


def test_one_that_the_table_holds_is_deleted_there() -> None:
    journal = Journal(["a"])
    journal.add([_unit(Drop(Space.OPENS, "a"))])
    assert journal.drops() == [("opens", "a")]
    journal.add([_unit(Put(Space.OPENS, "b", b"1"))])
    journal.folded()
    assert len(journal) == 0
    journal.add([_unit(Drop(Space.OPENS, "b"), Drop(Space.OPENS, "a"))])
    assert journal.drops() == [("opens", "b")]  # "a" is gone from the table since the fold


def test_what_was_encoded_loads() -> None:
    journal = Journal()
    encoded = journal.add([_unit(Put(Space.MISC, "键", b"\x00\xff"), Drop(Space.MISC, "z"))])
    other = Journal()
    other.load(encoded)
    assert (other.puts(), other.drops()) == (journal.puts(), journal.drops())
    for spoiled in (encoded[:-1], b"", b"\xff", encoded + b"\x00", b"\x91\x91\xa1a"):
        with pytest.raises(Unavailable) as damaged:
            Journal().load(spoiled)
        assert damaged.value.code == "store.damaged"
