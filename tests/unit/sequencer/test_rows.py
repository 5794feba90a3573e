# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Iterable

from answerable.model.units import Drop, Expect, Put, Space
from answerable.sequencer.rows import Rows


class Source:
    def rows(self, space: Space) -> Iterable[tuple[str, bytes]]:
        return [("a", b"1")] if space is Space.MISC else []


def test_expectations() -> None:
    rows = Rows(Source())
    assert rows.hold([Expect(Space.MISC, "a", b"1"), Expect(Space.MISC, "b", None), Expect(Space.STOPS, "a", None)])
    assert not rows.hold([Expect(Space.MISC, "a", b"1"), Expect(Space.MISC, "a", b"2")])
    assert not rows.hold([Expect(Space.MISC, "a", None)])
    assert not rows.hold([Expect(Space.MISC, "b", b"")])


def test_effects_in_order() -> None:
    rows = Rows(Source())
    effects = [Put(Space.MISC, "b", b"2"), Put(Space.MISC, "b", b"3"), Drop(Space.MISC, "a"), Drop(Space.MISC, "zz")]
    assert not rows.show(effects)
    rows.apply(effects)
    assert rows.show(effects)
    assert rows.space(Space.MISC) == [("b", b"3")]
    assert not rows.show([Put(Space.MISC, "a", b"1")])
    assert rows.show([])


def test_what_somebody_has_in_memory_is_not_kept_twice_and_not_believed() -> None:
    value = b"".join((b"1",))  # equal to the store's, another object
    rows = Rows(Source(), lambda space: [("a", value)] if space is Space.MISC else [("x", b"not in the store")])
    assert rows.space(Space.MISC)[0][1] is value
    assert rows.space(Space.STOPS) == []
    for known in ([("a", b"2")], [("a", b"1"), ("b", b"2")], []):
        assert Rows(Source(), lambda _, known=known: known).space(Space.MISC) == [("a", b"1")]
    kept = {"a": b"1"}
    rows = Rows(Source(), lambda space: kept.items() if space is Space.MISC else ())
    rows.apply([Put(Space.MISC, "b", b"2")])
    assert kept == {"a": b"1"}  # the dictionary stays its owner's
