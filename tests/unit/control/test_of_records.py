# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio

import msgspec

from answerable.control import of_records as module
from answerable.control.of_records import of_records
from answerable.model.records import Reading


def rows(count: int) -> list[tuple[str, bytes]]:
    made = (
        Reading(rid=f"r{n}", record=f"record {n % 100}", grant="g", person="p", groups=("in",), at=n)
        for n in range(count)
    )
    return [(row.rid, msgspec.json.encode(row)) for row in made]


async def test_rows_of_these_records_alone_are_decoded_in_their_order() -> None:
    decoded: list[str] = []

    def decode(raw: bytes) -> Reading:
        row = msgspec.json.decode(raw, type=Reading)
        decoded.append(row.rid)
        return row

    found = await of_records(rows(300), ["record 7", "record 8", "record 1000"], decode)
    assert {record: [row.rid for row in its] for record, its in found.items()} == {
        "record 7": ["r7", "r107", "r207"],
        "record 8": ["r8", "r108", "r208"],
    }
    assert decoded == ["r7", "r8", "r107", "r108", "r207", "r208"]
    assert await of_records(rows(300), [], decode) == {}


async def test_other_work_gets_its_turn() -> None:
    turns = 0

    async def beside() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(beside())
    try:
        await of_records(rows(5 * module.AT_ONCE), ["record 7"], lambda raw: raw)
        assert turns >= 5
    finally:
        task.cancel()
