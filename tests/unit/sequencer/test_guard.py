# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.errors import Refused
from answerable.sequencer.guard import Guard, Seen, peek
from tests.ledger import EMPTY, ORIGIN, guard_at, unavailable


def test_it_remembers_the_newest_commit_and_checkpoint(tmp_path: Path) -> None:
    guard = guard_at(tmp_path)
    assert (guard.size, guard.root, guard.published) == (0, EMPTY, b"")
    for size in range(1, 6):
        guard.advance(size, bytes([size]) * 32)
    guard.publish(b"", b"note 1")
    guard.publish(b"note 1", b"note 2")
    guard.close()
    guard.close()
    again = guard_at(tmp_path)
    assert (again.size, again.root, again.published) == (5, b"\x05" * 32, b"note 2")
    again.close()


def test_publishing_compares_before_it_swaps(tmp_path: Path) -> None:
    guard = guard_at(tmp_path)
    guard.publish(b"", b"note 1")
    (tmp_path / "guard" / "published").write_bytes(b"note of someone else")
    with unavailable("store.unguarded"):
        guard.publish(b"note 1", b"note 2")
    assert (tmp_path / "guard" / "published").read_bytes() == b"note of someone else"
    guard.close()


def test_a_torn_slot_leaves_the_one_before(tmp_path: Path) -> None:
    guard = guard_at(tmp_path)
    guard.advance(1, b"\x01" * 32)
    guard.advance(2, b"\x02" * 32)
    guard.close()
    head = tmp_path / "guard" / "head"
    whole = head.read_bytes()
    newest = whole.index(b"\x02" * 32)
    head.write_bytes(whole[:newest] + b"torn" + whole[newest + 4 :])
    guard = guard_at(tmp_path)
    assert (guard.size, guard.root) == (1, b"\x01" * 32)
    guard.close()
    head.write_bytes(b"\x00" * len(whole))
    with unavailable("store.unguarded"):
        guard_at(tmp_path)


def test_it_is_of_one_log_and_one_holder(tmp_path: Path) -> None:
    with unavailable("store.unguarded"):
        Guard.open(tmp_path / "guard", ORIGIN)
    guard = guard_at(tmp_path)
    with unavailable("store.unguarded"):
        Guard.open(tmp_path / "guard", ORIGIN)
    guard.close()
    with unavailable("store.unguarded"):
        Guard.open(tmp_path / "guard", "other.invalid")
    with pytest.raises(Refused) as exists:
        Guard.create(tmp_path / "guard", ORIGIN)
    assert exists.value.code == "store.exists"
    guard_at(tmp_path).close()


def test_a_guard_that_another_process_holds_can_be_looked_at(tmp_path: Path) -> None:
    guard = Guard.create(tmp_path / "guard", ORIGIN)
    for size in range(1, 6):
        guard.advance(size, bytes([size]) * 32)
        assert peek(tmp_path / "guard", ORIGIN) == Seen(size, bytes([size]) * 32, guard.published)
    guard.publish(b"", b"note")
    assert peek(tmp_path / "guard", ORIGIN).published == b"note"
    with unavailable("store.unguarded"):
        peek(tmp_path / "guard", "other.invalid/log")
    with unavailable("store.unguarded"):
        peek(tmp_path / "none", ORIGIN)
    guard.close()


def test_how_far_a_start_has_looked_is_remembered_in_steps(tmp_path: Path) -> None:
    guard = Guard.create(tmp_path / "guard", ORIGIN)
    for size, remembered in ((10, 0), (5000, 5000), (6000, 5000), (9999, 9999)):
        guard.audit(size)
        assert guard.audited == remembered
    guard.close()
