# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio

from answerable.sequencer.pace import MOST, Pace


class Thread:
    """Takes what waits when it is woken; `write` is the end of its batch."""

    def __init__(self) -> None:
        self.queue = 0
        self.batches: list[int] = []
        self.pace = Pace(asyncio.get_running_loop(), self.wake, lambda: self.queue > 0)

    def put(self) -> None:
        self.queue += 1
        self.pace.came()

    def wake(self) -> None:
        self.batches.append(self.queue)
        self.queue = 0


async def turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def test_a_unit_that_comes_alone_is_written_at_once() -> None:
    thread = Thread()
    thread.put()
    await turns(3)
    assert thread.batches == [1]


async def test_after_one_that_came_alone_nobody_is_waited_for() -> None:
    thread = Thread()
    thread.put()
    await turns(3)
    thread.pace.done(1)
    thread.put()
    assert thread.batches == [1, 1], "in the same turn of the loop"
    thread.put()
    thread.put()
    thread.pace.done(1)
    assert thread.batches == [1, 1], "those that came meanwhile are together"
    await turns(3)
    assert thread.batches == [1, 1, 2]
    thread.pace.done(2)
    thread.put()
    assert thread.batches == [1, 1, 2], "after them others are waited for"
    await turns(3)
    assert thread.batches == [1, 1, 2, 1]


async def test_those_who_come_turn_after_turn_share_a_batch() -> None:
    thread = Thread()
    for _ in range(10):
        thread.put()
        await turns(1)
    await turns(3)
    assert thread.batches == [10]


async def test_nobody_waits_for_more_than_a_batch() -> None:
    thread = Thread()
    for _ in range(MOST + 10):
        thread.put()
        await turns(1)
    assert thread.batches
    assert MOST <= thread.batches[0] <= MOST + 2


async def test_what_comes_while_it_is_written_is_the_next_batch() -> None:
    thread = Thread()
    thread.put()
    await turns(3)
    thread.put()
    thread.put()
    await turns(5)
    assert thread.batches == [1], "the thread is busy"
    thread.pace.done(1)
    await turns(3)
    assert thread.batches == [1, 2]
    thread.pace.done(2)
    thread.put()
    await turns(3)
    assert thread.batches == [1, 2, 1]


async def test_a_batch_that_was_taken_without_a_wake_leaves_nobody_behind() -> None:
    thread = Thread()
    thread.put()
    thread.queue = 0  # somebody else woke the thread, which took it
    thread.pace.done(1)
    await turns(3)
    assert thread.batches == []
    thread.put()
    await turns(3)
    assert thread.batches == [1]
