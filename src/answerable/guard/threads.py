# SPDX-License-Identifier: Apache-2.0
"""Every thread that the guard will need, started before the program is: a program that forks until nothing more can be
started must not keep the guard from freezing it, waiting for its end or writing down what there was."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Final

THREADS: Final = 3  # one that waits, one for names, one to spare


def start_all(loop: asyncio.AbstractEventLoop) -> None:
    """Give the loop its threads, all of them running. Raises RuntimeError where they cannot be started now."""
    pool = ThreadPoolExecutor(THREADS, "guard")
    together = threading.Barrier(THREADS + 1)
    for _ in range(THREADS):
        pool.submit(together.wait)
    together.wait()
    loop.set_default_executor(pool)
