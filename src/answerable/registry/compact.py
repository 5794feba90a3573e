# SPDX-License-Identifier: Apache-2.0
"""One object for what many rows say alike. A decoded row has strings and numbers of its own, and those of a million
rows are mostly the same: a system names its ancestors by number, a party answers for many systems, a row knows its own
key. Nothing changes but what it costs to keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import force_setattr

from answerable.model.records import System

# Numbers are given one after the other: one far past all others is a damaged row, and makes no room for itself.
_GAPS: Final = 1 << 20


class Shared:
    """Values that were seen, for as long as the rows stand: rows are kept for ever."""

    __slots__ = ("_numbers", "_tuples")

    def __init__(self) -> None:
        self._numbers: list[int] = []
        self._tuples: dict[tuple[Any, ...], tuple[Any, ...]] = {}

    def system(self, row: System, key: str, rows: Mapping[str, System]) -> None:
        """Let `row`, fresh from its decoder and not looked at by anybody, share what it can. key: under which it is
        kept, rows: the other systems."""
        if row.rid == key:
            force_setattr(row, "rid", key)
        force_setattr(row, "parties", self._tuples.setdefault(row.parties, row.parties))
        force_setattr(row, "worlds", self._tuples.setdefault(row.worlds, row.worlds))
        for edge in row.edges:
            if (parent := rows.get(edge.parent)) is not None:
                force_setattr(edge, "parent", parent.rid)
        numbers = self._numbers
        if row.ancestors and min(row.ancestors) >= 0 and (last := max(row.ancestors)) < len(numbers) + _GAPS:
            if last >= len(numbers):
                numbers.extend(range(len(numbers), last + 1))
            force_setattr(row, "ancestors", tuple([numbers[n] for n in row.ancestors]))
