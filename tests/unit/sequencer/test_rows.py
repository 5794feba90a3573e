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
