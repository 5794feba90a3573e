# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.admission.clocks import Reading
from answerable.guard.clock import EVERY_MS, Watch


def test_it_reads_now_and_then_and_tells_steps_at_once() -> None:
    now = {"wall": 1_000_000, "mono": 5_000}
    taken: list[Reading] = []
    steps: list[int] = []
    watch = Watch(
        taken.append,
        steps.append,
        read=lambda: Reading(True, 1, now["mono"]),
        wall=lambda: now["wall"],
        mono=lambda: now["mono"],
    )
    watch.look()
    assert len(taken) == 1
    for _ in range(10):
        now["wall"] += 100
        now["mono"] += 100
        watch.look()
    assert (len(taken), steps) == (1, [])
    now["wall"] += 5_000
    watch.look()
    assert (len(taken), steps) == (2, [5_000])
    now["wall"] += EVERY_MS
    now["mono"] += EVERY_MS
    watch.look()
    assert (len(taken), steps) == (3, [5_000])


def test_a_clock_that_says_nothing_is_not_made_up() -> None:
    taken: list[Reading] = []
    Watch(taken.append, lambda _: None, read=lambda: None).look()
    assert taken == []
