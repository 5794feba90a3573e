# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

from answerable.model.units import Unit
from answerable.stores.payload_reads import PayloadReads
from answerable.stores.salvage import Salvage
from tests.ledger import DAY_MS, PAYLOAD_KEY, append, leaf, opening, sqlite_store


def test_records_are_found_again_without_the_log(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    units = {}
    for _ in range(4):
        append(store, Unit(leaves=(leaf(),)))
        (one, its), (two, other) = opening(), opening()
        units[store.head()[0]] = (its, other)
        append(store, one, two)
    store.close()
    folder = tmp_path / "store" / "payloads"
    salvage = Salvage(folder, PAYLOAD_KEY)
    assert salvage.starts == sorted(units)
    reads = PayloadReads(folder, PAYLOAD_KEY)
    for first, rids in units.items():
        assert salvage.at(first) == set(rids)
        places = salvage.places(first, rids)
        assert all(reads.get(places, first, rid, "in") for rid in rids)
        assert salvage.places(first, rids[:1]) == b"", "a record about another leaf is of a batch that failed"
    assert salvage.at(0) == frozenset()
    assert salvage.damaged == 0


def test_what_a_failed_batch_left_is_told_from_what_was_written_in_its_place(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    orphan, lost = opening()
    store.put_payloads([orphan], 9 * DAY_MS)
    unit, its = opening()
    append(store, unit, expires=9 * DAY_MS)
    store.close()
    folder = tmp_path / "store" / "payloads"
    salvage = Salvage(folder, PAYLOAD_KEY)
    assert salvage.at(0) == {lost, its}
    places = salvage.places(0, [its])
    assert PayloadReads(folder, PAYLOAD_KEY).get(places, 0, its, "in") is not None
    assert PayloadReads(folder, PAYLOAD_KEY).get(places, 0, lost, "in") is None


def test_another_key_opens_nothing(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    append(store, opening()[0])
    store.close()
    salvage = Salvage(tmp_path / "store" / "payloads", bytes(32))
    assert (salvage.starts, salvage.damaged) == ([], 1)
    assert Salvage(tmp_path / "none", PAYLOAD_KEY).starts == []
