# SPDX-License-Identifier: Apache-2.0
"""What the leaves tell is what the plan functions wrote, row by row, but for what stands in `UNTOLD`."""

from __future__ import annotations

import msgspec
import pytest

from answerable.log.leaf import decode, encode, rid
from answerable.model.leaves import ShardLeaf
from answerable.model.units import Space
from answerable.sequencer.replay import UNKNOWN_ENDPOINT, UNKNOWN_PROCESS, UNTOLD, Replay, told_nowhere
from tests.small_log import T0, nonce
from tests.small_registry import ORIGIN
from tests.whole_life import Life, whole_life


@pytest.fixture(scope="module")
def life() -> Life:
    return whole_life()


def replayed(life: Life, *, names: bool = True) -> Replay:
    texts = {(p.rid, p.group): p.body.decode() for unit in life.units for p in unit.payloads} if names else {}
    leaves = {rid(data): data for data in life.leaves}
    replay = Replay(ORIGIN, lambda its, group: texts.get((its, group)), lambda its: decode(leaves[its]))
    for data in life.leaves:
        replay.take(decode(data), rid(data))
    return replay


def test_every_row_is_told_again(life: Life) -> None:
    replay = replayed(life)
    seen = set()
    for space in Space:
        kept = life.rows[space]
        told = replay.opens if space is Space.OPENS else dict(replay.book.rows(space))
        if space in (Space.CHALLENGES, Space.ERASING):
            assert len(kept) == 1
            assert not told
            continue
        assert told.keys() == kept.keys(), space
        for key, value in kept.items():
            if value == told[key]:
                continue
            one, other = msgspec.json.decode(value), msgspec.json.decode(told[key])
            assert {name for name in one if one[name] != other[name]} <= UNTOLD[space], (space, one, other)
        if kept:
            seen.add(space)
    # What this version keeps in rows; a room that adds a space adds it to `whole_life`.
    assert seen >= {
        Space.PARTIES, Space.PARTY_IDS, Space.SYSTEMS, Space.SYSTEM_IDS, Space.COPIES, Space.COPY_IDS, Space.KEYS,
        Space.ADMINS, Space.PARTY_KEYS, Space.HANDLES, Space.STOPS, Space.CONFIRMED, Space.REAUTHORISATIONS,
        Space.COUNTERS,
        Space.NONCES, Space.OPENS, Space.ANNOUNCED, Space.TRANSFERS, Space.ERASURES, Space.PRESERVED, Space.GRANTS,
        Space.READS, Space.MISC, Space.INCIDENTS, Space.EVENTS,
    }  # fmt: skip
    assert replay.opens.keys() == {life.open}


def test_where_a_copy_ran_is_not_known_and_says_so(life: Life) -> None:
    places = {(copy.process, copy.endpoint) for copy in replayed(life).book.copies()}
    assert places == {(UNKNOWN_PROCESS, ""), ("", UNKNOWN_ENDPOINT)}


def test_without_names_identifiers_stand_for_them(life: Life) -> None:
    book = replayed(life, names=False).book
    assert all(party.name == party.id for party in book.parties())
    assert all(system.name == system.id for system in book.systems())
    assert {stop.reason for stop in book.stops()} == {""}
    assert [s.digests for s in book.stops()] == [s.digests for s in life.book.stops()]


def test_a_leaf_that_follows_from_nothing(life: Life) -> None:
    replay = Replay(ORIGIN, lambda its, group: None, lambda its: None)
    left_out = 0
    for data in life.leaves:
        leaf = decode(data)
        if leaf.k in ("close", "transfer", "release", "order"):  # type: ignore[attr-defined]
            with pytest.raises(LookupError, match=leaf.k):  # type: ignore[attr-defined]
                replay.take(leaf, rid(data))
            left_out += 1
    assert left_out >= 6


def test_a_root_log_knows_its_shards_again() -> None:
    """Without that row the next look at a shard would take any history for the first."""
    replay = Replay(ORIGIN, lambda _rid, _group: None, lambda _rid: None)  # type: ignore[arg-type,return-value]
    newest = b""
    for size in (3, 5):
        leaf = ShardLeaf(n=nonce(f"shard {size}"), origin="one.invalid", root="00" * 32, size=size, t=T0)
        newest = encode(leaf)
        replay.take(decode(newest), rid(newest))
    assert dict(replay.book.rows(Space.MISC)) == {"root": b"1", "shard:one.invalid": newest}
    assert not told_nowhere(Space.MISC, "shard:one.invalid")
