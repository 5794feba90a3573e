# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Iterator

import pytest

from answerable.model.rows import Rows


def test_only_what_is_shown_is_looked_up() -> None:
    seen: list[int] = []

    def each() -> Iterator[int]:
        for n in range(1_000_000):
            seen.append(n)
            yield n

    rows = Rows(1_000_000, each)
    assert len(rows) == 1_000_000
    assert rows[:3] == (0, 1, 2)
    assert len(seen) == 3
    assert rows[7] == 7
    assert len(seen) < 20


def test_it_reads_as_a_sequence() -> None:
    rows = Rows(4, lambda: "abcd")
    assert rows == ("a", "b", "c", "d")
    assert rows != ("a", "b")
    assert rows != 4
    assert (rows[-1], rows[1:3], rows[::-1]) == ("d", ("b", "c"), ("d", "c", "b", "a"))
    assert "c" in rows
    with pytest.raises(IndexError):
        rows[4]
    assert Rows(0, tuple) == ()
