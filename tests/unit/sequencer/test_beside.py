# SPDX-License-Identifier: Apache-2.0
"""On which core the writer's thread runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from answerable.model.units import Put, Space, Unit
from answerable.sequencer.beside import FEW, Beside, here
from answerable.stores.memory import MemoryStore
from tests.ledger import guard_at, sequencer_over

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="nothing is changed elsewhere")


def _in_a_thread(work: Callable[[Beside], None]) -> None:
    """As the writer's thread does it; what it finds wrong is raised here."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: work(Beside())).result()


def test_the_core_is_one_that_we_may_run_on() -> None:
    assert here() in os.sched_getaffinity(0)


def test_it_follows_while_the_two_take_turns() -> None:
    free = os.sched_getaffinity(0)

    def work(beside: Beside) -> None:
        for core in free:
            beside.follow(core, 1)
            assert os.sched_getaffinity(0) == {core}
            beside.follow(core, FEW + 1)
            assert os.sched_getaffinity(0) == free
        beside.follow(min(free), FEW)
        beside.follow(-1, 1)  # nobody said where the loop runs
        assert os.sched_getaffinity(0) == free
        beside.follow(max(free) + 1, 1)  # or it runs where this thread may not
        assert os.sched_getaffinity(0) == free

    _in_a_thread(work)
    assert os.sched_getaffinity(0) == free, "no other thread is moved, nor what it starts"


def test_what_the_system_refuses_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int, __: object) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(os, "sched_setaffinity", refuse)
    _in_a_thread(lambda beside: beside.follow(here(), 1))


async def test_the_writer_of_what_comes_alone_runs_where_the_loop_ran(tmp_path: Path) -> None:
    sequencer = sequencer_over(MemoryStore(), guard_at(tmp_path))
    await sequencer.start()
    try:
        free = os.sched_getaffinity(0)
        await sequencer.commit(Unit(effects=(Put(Space.MISC, "a", b"b"),)))
        (core,) = os.sched_getaffinity(sequencer._thread.native_id)
        assert core in free
        assert os.sched_getaffinity(0) == free
    finally:
        await sequencer.close()
