# SPDX-License-Identifier: Apache-2.0
"""Rows of sealed payloads, and what opens them."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from answerable.model.units import Payload, Unit
from answerable.stores.days import LASTING_DAY
from answerable.stores.postgres.keyring import Keyring
from answerable.stores.postgres.payloads import PayloadReads, Row, keeping, opened, packed
from answerable.stores.postgres.session import Session
from answerable.stores.postgres.store import PostgresStore
from tests.ledger import DAY_MS, PAYLOAD_KEY, append, opening, unavailable

SALT = b"s" * 32


def _unit(*payloads: Payload) -> Unit:
    return Unit(payloads=payloads)


def test_a_row_a_day(tmp_path: Path) -> None:
    ring = Keyring(tmp_path, PAYLOAD_KEY)
    unit = _unit(
        Payload("a", "in", SALT, b"the default"),
        Payload("a", "name", SALT, b"for ever"),
        Payload("b", "in", SALT, b"its own", (b"tag",), 9 * DAY_MS),
    )
    rows = packed(ring, 7, [unit], 5 * DAY_MS + 1, bodies=True)
    assert [(row.first, row.day) for row in rows] == [(7, 5), (7, LASTING_DAY), (7, 9)]
    names = opened(ring, rows[2])
    assert names is not None
    assert names[0][:2] == ("b", "in")
    assert names[0][4:] == (True, [b"tag"])
    for row in rows:
        for secret in (SALT, b"the default", b"for ever", b"its own", b"tag"):
            assert secret not in row.names + row.body


def test_long_payloads_fill_a_slot_sooner(tmp_path: Path) -> None:
    """To erase one of them all others under its slot are read and written: megabytes, not gigabytes."""
    ring = Keyring(tmp_path, PAYLOAD_KEY)
    unit = _unit(Payload("a", "in", SALT, bytes(8 << 20)))
    slots = [packed(ring, at, [unit], DAY_MS, bodies=True)[0].slot for at in range(20)]
    assert [slots.count(slot) for slot in dict.fromkeys(slots)] == [8, 8, 4]


def test_keeping_some(tmp_path: Path) -> None:
    ring = Keyring(tmp_path, PAYLOAD_KEY)
    (row,) = packed(ring, 0, [_unit(*(Payload(rid, "in", SALT, rid.encode()) for rid in "abc"))], DAY_MS, bodies=True)
    names = opened(ring, row) or []
    slot, key = ring.fresh(1)
    left = keeping(row, names, lambda name: name[0] != "b", slot, key)
    assert left is not None
    assert [name[0] for name in opened(ring, left) or []] == ["a", "c"]
    assert len(left.body) == len(row.body) * 2 // 3
    assert keeping(row, names, lambda name: False, slot, key) is None


def test_a_row_is_bound_to_its_batch_and_day(tmp_path: Path) -> None:
    ring = Keyring(tmp_path, PAYLOAD_KEY)
    (row,) = packed(ring, 0, [_unit(Payload("a", "in", SALT, b"x"))], DAY_MS, bodies=True)
    with unavailable("store.damaged"):
        opened(ring, Row(1, row.day, row.slot, row.names, row.body))
    with unavailable("store.damaged"):
        opened(Keyring(tmp_path, bytes(32)), row)
    ring.shred([(row.day, row.slot)])
    assert opened(ring, row) is None


def test_reading_and_damage(store: PostgresStore, beside: Session) -> None:
    unit, its = opening(body=b"what is asked")
    other, its_other = opening()
    tagged = replace(unit.payloads[0], tags=(b"T" * 16,))
    append(store, replace(unit, payloads=(tagged,)), other, expires=3 * DAY_MS)
    reads = PayloadReads(beside, Keyring(store.path / "payload-keys", PAYLOAD_KEY))
    assert reads.get(0, its, "in") == (unit.payloads[0].salt, b"what is asked")
    assert reads.get(0, its, "out") is None
    assert reads.get(1, its, "in") is None
    assert reads.tags(0, 9) == [(b"T" * 16, 0, its, 3)]
    beside.rows("UPDATE payload SET body = overlay(body placing 'zz'::bytea from 20)")
    with unavailable("store.damaged"):
        reads.get(0, its, "in")
    assert reads.get(0, its_other, "in") is not None
    beside.rows("UPDATE payload SET body = substr(body, 2)")
    with unavailable("store.damaged"):
        reads.get(0, its_other, "in")


def test_a_row_that_moves_to_another_slot_while_it_is_read(store: PostgresStore, beside: Session) -> None:
    """The key that was read about is gone, the row names another by then: the neighbours of what was erased stay."""
    units, rids = zip(*(opening(body=b"%d" % number) for number in range(2)), strict=True)
    append(store, *units)
    ring = Keyring(store.path / "payload-keys", PAYLOAD_KEY)
    asked = []

    class Slow(Keyring):
        def key(self, day: int, slot: int) -> bytes | None:
            if not asked:
                asked.append(slot)
                assert store.erase([(1, rids[1])]) == 1
            return ring.key(day, slot)

    reads = PayloadReads(beside, Slow(store.path / "payload-keys", PAYLOAD_KEY))
    assert reads.get(0, rids[0], "in") == (units[0].payloads[0].salt, b"0")
    assert asked
    assert reads.get(0, rids[1], "in") is None
