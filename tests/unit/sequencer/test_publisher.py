# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from answerable.errors import Unavailable
from answerable.log import checkpoint
from answerable.sequencer.guard import Guard
from answerable.sequencer.publisher import Publisher
from tests.ledger import ORIGIN, SIGNER, VKEY, TestClock
from tests.witnesses import LOG_KEYS, SAFE

FIRST, SECOND = (checkpoint.sign(ORIGIN, size, bytes(32), SIGNER) for size in (1, 2))


@pytest.fixture
def guard(tmp_path: Path) -> Iterator[Guard]:
    made = Guard.create(tmp_path / "guard", ORIGIN)
    yield made
    made.close()


def test_what_is_published_bears_both_signatures_and_lies_with_the_guard(guard: Guard, tmp_path: Path) -> None:
    note = Publisher(guard, TestClock(), SAFE).publish(FIRST)
    assert note == guard.published == (tmp_path / "guard" / "published").read_bytes()
    for key in LOG_KEYS:
        assert checkpoint.verify(note, [key]).size == 1


def test_one_checkpoint_is_published_once(guard: Guard) -> None:
    publisher = Publisher(guard, TestClock(), SAFE)
    assert not publisher.owes(b"")
    assert publisher.publish(b"") == b""
    first = publisher.publish(FIRST)
    assert not publisher.owes(FIRST)
    assert publisher.owes(SECOND)
    assert publisher.publish(FIRST) == first
    # After a restart what was published is known by what it says, not by its signatures.
    again = Publisher(guard, TestClock(), SAFE)
    assert not again.owes(FIRST)
    assert again.publish(SECOND) != first


def test_without_the_second_key_what_is_stored_is_published(guard: Guard) -> None:
    assert Publisher(guard, TestClock()).publish(FIRST) == FIRST


def test_nothing_is_given_away_that_the_guard_did_not_take(guard: Guard, tmp_path: Path) -> None:
    publisher = Publisher(guard, TestClock(), SAFE)
    (tmp_path / "guard" / "published").write_bytes(SECOND)  # someone else published
    with pytest.raises(Unavailable) as caught:
        publisher.publish(FIRST)
    assert caught.value.code == "store.unguarded"
    assert publisher.owes(FIRST)
    assert checkpoint.verify(SECOND, [VKEY]).size == 2
