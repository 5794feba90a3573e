# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec

from answerable.model.records import System
from answerable.model.terms import Relation
from answerable.model.units import Space
from answerable.registry.compact import Shared
from tests.small_registry import Registry, digest

_encode, _decode = msgspec.json.encode, msgspec.json.Decoder(System).decode


def rows() -> dict[str, bytes]:
    """Of a chain of 300 systems: numbers past 256, of which the interpreter itself keeps no single object."""
    registry = Registry()
    firm = registry.party(vouched=True)
    system = registry.system(firm, "s0", digests=(digest("w"),))
    for _ in range(3):
        registry.system(firm, "other")
    for n in range(1, 9):
        system = registry.system(firm, f"s{n}", edges=[(system, Relation.FINETUNE)])
    return dict(registry.rows[Space.SYSTEMS])


def compacted(stored: dict[str, bytes]) -> dict[str, System]:
    shared, found = Shared(), dict[str, System]()
    for key, value in stored.items():
        row = _decode(value)
        shared.system(row, key, found)
        found[key] = row
    return found


def test_rows_say_what_they_said() -> None:
    stored = rows()
    found = compacted(stored)
    assert {key: _encode(row) for key, row in found.items()} == {k: _encode(_decode(v)) for k, v in stored.items()}
    assert list(found.values()) == [_decode(value) for value in stored.values()]


def test_what_they_say_alike_is_one_object() -> None:
    stored = {
        key: msgspec.json.encode(
            {**msgspec.json.decode(value), "ancestors": [n + 1_000 for n in _decode(value).ancestors]}
        )
        for key, value in rows().items()
    }
    found = compacted(stored)
    every = sorted(found.values(), key=lambda row: row.num)
    first, last = every[-2], every[-1]
    assert all(row.rid is key for key, row in found.items())
    assert first.parties is last.parties
    assert first.worlds is last.worlds
    assert last.edges[0].parent is first.rid
    assert len(last.ancestors) > len(first.ancestors) > 1
    assert all(mine is theirs for mine, theirs in zip(first.ancestors, last.ancestors, strict=False))


def test_a_damaged_row_is_left_as_it_is_and_makes_no_room() -> None:
    shared = Shared()
    key, value = next(iter(rows().items()))
    for ancestors in ((5, 2**52), (-1,), (3, -1)):
        row = msgspec.structs.replace(_decode(value), ancestors=ancestors, rid="other")
        shared.system(row, key, {})
        assert (row.ancestors, row.rid) == (ancestors, "other")
    assert not shared._numbers
