# SPDX-License-Identifier: Apache-2.0
"""Keys of payloads in files of this machine."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from answerable.stores.postgres.keyring import SLOT_PAYLOADS, WHOLE_DAY, Keyring
from tests.ledger import unavailable

SECRET = bytes(range(32))


def test_a_slot_serves_for_so_many_payloads(tmp_path: Path) -> None:
    ring = Keyring(tmp_path, SECRET)
    slot, key = ring.current(5, 10)
    assert ring.current(5, SLOT_PAYLOADS - 10) == (slot, key)
    other, other_key = ring.current(5, 1)
    assert (other, other_key) != (slot, key)
    assert ring.key(5, slot) == key
    assert ring.key(5, other) == other_key
    assert stat.S_IMODE((tmp_path / "5").stat().st_mode) == 0o600


def test_an_opening_begins_a_fresh_slot_and_reads_the_old(tmp_path: Path) -> None:
    slot, key = Keyring(tmp_path, SECRET).current(5, 1)
    again = Keyring(tmp_path, SECRET)
    assert again.current(5, 1)[0] == slot + 1
    assert again.key(5, slot) == key


def test_the_file_alone_opens_nothing(tmp_path: Path) -> None:
    slot, key = Keyring(tmp_path, SECRET).current(5, 1)
    assert key not in (tmp_path / "5").read_bytes()
    assert Keyring(tmp_path, bytes(32)).key(5, slot) != key


def test_a_slot_that_is_shredded_is_gone_and_never_used_again(tmp_path: Path) -> None:
    ring = Keyring(tmp_path, SECRET)
    slot, _ = ring.current(5, 1)
    other, other_key = ring.fresh(5)
    drawn = (tmp_path / "5").read_bytes()[:32]
    ring.shred([(5, slot), (9, 0)])
    assert ring.key(5, slot) is None
    assert drawn not in (tmp_path / "5").read_bytes()
    assert ring.key(5, other) == other_key
    assert ring.current(5, 1)[0] == other + 1


def test_a_slot_that_was_overwritten_is_told_from_one_that_is_missing(tmp_path: Path) -> None:
    ring = Keyring(tmp_path, SECRET)
    gone, _ = ring.fresh(5)
    there, _ = ring.fresh(5)
    ring.shred([(5, gone)])
    assert [ring.erased(5, slot) for slot in (gone, there, there + 1)] == [True, False, False]
    (tmp_path / "5").write_bytes(bytes(32 * gone + 31))
    assert not ring.erased(5, gone), "not all of its bytes are there"
    assert not ring.erased(6, 0)
    (tmp_path / "7").mkdir()
    with unavailable("store.failed"):
        ring.erased(7, 0)


def test_a_whole_day_is_noted_down_beside_slots(tmp_path: Path) -> None:
    ring = Keyring(tmp_path, SECRET)
    ring.intend([(5, 1), (5, WHOLE_DAY)])
    assert Keyring(tmp_path, SECRET).intended() == [(5, 1), (5, WHOLE_DAY)]
    ring.settle([(5, WHOLE_DAY)])
    assert ring.intended() == [(5, 1)]


def test_a_day_is_shredded_whole(tmp_path: Path) -> None:
    ring = Keyring(tmp_path, SECRET)
    ring.current(5, 1)
    ring.current(6, 1)
    assert ring.days() == [5, 6]
    ring.shred_day(5)
    ring.shred_day(5)
    assert ring.days() == [6]
    assert ring.key(5, 0) is None
    assert ring.current(5, 1)[0] == 0


def test_half_a_slot_is_left_behind(tmp_path: Path) -> None:
    (tmp_path / "5").write_bytes(b"x" * 40)
    slot, key = Keyring(tmp_path, SECRET).current(5, 1)
    assert slot == 2
    assert Keyring(tmp_path, SECRET).key(5, slot) == key
    assert Keyring(tmp_path, SECRET).key(5, 7) is None


def test_what_is_intended_is_remembered(tmp_path: Path) -> None:
    ring = Keyring(tmp_path, SECRET)
    assert ring.intended() == []
    ring.intend([(5, 1), (0, 1 << 40)])
    assert set(Keyring(tmp_path, SECRET).intended()) == {(5, 1), (0, 1 << 40)}
    ring.intend([(7, 7)])
    assert set(ring.intended()) == {(5, 1), (0, 1 << 40), (7, 7)}
    ring.settle([(5, 1), (0, 1 << 40), (8, 8)])
    assert ring.intended() == [(7, 7)]
    ring.settle([(7, 7)])
    assert ring.intended() == []
    ring.settle([])
    (tmp_path / "erasing").write_bytes(b"half")
    with unavailable("store.damaged"):
        ring.intended()


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    ring = Keyring(tmp_path / "none", SECRET)
    with unavailable("store.failed"):
        ring.current(5, 1)
    with unavailable("store.failed"):
        ring.days()
    with pytest.raises(ValueError, match="32 bytes"):
        Keyring(tmp_path, b"short")
