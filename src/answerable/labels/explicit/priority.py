# SPDX-License-Identifier: Apache-2.0
"""How threads are scheduled stays as it was. As root the encoder of AV1 puts the thread that opens it, and all of its
own, above every other process of the machine (SCHED_FIFO, sched(7)), and none of them is ever put back."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_TASKS: Final = Path("/proc/self/task")


@contextmanager
def kept() -> Iterator[None]:
    """Threads whose policy changed within the block get theirs back; those that began there, the one of this thread. A
    thread that is in real time by its owner's wish before the block is left alone. Nothing where there is no /proc."""
    before = _policies()
    own = before.get(threading.get_native_id(), os.SCHED_OTHER)
    try:
        yield
    finally:
        for thread, policy in _policies().items():
            was = before.get(thread, own)
            if policy != was and was not in (os.SCHED_FIFO, os.SCHED_RR):
                with suppress(OSError):  # it has ended meanwhile
                    os.sched_setscheduler(thread, was, os.sched_param(0))


def _policies() -> dict[int, int]:
    """By the number of the thread."""
    found: dict[int, int] = {}
    with suppress(OSError):
        for task in _TASKS.iterdir():
            with suppress(OSError):
                found[int(task.name)] = os.sched_getscheduler(int(task.name))
    return found
