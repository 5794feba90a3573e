# SPDX-License-Identifier: Apache-2.0
"""What a service does beside its answers, for as long as it runs: each a loop with a name, and none ends unseen.

A loop takes what it can expect itself, and goes on. What it did not expect is a defect: it is written down with its
place, and the service says that it is degraded from then on, for whoever relies on that loop would wait for ever.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from answerable.gateway.readiness import LOOP

log = logging.getLogger(__name__)


class Loops:
    """Used on one event loop."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Task[Any]] = {}
        self._defects: dict[str, str] = {}

    def __bool__(self) -> bool:
        """Whether any was started."""
        return bool(self._running)

    def start(self, name: str, work: Coroutine[Any, Any, object]) -> None:
        """Until it ends or `close`. name: for people, one of a kind."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running[name] = task
        task.add_done_callback(self._ended)

    def problems(self) -> dict[str, str]:
        """``internal.error`` for each that a defect ended, as a part of `gateway.readiness`."""
        return dict(self._defects)

    async def close(self) -> None:
        """Cancel all, and wait for them."""
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled() and (defect := task.exception()) is not None:
            name = task.get_name()
            self._defects[LOOP + name] = "internal.error"
            log.error("%s ended by a defect; it stays away until the service starts anew", name, exc_info=defect)
