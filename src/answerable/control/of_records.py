# SPDX-License-Identifier: Apache-2.0
"""Rows that belong to a few records, out of all rows of a space. Of each row that record alone is read, and other work
gets its turn in between: there may be as many rows as there were readings (`docs/spec/state.md`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable
from typing import Final, TypeVar

import msgspec

AT_ONCE: Final = 2_000  # rows between two turns, less than a millisecond

Row = TypeVar("Row")


class _Of(msgspec.Struct, frozen=True):
    record: str


_of = msgspec.json.Decoder(_Of).decode


async def of_records(
    rows: Iterable[tuple[str, bytes]], records: Collection[str], decode: Callable[[bytes], Row]
) -> dict[str, list[Row]]:
    """The rows, decoded, of each of these records that has any, in their order. rows: (key, encoded row with a member
    `record`), not changed meanwhile; records: rids."""
    wanted = frozenset(records)
    found: dict[str, list[Row]] = {}
    for number, (_, raw) in enumerate(rows, 1):
        if (record := _of(raw).record) in wanted:
            found.setdefault(record, []).append(decode(raw))
        if not number % AT_ONCE:
            await asyncio.sleep(0)
    return found
