# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import threading
import time

import pytest

from answerable.guard import threads


async def test_no_thread_is_started_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a program leaves of the processes and threads that its user may have: none."""
    threads.start_all(asyncio.get_running_loop())

    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start)
        work = [asyncio.to_thread(time.sleep, 0.01) for _ in range(3 * threads.THREADS)]
        done = await asyncio.wait_for(asyncio.gather(*work), 5)
    assert len(done) == 3 * threads.THREADS
