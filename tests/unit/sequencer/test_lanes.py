# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio

import pytest

from answerable.model.units import Drop, Expect, Lane, Put, Space, Unit
from answerable.sequencer import lanes
from answerable.sequencer.lanes import Entry, Lanes
from tests.ledger import unavailable


def _entry(lane: Lane = Lane.ACTION, weight: int = 10) -> Entry:
    return Entry(Unit(lane=lane), asyncio.Future(loop=asyncio.new_event_loop()), weight)


@pytest.fixture(autouse=True)
def _close_loops(monkeypatch: pytest.MonkeyPatch) -> object:
    made: list[asyncio.AbstractEventLoop] = []
    new = asyncio.new_event_loop
    monkeypatch.setattr(asyncio, "new_event_loop", lambda: made.append(new()) or made[-1])
    yield
    for loop in made:
        loop.close()


def test_stops_come_first_and_alone_then_actions_in_order_and_a_little_noise() -> None:
    queue = Lanes(100, 1 << 20)
    noise = [_entry(Lane.NOISE) for _ in range(6)]
    actions = [_entry() for _ in range(3)]
    stops = [_entry(Lane.STOP) for _ in range(2)]
    for entry in noise + actions + stops:
        queue.put(entry)
    assert queue.waiting()
    assert queue.take() == stops, "alone: megabytes of requests are not written with them"
    assert queue.waiting()
    assert queue.take() == actions + noise[: lanes.NOISE_A_BATCH]
    assert queue.take() == noise[lanes.NOISE_A_BATCH :]
    assert not queue.waiting()
    assert queue.take() == []


def test_a_full_queue_refuses_and_never_a_stop_order() -> None:
    queue = Lanes(2, 1 << 20)
    queue.put(_entry())
    queue.put(_entry())
    with unavailable("log.full"):
        queue.put(_entry())
    stop = _entry(Lane.STOP)
    queue.put(stop)
    queue.put(_entry(Lane.NOISE))
    assert queue.take() == [stop]
    queue.take()
    queue.put(_entry())


def test_noise_keeps_no_action_out() -> None:
    queue = Lanes(2, 1 << 20)
    for _ in range(lanes.NOISE_BOUND):
        queue.put(_entry(Lane.NOISE))
    with unavailable("log.full"):
        queue.put(_entry(Lane.NOISE))
    queue.put(_entry())


def test_bytes_are_bounded_too() -> None:
    queue = Lanes(100, 1000)
    queue.put(_entry(weight=1001))
    with unavailable("log.full"):
        queue.put(_entry(weight=1))
    queue.put(_entry(Lane.STOP, weight=5000))
    queue.take()
    queue.take()
    queue.put(_entry(weight=1))


def test_a_batch_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "BATCH_UNITS", 3)
    monkeypatch.setattr(lanes, "BATCH_BYTES", 100)
    queue = Lanes(100, 1 << 20)
    for weight in (10, 10, 10, 10, 90, 10, 10):
        queue.put(_entry(weight=weight))
    assert [[e.weight for e in queue.take()] for _ in range(4)] == [[10, 10, 10], [10, 90], [10, 10], []]


def test_an_action_that_was_let_in_can_always_end() -> None:
    """Others' long requests must not leave it open."""
    end = Unit(leaves=(b"close",), effects=(Drop(Space.OPENS, "r"),), expect=(Expect(Space.OPENS, "r", b"1"),))
    for queue in (Lanes(100, 1000), Lanes(1, 1 << 20)):
        queue.put(_entry(weight=1001))
        with unavailable("log.full"):
            queue.put(_entry())
        queue.put(Entry(end, _entry().future, 10))
        opening = Unit(effects=(Drop(Space.OPENS, "r"), Put(Space.OPENS, "s", b"1")))
        with unavailable("log.full"):
            queue.put(Entry(opening, _entry().future, 10))
        assert len(queue.take()) == 2
