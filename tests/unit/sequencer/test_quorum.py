# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from answerable.errors import Unavailable, VerificationError
from answerable.log.trust import Trust
from answerable.sequencer.quorum import FILE, Quorum
from tests.ledger import TestClock
from tests.witnesses import LOG_KEYS, TIME, cosigned, head_note, policy


def quorum(folder: Path, timeout_s: float = 5.0, trust: Trust | None = None) -> Quorum:
    return Quorum(folder, trust or policy(), TestClock(), timeout_s=timeout_s)


async def test_whoever_waits_goes_on_when_his_record_is_covered(tmp_path: Path) -> None:
    kept = quorum(tmp_path)
    one, two = asyncio.create_task(kept.covers(3)), asyncio.create_task(kept.covers(7))
    await asyncio.sleep(0)
    assert kept.demanded.is_set()
    assert await kept.keep(cosigned(head_note(5), "ab"))
    await one
    assert not two.done()
    assert await kept.keep(cosigned(head_note(7), "bc"))
    await two
    await kept.covers(7)


async def test_too_few_are_not_kept_and_wake_nobody(tmp_path: Path) -> None:
    kept = quorum(tmp_path, timeout_s=0.05)
    waiting = asyncio.create_task(kept.covers(1))
    await asyncio.sleep(0)
    with pytest.raises(VerificationError) as few:
        await kept.keep(cosigned(head_note(5), "a"))
    assert few.value.code == "log.quorum"
    with pytest.raises(Unavailable) as caught:
        await waiting
    assert caught.value.code == "log.unwitnessed"
    assert (kept.note, kept.size, (tmp_path / FILE).exists()) == (b"", 0, False)


async def test_it_survives_a_restart(tmp_path: Path) -> None:
    note = cosigned(head_note(5), "ab")
    await quorum(tmp_path).keep(note)
    again = quorum(tmp_path)
    assert (again.note, again.size) == (note, 5)
    assert (again.knows("a"), again.knows("c")) == (5, 0)
    await again.covers(5)


async def test_another_policy_does_not_take_over_what_it_does_not_believe(tmp_path: Path) -> None:
    note = cosigned(head_note(5), "ab")
    await quorum(tmp_path).keep(note)
    stricter = quorum(tmp_path, trust=policy(needed=3))
    assert (stricter.note, stricter.size, stricter.kept) == (b"", 0, note)


async def test_older_ones_are_no_news_and_further_cosigners_are(tmp_path: Path) -> None:
    kept = quorum(tmp_path)
    assert await kept.keep(cosigned(head_note(5), "ab"))
    assert not await kept.keep(cosigned(head_note(4), "abc"))
    assert not await kept.keep(cosigned(head_note(5), "ab"))
    assert kept.size == 5
    assert await kept.keep(cosigned(head_note(5), "ac", TIME + 1))
    assert kept.trust.judge(kept.note).cosigned == {"a": TIME + 1, "b": TIME, "c": TIME + 1}
    assert quorum(tmp_path).note == kept.note


async def test_the_age_is_that_of_the_quorum_and_not_of_its_fastest(tmp_path: Path) -> None:
    kept = quorum(tmp_path)
    assert kept.age_s is None
    now = TestClock().now_ms() // 1000
    note = cosigned(cosigned(cosigned(head_note(5), "a", now), "b", now - 30), "c", now - 900)
    await kept.keep(note)
    assert kept.age_s is not None
    assert 29 <= kept.age_s <= 40


def test_a_quorum_of_nobody_is_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nobody"):
        quorum(tmp_path, trust=Trust(LOG_KEYS))


def test_what_cannot_be_read_is_no_start(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(Unavailable) as caught:
        quorum(tmp_path)
    assert caught.value.code == "store.unguarded"
